"""Made-up agencies, people and records, all of them from one stream of numbers with a fixed seed.

Names are put together from parts; whoever finds a real firm or person among them has found a coincidence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from stdnum.cn import uscc as social_credit_code

from seeds.places import CITY, Territory

LAST_DAY = date(2026, 9, 30)
"""Of the sample records; the demo's clock starts after it."""
RECORD_DAYS = 730
MANY_RECORD_DAYS = 1095
"""Days within which the records of a city lie, and those of a country."""

LISTED, UNLISTED = "列入经营异常名录", "移出经营异常名录"

_SECOND = ("", "达", "泽", "信", "知", "创")
_FAMILY = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
_GIVEN = (
    *("志强", "建国", "子涵", "雨桐", "秀英", "国栋", "立新", "海燕", "晓东", "思远"),
    *("静", "磊", "敏", "涛", "杰", "娜", "军", "丽", "明", "超"),
)
_CODE_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_PATENT_FORMS = ("专利代理有限公司", "知识产权代理有限公司", "专利代理事务所（普通合伙）")
_TRADEMARK_FORMS = ("商标代理有限公司", "商标事务所有限公司", "知识产权服务有限公司", "信息咨询有限公司")
_RECUSAL_REASONS = ("近亲属任职", "曾任职", "持有股份", "其他利害关系")

# kind of record: how often, beside the others; the first two befall patent agencies alone
_PATENT_KINDS = {"代理非正常专利申请": 3, "责令停止承接新的专利代理业务": 1}
_KINDS = {"警告": 4, "通报批评": 5, "未按规定办理备案变更": 6, "获省级知识产权表彰": 5, LISTED: 3}
_PRACTITIONER_KINDS = {"警告": 4, "通报批评": 5, "未按规定办理备案变更": 6, "获省级知识产权表彰": 5} | {
    "代理非正常专利申请": 3,
    "责令停止承办新的专利代理业务": 1,
}
# records of an agency within the two years: how many agencies of a hundred have so many
_RECORDS_EACH = {0: 46, 1: 26, 2: 15, 3: 8, 4: 5}

SHOWN_RECORDS = (
    ("未按规定办理备案变更", date(2026, 2, 9), "经营地址变更后未在规定期限内办理备案变更。"),
    ("代理非正常专利申请", date(2026, 3, 18), "代理的 7 件专利申请被认定为非正常申请。"),
    ("获省级知识产权表彰", date(2026, 4, 20), "评为全省知识产权服务先进机构。"),
    ("警告", date(2026, 5, 12), "未与委托人订立书面委托合同。"),
    ("通报批评", date(2026, 6, 24), "未按时报送年度从业人员信息。"),
)
"""Of the agency whose desk the demo shows: something to object to, something to have repaired, praise."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How many of everything; branches and firms with both practice lines are among the agencies.

    Parameters
    ----------
    n_records
        Of agencies and practitioners within three years; None: of agencies alone within two, as many as
        befall each.
    """

    n_patent: int
    n_branches: int
    n_trademark: int
    n_both: int
    n_practitioners: int
    n_inspectors: int
    n_recusals: int
    n_records: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleAgency:
    """An agency; `agency_code` is empty for one without patent line, `parent_code` for one of its own."""

    uscc: str
    name: str
    area: str
    address: str
    head: str
    telephone: str
    established_on: date
    agency_code: str = ""
    parent_code: str = ""
    is_cancelled: bool = False
    filed_on: date | None = None
    n_staff: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePractitioner:
    """A patent attorney of an agency."""

    certificate: str
    name: str
    agency: SampleAgency


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleInspector:
    """An inspector; with no area of his own he goes everywhere."""

    certificate: str
    name: str
    organisation: str
    area: str
    skills: str
    is_lead: bool
    is_seconded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRecusal:
    """A pair that must not meet."""

    inspector: SampleInspector
    agency: SampleAgency
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRecord:
    """A credit record of an agency, or of a practitioner of it."""

    agency: SampleAgency
    kind: str
    document: str
    decided_on: date
    practitioner: SamplePractitioner | None = None
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Everything; the firms of `both` stand in `patent` and not in `trademark`.

    Parameters
    ----------
    shown
        The agency that `SHOWN_RECORDS` are of; None: of a country nobody in particular.
    """

    patent: tuple[SampleAgency, ...]
    trademark: tuple[SampleAgency, ...]
    both: tuple[SampleAgency, ...]
    practitioners: tuple[SamplePractitioner, ...]
    inspectors: tuple[SampleInspector, ...]
    recusals: tuple[SampleRecusal, ...]
    records: tuple[SampleRecord, ...]
    shown: SampleAgency | None = None


class Maker:
    """Makes things up; never the same name, code or certificate twice."""

    def __init__(self, chance: Random, territory: Territory = CITY) -> None:
        self._chance = chance
        self._territory = territory
        self._names: set[str] = set()
        self._codes: set[str] = set()

    def population(self, scale: Scale) -> Population:
        """A whole office of this scale."""
        patent = self._patent_agencies(scale)
        heads = [agency for agency in patent if not agency.parent_code and not agency.is_cancelled]
        both = tuple(self._chance.sample(heads, scale.n_both))
        trademark = tuple(self.trademark_agency() for _ in range(scale.n_trademark - scale.n_both))
        inspectors = tuple(self._inspector(i) for i in range(scale.n_inspectors))
        practitioners = tuple(self.practitioner(heads, i) for i in range(scale.n_practitioners))
        agencies = (*patent, *trademark)
        recusals = self._recusals(inspectors, agencies, scale.n_recusals)
        if scale.n_records is None:
            befallen = self._records(agencies)
            shown = min(both, key=lambda agency: sum(record.agency == agency for record in befallen))
            records = _in_order([*befallen, *self._shown_records(shown)])
        else:
            shown = None
            records = tuple(self._any_record(agencies, practitioners) for _ in range(scale.n_records))
        return Population(
            patent=patent,
            trademark=trademark,
            both=both,
            practitioners=practitioners,
            inspectors=inspectors,
            recusals=recusals,
            records=records,
            shown=shown,
        )

    def patent_agency(self, serial: int, parent: SampleAgency | None = None) -> SampleAgency:
        """A patent agency, or a branch of `parent`."""
        area, district = self._place()
        name = f"{parent.name}{district[:2]}分公司" if parent else self._firm(self._pick(_PATENT_FORMS))
        return SampleAgency(
            uscc=self._uscc(area),
            name=name,
            area=area,
            address=self._address(district, "柳泉路"),
            head=self.person(),
            telephone=self._telephone(),
            established_on=self._day(date(2003, 1, 1), date(2024, 6, 30)),
            agency_code=str(37200 + serial),
            parent_code=parent.agency_code if parent else "",
            n_staff=self._chance.randint(3, 40),
        )

    def trademark_agency(self) -> SampleAgency:
        """A trademark agency with its filing."""
        area, district = self._place()
        return SampleAgency(
            uscc=self._uscc(area),
            name=self._firm(self._pick(_TRADEMARK_FORMS)),
            area=area,
            address=self._address(district, "共青团路"),
            head=self.person(),
            telephone=self._telephone(),
            established_on=self._day(date(2008, 1, 1), date(2023, 1, 1)),
            filed_on=self._day(date(2023, 12, 1), date(2026, 6, 30)),
            n_staff=self._chance.randint(1, 12),
        )

    def practitioner(self, agencies: Sequence[SampleAgency], serial: int) -> SamplePractitioner:
        """A patent attorney of one of `agencies`."""
        return SamplePractitioner(
            certificate=f"372{100000 + serial * 13}", name=self.person(), agency=self._pick(agencies)
        )

    def person(self) -> str:
        """A personal name; two people may share one."""
        return self._pick(_FAMILY) + self._pick(_GIVEN)

    def record(self, agency: SampleAgency, kind: str, decided_on: date) -> SampleRecord:
        """A record with a document number of its own."""
        document = f"{self._territory.document_mark}〔{decided_on.year}〕{len(self._codes)}号"
        self._codes.add(document)
        return SampleRecord(agency=agency, kind=kind, document=document, decided_on=decided_on)

    def _patent_agencies(self, scale: Scale) -> tuple[SampleAgency, ...]:
        n_heads = scale.n_patent - scale.n_branches
        heads = [self.patent_agency(i) for i in range(n_heads)]
        closed = replace(heads.pop(), is_cancelled=True)
        branches: list[SampleAgency] = []
        while len(branches) < scale.n_branches:
            branch = self.patent_agency(n_heads + len(branches), self._pick(heads))
            if branch.name not in self._names:
                self._names.add(branch.name)
                branches.append(branch)
        agencies = [*heads, closed, *branches]
        self._chance.shuffle(agencies)
        return tuple(agencies)

    def _inspector(self, serial: int) -> SampleInspector:
        area, district = self._place()
        return SampleInspector(
            certificate=f"鲁C{15000 + serial * 7}",
            name=self._unique(self.person),
            organisation=f"{district}市场监督管理局",
            area=area if serial % 4 == 3 else "",
            skills=("专利、商标", "商标", "专利")[serial % 3],
            is_lead=serial % 2 == 0,
            is_seconded=serial % 9 == 8,
        )

    def _recusals(
        self, inspectors: Sequence[SampleInspector], agencies: Sequence[SampleAgency], number: int
    ) -> tuple[SampleRecusal, ...]:
        pairs = [(inspector, agency) for inspector in inspectors for agency in agencies]
        return tuple(
            SampleRecusal(inspector=inspector, agency=agency, reason=self._pick(_RECUSAL_REASONS))
            for inspector, agency in self._chance.sample(pairs, number)
        )

    def _any_record(
        self, agencies: Sequence[SampleAgency], practitioners: Sequence[SamplePractitioner]
    ) -> SampleRecord:
        decided_on = self._day(LAST_DAY - timedelta(MANY_RECORD_DAYS), LAST_DAY)
        place = self._chance.randrange(len(agencies) + len(practitioners))
        if place < len(agencies):
            kind = self._weighted(self._kinds(agencies[place]))
            return self.record(agencies[place], kind, decided_on)
        person = practitioners[place - len(agencies)]
        record = self.record(person.agency, self._weighted(_PRACTITIONER_KINDS), decided_on)
        return replace(record, practitioner=person)

    def _shown_records(self, agency: SampleAgency) -> list[SampleRecord]:
        return [
            replace(self.record(agency, kind, decided_on), summary=summary)
            for kind, decided_on, summary in SHOWN_RECORDS
        ]

    def _records(self, agencies: Sequence[SampleAgency]) -> list[SampleRecord]:
        records: list[SampleRecord] = []
        for agency in agencies:
            kinds = self._kinds(agency)
            n_records = self._weighted(_RECORDS_EACH)
            for _ in range(n_records):
                kind = self._weighted(kinds)
                record = self.record(agency, kind, self._day(LAST_DAY - timedelta(RECORD_DAYS), LAST_DAY))
                records.append(record)
                off_on = record.decided_on + timedelta(self._chance.randint(60, 300))
                if kind == LISTED and off_on <= LAST_DAY:
                    records.append(self.record(agency, UNLISTED, off_on))
        return records

    def _kinds(self, agency: SampleAgency) -> dict[str, int]:
        return _KINDS | _PATENT_KINDS if agency.agency_code else _KINDS

    def _firm(self, form: str) -> str:
        prefixes, stems = self._territory.prefixes, self._territory.stems
        return self._unique(lambda: self._pick(prefixes) + self._pick(stems) + self._pick(_SECOND) + form)

    def _place(self) -> tuple[str, str]:
        return self._pick(tuple(self._territory.districts.items()))

    def _uscc(self, area: str) -> str:
        body = self._unique(lambda: f"91{area}" + "".join(self._pick(_CODE_SIGNS) for _ in range(9)))
        return f"{body}{social_credit_code.calc_check_digit(body)}"

    def _address(self, district: str, street: str) -> str:
        return f"{district}{street}{self._chance.randint(1, 299)}号"

    def _telephone(self) -> str:
        return f"0533-{self._chance.randint(2000000, 8999999)}"

    def _day(self, first: date, last: date) -> date:
        return first + timedelta(self._chance.randint(0, (last - first).days))

    def _pick(self, items: Sequence[Item]) -> Item:
        return items[self._chance.randrange(len(items))]

    def _weighted(self, weights: dict[Item, int]) -> Item:
        return self._pick([item for item, weight in weights.items() for _ in range(weight)])

    def _unique(self, make: Callable[[], str]) -> str:
        while (made := make()) in self._names:
            pass
        self._names.add(made)
        return made


def _in_order(records: Sequence[SampleRecord]) -> tuple[SampleRecord, ...]:
    return tuple(sorted(records, key=lambda record: (record.decided_on, record.document)))
