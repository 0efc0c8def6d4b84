"""Reading the tables of a clause: every fault is noted, nothing is raised."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from agency_credit.domain.citation import Citation, Provenance, Status, Wording
from agency_credit.scoring.clause import (
    Clause,
    ClauseKind,
    Counting,
    CountingRule,
    Group,
    Life,
    LifeStart,
    Range,
    RangeRule,
    RepairRule,
    Severity,
)
from agency_credit.scoring.toml_table import TomlTable

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,59}", re.ASCII)
_AREA = re.compile(r"[0-9]{0,6}", re.ASCII)


def parse_code(table: TomlTable, key: str) -> str:
    """A short ASCII word that can stand in an address."""
    code = table.text(key)
    if code and not _CODE.fullmatch(code):
        table.fault(key, "rules.code", "use at most 60 ASCII letters, digits, points, + and hyphens")
    return code


def parse_area(table: TomlTable) -> str:
    """`area`: first digits of a district code, empty for everywhere."""
    area = table.empty_or_text("area")
    if not _AREA.fullmatch(area):
        table.fault("area", "rules.area", "expected at most six digits of a district code, or an empty text")
    return area


def parse_wording(table: TomlTable) -> Wording:
    """`zh` and `en` of a table that holds nothing else."""
    wording = Wording(zh=table.text("zh"), en=table.text("en"))
    table.close()
    return wording


def parse_provenance(table: TomlTable) -> Provenance:
    """`status` and `source`, and `entered_by` and `entered_on` for entered values and only for them."""
    status = table.choice("status", Status)
    is_entered = status is Status.ENTERED
    if not is_entered and (table.has("entered_by") or table.has("entered_on")):
        table.fault("entered_by", "rules.entered", 'only a value with status "entered" says who entered it')
    return Provenance(
        status=status,
        source=table.text("source"),
        entered_by=table.text("entered_by") if is_entered else table.optional_text("entered_by"),
        entered_on=table.day("entered_on") if is_entered else table.optional_day("entered_on"),
    )


def parse_life(table: TomlTable) -> Life:
    """A table `life`."""
    life = Life(
        start=table.choice("from", LifeStart),
        months=table.optional_months("months"),
        provenance=parse_provenance(table),
    )
    table.close()
    return life


def parse_counting(table: TomlTable, kind: ClauseKind | None = None) -> Counting:
    """A table `counting`; `kind`: of the clause that it stands at, None at the head of the pack."""
    if kind is None and table.has("cap"):
        table.fault("cap", "rules.cap-place", "a cap stands at a clause or a group, not at the pack")
    counting = Counting(
        rule=table.choice("rule", CountingRule),
        cap=parse_signed(table, "cap", kind),
        provenance=parse_provenance(table),
    )
    table.close()
    return counting


def parse_group(table: TomlTable) -> Group:
    """One of the tables `groups`."""
    kind = table.choice("kind", ClauseKind)
    group = Group(
        code=parse_code(table, "code"),
        kind=kind,
        wording=parse_wording(table.table("wording")),
        cap=parse_signed(table, "cap", kind),
        provenance=parse_provenance(table),
    )
    table.close()
    return group


def parse_clause(table: TomlTable, life: Life, counting: Counting, instrument: str) -> Clause:
    """One of the tables `clauses`; `life`, `counting`, `instrument`: the pack's, where it has none."""
    kind = table.choice("kind", ClauseKind)
    own_life, own_counting = table.optional_table("life"), table.optional_table("counting")
    millipoints = _parse_millipoints(table, kind)
    clause = Clause(
        code=parse_code(table, "code"),
        kind=kind,
        group=table.optional_text("group"),
        wording=parse_wording(table.table("wording")),
        record_kinds=table.texts("records"),
        millipoints=millipoints,
        range=_parse_range(table, kind, millipoints),
        provenance=parse_provenance(table),
        life=life if own_life is None else parse_life(own_life),
        counting=counting if own_counting is None else parse_counting(own_counting, kind),
        citation=parse_citation(table.table("citation"), instrument),
        severity=parse_severity(table),
        repair=parse_repair(table),
    )
    table.close()
    return clause


def parse_severity(table: TomlTable) -> Severity | None:
    """The table `severity` of a clause, where it has one."""
    inner = table.optional_table("severity")
    if inner is None:
        return None
    severity = Severity(name=parse_code(inner, "class"), provenance=parse_provenance(inner))
    inner.close()
    return severity


def parse_repair(table: TomlTable) -> RepairRule | None:
    """The table `repair` of a clause, where it has one."""
    inner = table.optional_table("repair")
    if inner is None:
        return None
    is_allowed = inner.boolean("allowed")
    if not is_allowed and inner.has("after_months"):
        template = "what cannot be repaired has no months after which it can"
        inner.fault("after_months", "rules.repair", template)
    repair = RepairRule(
        is_allowed=is_allowed,
        after_months=inner.optional_months("after_months"),
        provenance=parse_provenance(inner),
    )
    inner.close()
    return repair


def parse_signed(table: TomlTable, key: str, kind: ClauseKind | None) -> int | None:
    """Points signed as `kind` asks for; None where the key is absent."""
    n_faults = len(table.faults)
    millipoints = table.optional_points(key)
    if millipoints is None or len(table.faults) > n_faults:
        return millipoints
    if kind is ClauseKind.DEDUCTION and millipoints >= 0:
        table.fault(key, "rules.sign", "a deduction needs points below 0; leave them out if not known")
    if kind is ClauseKind.BONUS and millipoints <= 0:
        table.fault(key, "rules.sign", "a bonus needs points above 0; leave them out if not known")
    return millipoints


def _parse_millipoints(table: TomlTable, kind: ClauseKind) -> int | None:
    if table.has("points") and table.has("points_up_to"):
        table.fault("points_up_to", "rules.points-twice", "give either points or points_up_to, not both")
    return parse_signed(table, "points_up_to" if table.has("points_up_to") else "points", kind)


def _parse_range(table: TomlTable, kind: ClauseKind, most: int | None) -> Range | None:
    if not table.has("points_up_to"):
        if table.has("within"):
            table.fault("within", "rules.within", "only a clause with points_up_to has something to decide")
            table.table("within")
        if table.has("points_from"):
            table.fault("points_from", "rules.points-from", "only a clause with points_up_to has a least")
            table.points("points_from")
        return None
    least = parse_signed(table, "points_from", kind) or 0
    if most is not None and abs(least) >= abs(most):
        template = "the least of a range is nearer to 0 than points_up_to"
        table.fault("points_from", "rules.points-from", template)
    within = table.table("within")
    found = Range(
        rule=within.choice("rule", RangeRule), from_millipoints=least, provenance=parse_provenance(within)
    )
    within.close()
    return found


def parse_citation(table: TomlTable, instrument: str) -> Citation:
    """A table `citation`; `instrument`: where it names none."""
    citation = Citation(
        instrument=table.optional_text("instrument") or instrument,
        article=table.optional_text("article"),
        annex=table.optional_text("annex"),
    )
    if citation.article is None and citation.annex is None:
        table.fault("article", "rules.citation", "name the article or the row of the annex")
    table.close()
    return citation


def check_repetition(table: TomlTable, codes: Iterable[str], kinds: Iterable[str]) -> None:
    """Note codes, and words for records, that stand at two clauses of a file."""
    for code, n in Counter(codes).items():
        if n > 1:
            table.fault("clauses", "rules.duplicate-code", "{n} clauses have the code {name}", name=code, n=n)
    for kind, n in Counter(kinds).items():
        if n > 1:
            table.fault(
                "clauses",
                "rules.duplicate-kind",
                "{n} clauses are matched by records of the kind {kind}; a record must match one",
                kind=kind,
                n=n,
            )
