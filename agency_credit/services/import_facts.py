"""What a list says of a record beyond its text: category, procedure, sanctions, class, days. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date

from agency_credit.domain.record import Category, Procedure, RecordFacts, Sanction
from agency_credit.scoring import PeriodTable, find_uncollected
from agency_credit.scoring.periods import DisclosurePeriod
from agency_credit.services.import_row import RowReader

CATEGORY_WORDS: Mapping[str, str] = {
    "行政处罚": "penalty",
    "处罚": "penalty",
    "名单": "list",
    "列入名单": "list",
    "行业惩戒": "discipline",
    "行业自律惩戒": "discipline",
    "检查": "inspection",
    "检查结果": "inspection",
    "年度报告": "annual-report",
    "年报": "annual-report",
    "表彰奖励": "praise",
    "表彰": "praise",
    "其他": "other",
}
PROCEDURE_WORDS: Mapping[str, str] = {
    "普通程序": "ordinary",
    "一般程序": "ordinary",
    "听证程序": "ordinary",
    "简易程序": "summary",
    "当场处罚": "summary",
}
SANCTION_WORDS: Mapping[str, str] = {
    "警告": "warning",
    "通报批评": "criticism",
    "罚款": "fine",
    "没收违法所得": "confiscation",
    "没收非法财物": "confiscation",
    "暂扣许可证件": "licence-held",
    "降低资质等级": "downgrade",
    "吊销许可证件": "licence-revoked",
    "吊销执业许可证": "licence-revoked",
    "吊销专利代理机构执业许可证": "licence-revoked",
    "吊销专利代理师资格证": "licence-revoked",
    "吊销营业执照": "licence-revoked",
    "限制开展生产经营活动": "restriction",
    "停止承接新的专利代理业务": "restriction",
    "责令停止承接新的专利代理业务": "restriction",
    "责令停产停业": "suspension",
    "责令关闭": "closure",
    "限制从业": "trade-bar",
    "行政拘留": "detention",
    "其他": "other",
}
_SEPARATORS = re.compile(r"[、,，;；/\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedFacts:
    """What was stated, in words of the store; empty texts and None: nothing was.

    Parameters
    ----------
    sanctions, severity
        Words separated by blanks, sorted.
    """

    category: str = ""
    procedure: str = ""
    sanctions: str = ""
    severity: str = ""
    served_on: date | None = None
    conduct_ended_on: date | None = None

    def cells(self) -> dict[str, str]:
        """As text, by column."""
        return {name: _text(getattr(self, name)) for name in FACT_COLUMNS}

    def agrees_with(self, known: StatedFacts) -> bool:
        """Whether nothing is stated here that is not known so."""
        said = self.cells()
        return all(said[name] in ("", text) for name, text in known.cells().items())


FACT_DAYS = ("served_on", "conduct_ended_on")
NOTHING_STATED = StatedFacts()
FACT_COLUMNS = tuple(field.name for field in fields(StatedFacts))
"""Columns of `credit_record` that hold what was stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRules:
    """What the rules of this office say of facts.

    Parameters
    ----------
    categories
        Of kinds that have one by themselves.
    tables
        The period tables in force here.
    """

    categories: Mapping[str, str]
    tables: Sequence[PeriodTable] = ()
    _uncollected: dict[tuple[StatedFacts, bool], DisclosurePeriod | None] = field(
        default_factory=dict, repr=False, compare=False
    )

    def find_uncollected(self, facts: StatedFacts, *, is_person: bool) -> DisclosurePeriod | None:
        """The row by which a record is no credit item; the rows of a list state the same few facts."""
        key = facts, is_person
        if key not in self._uncollected:
            found = find_uncollected(to_facts(facts, is_person=is_person), self.tables)
            self._uncollected[key] = found
        return self._uncollected[key]

    def find_class(self, word: str) -> str | None:
        """The class that a person names by its code or by its Chinese name."""
        for table in self.tables:
            for row in table.periods:
                name = _short_name(row)
                if word in (row.name, row.wording.zh, name, name.removesuffix("失信信息")):
                    return row.name
        return None

    def class_names(self) -> tuple[str, ...]:
        """Every class of what is collected: its Chinese name; its code where that has a separator in it."""
        rows = (row for table in self.tables for row in table.periods if row.is_collected)
        names = ((_short_name(row), row.name) for row in rows)
        return tuple(code if _SEPARATORS.search(name) else name for name, code in names)

    def procedures(self) -> tuple[str, ...]:
        """Words for the procedures in which a penalty can be imposed and be a credit item here."""
        return tuple(
            word
            for word, meaning in PROCEDURE_WORDS.items()
            if self.find_uncollected(StatedFacts(procedure=meaning), is_person=False) is None
        )

    def category_of(self, kind: str, facts: StatedFacts) -> str:
        """What was stated, else what the kind is by itself; what has procedure or sanctions is a penalty."""
        has_penalty = bool(facts.procedure or facts.sanctions)
        return facts.category or self.categories.get(kind, "") or ("penalty" if has_penalty else "")


NO_FACT_RULES = FactRules(categories={})


def to_facts(stated: StatedFacts, *, is_person: bool) -> RecordFacts:
    """What was stated of a record, as the rules of disclosure take it."""
    category = stated.category or ("penalty" if stated.procedure or stated.sanctions else "")
    return RecordFacts(
        category=Category(category) if category else None,
        procedure=Procedure(stated.procedure) if stated.procedure else None,
        sanctions=frozenset(Sanction(word) for word in stated.sanctions.split()),
        classes=frozenset(stated.severity.split()),
        is_person=is_person,
        served_on=stated.served_on,
        conduct_ended_on=stated.conduct_ended_on,
    )


def read_facts(columns: Mapping[str, object]) -> StatedFacts:
    """What a stored record states."""
    return StatedFacts(**{name: columns[name] for name in FACT_COLUMNS})  # type: ignore[arg-type]


def state_later(facts: StatedFacts, facts_json: str) -> StatedFacts:
    """The facts after an event ``classified``, which states some anew; an empty text takes one back."""
    said = json.loads(facts_json)
    days = {
        name: date.fromisoformat(said[name]) if said[name] else None for name in FACT_DAYS if name in said
    }
    return replace(facts, **(said | days))


def parse_facts(reader: RowReader, rules: FactRules, today: date, decided_on: date | None) -> StatedFacts:
    """The facts of a row; what is wrong with them is noted at their cells."""
    if not any(reader.has(name) for name in FACT_COLUMNS):
        return NOTHING_STATED
    facts = StatedFacts(
        category=reader.word("category", CATEGORY_WORDS),
        procedure=reader.word("procedure", PROCEDURE_WORDS),
        sanctions=_parse_sanctions(reader),
        severity=_parse_classes(reader, rules),
        served_on=reader.day("served_on"),
        conduct_ended_on=reader.day("conduct_ended_on", until=today),
    )
    if decided_on is not None and facts.served_on is not None and facts.served_on < decided_on:
        reader.fault(
            "served_on",
            "import.served-before",
            "{heading}: {found} is before the day of the decision, {decided}; compare both with the document",
            found=facts.served_on.isoformat(),
            decided=decided_on.isoformat(),
        )
    _check_penalty(reader, facts)
    return facts


def check_collected(reader: RowReader, facts: StatedFacts, rules: FactRules, *, is_person: bool) -> None:
    """Note that the law keeps the record out, where a period table says so."""
    row = rules.find_uncollected(facts, is_person=is_person)
    if row is not None:
        reader.fault(
            "procedure" if facts.procedure else "severity",
            "import.not-collected",
            "{citation}: {wording}; such a record is no credit item and is not taken in, delete the row",
            citation=str(row.citation),
            wording=row.wording.zh,
        )


def _check_penalty(reader: RowReader, facts: StatedFacts) -> None:
    """Procedure and sanctions are those of a penalty; what is said to be something else has none."""
    for name in ("procedure", "sanctions"):
        if getattr(facts, name) and facts.category not in ("", "penalty"):
            reader.fault(
                name,
                "import.no-penalty",
                "{heading}: only a penalty has this; empty the cell, or mend the category",
            )


def _parse_sanctions(reader: RowReader) -> str:
    found = set()
    for word in _SEPARATORS.split(reader.text("sanctions")):
        meaning = SANCTION_WORDS.get(word)
        if word and meaning is None:
            reader.fault(
                "sanctions",
                "import.word-unknown",
                "{heading}: expected one of {expected}, found {found}",
                expected="、".join(SANCTION_WORDS),
                found=word,
            )
        found.add(meaning or "")
    return " ".join(sorted(found - {""}))


def _parse_classes(reader: RowReader, rules: FactRules) -> str:
    found = set()
    for word in _SEPARATORS.split(reader.text("severity")):
        name = rules.find_class(word) if word else ""
        if name is None:
            reader.fault(
                "severity",
                "import.class-unknown",
                "{heading}: no period table in force here has the class {found}; expected one of {expected}",
                expected="、".join(rules.class_names()) or "—",
                found=word,
            )
        found.add(name or "")
    return " ".join(sorted(found - {""}))


def _short_name(row: DisclosurePeriod) -> str:
    return re.split(r"[（(]", row.wording.zh)[0]


def _text(value: date | str | None) -> str:
    return value.isoformat() if isinstance(value, date) else value or ""
