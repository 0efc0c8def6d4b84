"""Kinds of lists that offices send, their columns, and what they write above each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a list.

    Parameters
    ----------
    field
        Its name in code.
    headings
        What offices write above it; the first is the one that messages use.
    is_required
        Whether a list without the column, and a row without the cell, is refused.
    max_length
        Longest text that the store takes, in characters.
    """

    field: str
    headings: tuple[str, ...]
    is_required: bool = False
    max_length: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of list that can be imported."""

    name: str
    columns: tuple[Column, ...]

    def column(self, field: str) -> Column:
        """The column of that name; KeyError for one that this kind does not have."""
        return _BY_FIELD[self.name][field]


def _column(field: str, headings: str, *, required: bool = False, max_length: int = 200) -> Column:
    return Column(field=field, headings=tuple(headings.split()), is_required=required, max_length=max_length)


_USCC = "统一社会信用代码 信用代码 社会信用代码 统一信用代码 机构统一社会信用代码 主体统一社会信用代码 uscc"
_LINE = "业务类别 类型 业务类型 机构类型 代理类别 代理类型"
_CERTIFICATE = "资格证号 专利代理师资格证号 代理师资格证号 资格证书号 证书编号 证书号 从业证号"
_OFFICER = "执法证号 检查人员证号 执法证件号 执法证编号 行政执法证号 执法人员证号 证号"

_AGENCIES = (
    _column(
        "name",
        "机构名称 代理机构 代理机构名称 专利代理机构名称 商标代理机构名称 机构全称 单位名称 企业名称 名称",
        required=True,
    ),
    _column("uscc", _USCC, required=True),
    _column("agency_code", "机构代码 代理机构代码 专利代理机构代码", max_length=20),
    _column("practice_line", _LINE),
    _column("area", "所在区县 区县 县区 所属区县 区县代码 所在地 行政区划"),
    _column("address", "地址 经营地址 办公地址 住所 注册地址 机构地址"),
    _column("head", "负责人 机构负责人 法定代表人 执行事务合伙人 法定代表人/负责人", max_length=100),
    _column("telephone", "联系电话 电话 电话号码 办公电话 联系方式", max_length=60),
    _column("established_on", "批准设立日期 设立日期 成立日期 批准日期 批准设立时间 成立时间"),
    _column("status", "状态 机构状态 经营状态"),
    _column("parent_code", "上级机构代码 总部代码 总部机构代码 总机构代码 所属机构代码", max_length=20),
    _column("filed_on", "备案日期 备案时间"),
    _column("valid_until", "备案有效期至 有效期至 备案到期日 备案有效期"),
    _column("n_staff", "从业人员数 从业人员人数 从业人数 人员数"),
    _column("legal_form", "组织形式 机构组织形式 法律形式"),
    _column("n_partners", "合伙人或股东人数 合伙人人数 合伙人数 股东人数 合伙人/股东人数"),
    _column("n_certified_partners", "其中持证人数 持证合伙人或股东人数 持证人数"),
    _column("altered_on", "变更发生日期 变更日期 变更发生时间"),
    _column("alteration_filed_on", "变更备案日期 变更备案时间"),
    _column("report_year", "年度报告年度 年报年度"),
    _column("reported_on", "年度报告提交日期 年报提交日期 年度报告提交时间"),
)
_PRACTITIONERS = (
    _column("name", "姓名 专利代理师 代理师姓名 从业人员姓名", required=True, max_length=100),
    _column(
        "certificate",
        _CERTIFICATE,
        required=True,
        max_length=40,
    ),
    _column("uscc", f"{_USCC} 所在机构统一社会信用代码"),
    _column("agency_code", "机构代码 代理机构代码 所在机构代码", max_length=20),
    _column("practice_line", _LINE),
    _column("status", "状态 执业状态 从业状态"),
)
_RECORDS = (
    _column("uscc", _USCC, required=True),
    _column("certificate", _CERTIFICATE, max_length=40),
    _column("kind", "信息类别 信用信息类别 类别 信息类型", required=True, max_length=100),
    _column("document_number", "文书号 决定书文号 文号 决定文书号 文书编号", max_length=120),
    _column("decided_on", "决定日期 作出日期 作出决定日期 处理日期 认定日期", required=True),
    _column("authority", "决定机关 作出机关 作出决定机关 处理机关 认定机关"),
    _column("summary", "摘要 内容摘要 主要内容 事由 内容", max_length=2000),
    _column("evidence", "证据摘要 证据摘要值 证据散列值 证据哈希值"),
    _column("category", "大类 信息大类 信用信息大类"),
    _column("procedure", "处罚程序 适用程序 程序"),
    _column("sanctions", "处罚种类 处罚措施 处罚方式"),
    _column("severity", "公示分类 失信分类 失信程度 严重程度"),
    _column("served_on", "送达日期 送达时间 文书送达日期"),
    _column("conduct_ended_on", "行为终止日期 违法行为终止日期 失信行为终止日期"),
)
_INSPECTORS = (
    _column("name", "姓名 人员姓名 检查人员 执法人员 检查人员姓名", required=True, max_length=100),
    _column("certificate", _OFFICER, required=True, max_length=40),
    _column("organisation", "单位 所在单位 工作单位 所属单位 执法单位"),
    _column("areas", "区县代码 负责区县 区县 辖区 执法区域 所在区县"),
    _column("skills", "专业 业务专长 专长 业务类别 专业类别"),
    _column("is_lead", "可任组长 是否可任组长 组长 是否组长"),
    _column("status", "状态 在岗状态 人员状态"),
)
_RECUSALS = (
    _column("certificate", _OFFICER, required=True, max_length=40),
    _column("uscc", f"{_USCC} 回避机构统一社会信用代码", required=True),
    _column("category", "回避事由 回避类别 回避原因 事由", required=True, max_length=60),
    _column("reason", "说明 情况说明 备注", max_length=2000),
)
_INSPECTIONS = (
    _column("uscc", f"{_USCC} 被检查单位统一社会信用代码 检查对象统一社会信用代码", required=True),
    _column("inspected_on", "检查日期 检查时间 实施检查日期 入企日期", required=True),
    _column("authority", "检查机关 检查单位 检查主体 实施检查机关 实施机关 检查部门", required=True),
    _column("kind", "检查类型 检查类别 检查种类", required=True),
    _column("is_on_site", "是否现场检查 现场检查 是否实地检查 实地检查 是否入企", required=True),
    _column("is_lead_based", "是否根据线索 根据线索 是否线索检查 线索检查"),
    _column("document_number", "检查文书号 检查通知书文号 文书号 文号 文书编号", max_length=120),
    _column("items", "检查事项 检查内容 检查项目 事项", max_length=2000),
)

KINDS = {
    name: Kind(name=name, columns=columns)
    for name, columns in (
        ("agencies", _AGENCIES),
        ("practitioners", _PRACTITIONERS),
        ("records", _RECORDS),
        ("inspectors", _INSPECTORS),
        ("recusals", _RECUSALS),
        ("inspections", _INSPECTIONS),
    )
}

_BY_FIELD = {kind.name: {column.field: column for column in kind.columns} for kind in KINDS.values()}
