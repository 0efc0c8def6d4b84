"""Where sample agencies sit: a city with its districts, or the whole country by province."""

from __future__ import annotations

from dataclasses import dataclass

DISTRICTS = {
    "370302": "淄川区",
    "370303": "张店区",
    "370304": "博山区",
    "370305": "临淄区",
    "370306": "周村区",
    "370321": "桓台县",
    "370322": "高青县",
    "370323": "沂源县",
}
PROVINCES = {
    "110000": "北京市",
    "120000": "天津市",
    "130000": "河北省",
    "140000": "山西省",
    "150000": "内蒙古自治区",
    "210000": "辽宁省",
    "220000": "吉林省",
    "230000": "黑龙江省",
    "310000": "上海市",
    "320000": "江苏省",
    "330000": "浙江省",
    "340000": "安徽省",
    "350000": "福建省",
    "360000": "江西省",
    "370000": "山东省",
    "410000": "河南省",
    "420000": "湖北省",
    "430000": "湖南省",
    "440000": "广东省",
    "450000": "广西壮族自治区",
    "460000": "海南省",
    "500000": "重庆市",
    "510000": "四川省",
    "520000": "贵州省",
    "530000": "云南省",
    "540000": "西藏自治区",
    "610000": "陕西省",
    "620000": "甘肃省",
    "630000": "青海省",
    "640000": "宁夏回族自治区",
    "650000": "新疆维吾尔自治区",
}
_STEMS = (
    *("正源", "启明", "华创", "佳诚", "至诚", "般阳", "众智", "九州", "同创", "瑞知"),
    *("方圆", "明理", "远航", "百川", "科信", "齐鲁", "稷下", "领航", "弘毅", "博文"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """A part of the country, and how its firms and documents are called.

    Parameters
    ----------
    districts
        Names by code of six digits.
    prefixes, stems
        With what the names of firms begin, and what follows it.
    authority, document_mark
        Who decides, and the letters in front of the year of a document number.
    """

    districts: dict[str, str]
    prefixes: tuple[str, ...]
    stems: tuple[str, ...]
    authority: str
    document_mark: str


CITY = Territory(
    districts=DISTRICTS,
    prefixes=("淄博", "山东"),
    stems=_STEMS,
    authority="淄博市市场监督管理局",
    document_mark="淄市监处字",
)
NATION = Territory(
    districts=PROVINCES,
    prefixes=tuple(
        name[:3] if name.startswith(("内蒙", "黑龙")) else name[:2] for name in PROVINCES.values()
    ),
    stems=tuple(first + second for first in _STEMS for second in _STEMS),
    authority="国家知识产权局",
    document_mark="国知演字",
)
