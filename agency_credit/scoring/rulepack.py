"""Rule packs: one version of an instrument as data, from TOML bytes to a checked noun.

The schema is described, key by key, in docs/spec/rule-pack.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from agency_credit.domain.canonical import digest
from agency_credit.domain.citation import Provenance, Wording
from agency_credit.domain.errors import Fault, FaultsError
from agency_credit.domain.period import Period
from agency_credit.domain.tier import RatingSubject, Tier
from agency_credit.scoring.bands import check_bands, parse_tier
from agency_credit.scoring.clause import (
    Clause,
    Counting,
    Life,
    parse_clause,
    parse_code,
    parse_counting,
    parse_life,
    parse_provenance,
    parse_wording,
)
from agency_credit.scoring.toml_table import TomlTable, parse_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Caveat:
    """Something about the instrument that is not known; `from_on` None: true on every day."""

    about: str
    from_on: date | None
    wording: Wording
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePack:
    """One version of an instrument.

    Parameters
    ----------
    id
        Unique among all packs.
    subject, title, document
        Whom it rates, what it is called, its number (None: not known).
    promulgated_on, effective_from, repealed_on
        Day of issue (None: not known), first day in force, first day no longer in force (None: no
        repeal is known).
    collects_from
        Records that start to count earlier do not count (None: no such day).
    base_millipoints, base_provenance
        The score without any record.
    tiers
        From the highest down; together they hold every score exactly once.
    life, counting
        What holds for a clause that says nothing else.
    clauses, caveats
        In the order of the file.
    banner
        Says on every page that the pack is made up; None: a real instrument.
    digest
        SHA-256 of the file.
    """

    id: str
    subject: RatingSubject
    title: Wording
    document: str | None
    promulgated_on: date | None
    effective_from: date
    repealed_on: date | None
    collects_from: date | None
    base_millipoints: int
    base_provenance: Provenance
    tiers: tuple[Tier, ...]
    life: Life
    counting: Counting
    clauses: tuple[Clause, ...]
    caveats: tuple[Caveat, ...]
    banner: Wording | None
    digest: str

    @property
    def is_fictional(self) -> bool:
        """Whether the pack is made up, for demonstrations only."""
        return self.banner is not None

    @property
    def in_force(self) -> Period:
        """The days on which the pack is in force."""
        last_on = None if self.repealed_on is None else self.repealed_on - timedelta(days=1)
        return Period(first_on=self.effective_from, last_on=last_on)

    def caveats_on(self, on: date) -> tuple[Caveat, ...]:
        """What is not known about the pack on the day `on`."""
        return tuple(caveat for caveat in self.caveats if caveat.from_on is None or caveat.from_on <= on)

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


def parse_rule_pack(data: bytes, name: str) -> RulePack:
    """The rule pack that `data`, the content of the TOML file `name`, describes.

    Raises
    ------
    FaultsError
        All faults of the file, each with file, key and reason.
    """
    faults: list[Fault] = []
    table = parse_toml(data, name, faults)
    pack = None if table is None else _parse_pack(table, digest(data))
    if pack is None or faults:
        raise FaultsError(name, tuple(faults))
    return pack


def known_record_kinds(packs: Iterable[RulePack]) -> frozenset[str]:
    """Every word for a record (信息类别) that at least one clause of `packs` is matched by."""
    return frozenset(kind for pack in packs for clause in pack.clauses for kind in clause.record_kinds)


def _parse_pack(table: TomlTable, file_digest: str) -> RulePack:
    document = table.optional_text("document")
    title = parse_wording(table.table("title"))
    base = table.table("base")
    life, counting = parse_life(table.table("life")), parse_counting(table.table("counting"))
    instrument = document or f"《{title.zh}》"
    n_faults = len(table.faults)
    tiers = tuple(parse_tier(tier) for tier in table.tables("tiers"))
    if len(table.faults) == n_faults:
        check_bands(table, tiers)
    pack = RulePack(
        id=parse_code(table, "id"),
        subject=table.choice("subject", RatingSubject),
        title=title,
        document=document,
        promulgated_on=table.optional_day("promulgated_on"),
        effective_from=table.day("effective_from"),
        repealed_on=table.optional_day("repealed_on"),
        collects_from=table.optional_day("collects_from"),
        base_millipoints=base.points("points"),
        base_provenance=parse_provenance(base),
        tiers=tiers,
        life=life,
        counting=counting,
        clauses=tuple(parse_clause(clause, life, counting, instrument) for clause in table.tables("clauses")),
        caveats=tuple(_parse_caveat(caveat) for caveat in table.optional_tables("caveats")),
        banner=_parse_banner(table),
        digest=file_digest,
    )
    base.close()
    table.close()
    _check_dates(table, pack)
    _check_clauses(table, pack.clauses)
    return pack


def _parse_caveat(table: TomlTable) -> Caveat:
    caveat = Caveat(
        about=parse_code(table, "about"),
        from_on=table.optional_day("from_on"),
        wording=parse_wording(table.table("wording")),
        source=table.text("source"),
    )
    table.close()
    return caveat


def _parse_banner(table: TomlTable) -> Wording | None:
    is_fictional, banner = table.is_true("fictional"), table.optional_table("banner")
    if is_fictional and banner is None:
        table.fault("banner", "rules.banner", "a fictional pack needs a banner that says so on every page")
    if banner is not None and not is_fictional:
        table.fault("banner", "rules.banner-real", "only a pack with fictional = true has a banner")
    return None if banner is None else parse_wording(banner)


def _check_dates(table: TomlTable, pack: RulePack) -> None:
    if pack.effective_from == date.min:  # it could not be read
        return
    if pack.promulgated_on is not None and pack.promulgated_on > pack.effective_from:
        table.fault(
            "effective_from", "rules.effective-early", "in force before it was promulgated; check both dates"
        )
    if pack.repealed_on is not None and pack.repealed_on <= pack.effective_from:
        table.fault("repealed_on", "rules.repealed-early", "repealed before its first day in force")


def _check_clauses(table: TomlTable, clauses: tuple[Clause, ...]) -> None:
    codes = Counter(clause.code for clause in clauses)
    kinds = Counter(kind for clause in clauses for kind in clause.record_kinds)
    for code, n in codes.items():
        if n > 1:
            table.fault("clauses", "rules.duplicate-code", "{n} clauses have the code {name}", name=code, n=n)
    for kind, n in kinds.items():
        if n > 1:
            table.fault(
                "clauses",
                "rules.duplicate-kind",
                "{n} clauses are matched by records of the kind {kind}; a record must match one",
                kind=kind,
                n=n,
            )
