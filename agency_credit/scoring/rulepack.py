"""Rule packs: one version of an instrument that rates, from a table to a checked noun.

The schema is described, key by key, in docs/spec/rule-pack.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from agency_credit.domain.canonical import digest
from agency_credit.domain.citation import Provenance
from agency_credit.domain.tier import RatingSubject, Tier
from agency_credit.scoring.bands import check_bands, parse_tier
from agency_credit.scoring.clause import Clause, Counting, Group, Life
from agency_credit.scoring.clause_table import (
    check_repetition,
    parse_clause,
    parse_counting,
    parse_group,
    parse_life,
    parse_provenance,
)
from agency_credit.scoring.instrument import Instrument, parse_head
from agency_credit.scoring.shown import Publication, parse_publication
from agency_credit.scoring.toml_table import TomlTable


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePack(Instrument):
    """One version of an instrument that rates.

    Parameters
    ----------
    subject
        Whom it rates.
    collects_from
        Records that start to count earlier do not count (None: no such day).
    base_millipoints, base_provenance
        The score without any record.
    tiers
        From the highest down; together they hold every score exactly once.
    life, counting
        What holds for a clause that says nothing else.
    groups, clauses
        In the order of the file.
    publication
        Who may see what comes out.
    """

    subject: RatingSubject
    collects_from: date | None
    base_millipoints: int
    base_provenance: Provenance
    tiers: tuple[Tier, ...]
    life: Life
    counting: Counting
    groups: tuple[Group, ...]
    clauses: tuple[Clause, ...]
    publication: Publication

    @property
    def line(self) -> tuple[str, ...]:
        """One pack rates a subject on a day."""
        return ("rating", self.subject.value)

    def clause(self, code: str) -> Clause:
        """The clause with this code.

        Raises
        ------
        KeyError
            There is none: a ledger and a pack that do not belong together.
        """
        for clause in self.clauses:
            if clause.code == code:
                return clause
        raise KeyError(code)


def known_record_kinds(packs: Iterable[RulePack]) -> frozenset[str]:
    """Every word for a record (信息类别) that at least one clause of `packs` is matched by."""
    return frozenset(kind for pack in packs for clause in pack.clauses for kind in clause.record_kinds)


def parse_pack(table: TomlTable, content: bytes) -> RulePack:
    """The rule pack in the top table of a file; its faults are noted in the table.

    Parameters
    ----------
    content
        The file in canonical form.
    """
    n_faults = len(table.faults)
    head = parse_head(table)
    instrument = head["document"] or f"《{head['title'].zh}》"
    life, counting = parse_life(table.table("life")), parse_counting(table.table("counting"))
    base = table.table("base")
    n_before_tiers = len(table.faults)
    subject = table.choice("subject", RatingSubject)
    tiers = tuple(parse_tier(tier) for tier in table.tables("tiers"))
    if len(table.faults) == n_before_tiers:
        check_bands(table, tiers)
    pack = RulePack(
        **head,
        content=content,
        digest=digest(content),
        subject=subject,
        collects_from=table.optional_day("collects_from"),
        base_millipoints=base.points("points"),
        base_provenance=parse_provenance(base),
        tiers=tiers,
        life=life,
        counting=counting,
        groups=tuple(parse_group(group) for group in table.optional_tables("groups")),
        clauses=tuple(parse_clause(clause, life, counting, instrument) for clause in table.tables("clauses")),
        publication=parse_publication(table, subject),
    )
    base.close()
    table.close()
    kinds = (kind for clause in pack.clauses for kind in clause.record_kinds)
    check_repetition(table, (clause.code for clause in pack.clauses), kinds)
    if len(table.faults) == n_faults:
        _check_groups(table, pack)
    return pack


def _check_groups(table: TomlTable, pack: RulePack) -> None:
    groups = {group.code: group for group in pack.groups}
    for code, n in Counter(group.code for group in pack.groups).items():
        if n > 1:
            table.fault("groups", "rules.duplicate-group", "{n} groups have the code {name}", name=code, n=n)
    for place, clause in enumerate(pack.clauses, start=1):
        key, group = f"clauses[{place}].group", groups.get(clause.group or "")
        if clause.group and group is None:
            template = "there is no group {name}; add it to groups or mend the code"
            table.fault(key, "rules.group-unknown", template, name=clause.group)
        elif group is not None and group.kind is not clause.kind:
            template = "the group {name} is of the kind {kind}, this clause is not"
            table.fault(key, "rules.group-kind", template, name=group.code, kind=group.kind.value)
