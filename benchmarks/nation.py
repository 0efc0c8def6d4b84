"""The nation of `seeds/generate.py` as columns, under the fictional packs of `seeds/rules/`.

`python benchmarks/nation.py DIR [N_CLAUSES]` loads and rates it, and prints how many kilobytes of memory that
took at most: the kernel's high-water mark, since `getrusage` would count what the caller had in memory, too.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path
from random import Random

from agency_credit.domain.period import Period
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring import (
    PopulationRecords,
    PopulationScores,
    RulePack,
    encode_population,
    score_population,
)
from agency_credit.scoring.clause import Clause
from agency_credit.services.rule_packs import load_rule_packs
from seeds.generate import RULES

ON = date(2026, 9, 30)
PACKS = ("fictional-patent-agency", "fictional-trademark-agency", "fictional-patent-practitioner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """Subjects of one pack, with the columns of their records."""

    pack: RulePack
    subjects: tuple[str, ...]
    columns: PopulationRecords

    def rate(self) -> PopulationScores:
        """Scores and tiers on the day."""
        return score_population(self.columns, len(self.subjects), self.pack, ON)


def load_nation(folder: Path, n_clauses: int = 0) -> list[Rated]:
    """Agencies and practitioners in the files of `folder`; `n_clauses`: packs blown up to so many clauses."""
    packs = {pack.id: pack for pack in load_rule_packs(RULES)}
    rated = []
    for name, subjects in zip(PACKS, read_subjects(folder), strict=True):
        pack = blow_up(packs[name], n_clauses) if n_clauses else packs[name]
        records = read_records(folder, frozenset(subjects), pack)
        rated.append(Rated(pack=pack, subjects=subjects, columns=encode_population(subjects, records, pack)))
    return rated


def read_subjects(folder: Path) -> tuple[tuple[str, ...], ...]:
    """Patent agencies, those that are trademark agencies alone, practitioners."""
    patent = [row["统一社会信用代码"] for row in read_rows(folder / "专利代理机构名录.csv")]
    trademark = [row["信用代码"] for row in read_rows(folder / "商标代理机构备案名单.csv")]
    practitioners = [row["资格证号"] for row in read_rows(folder / "专利代理师名单.csv")]
    known = set(patent)
    return tuple(patent), tuple(code for code in trademark if code not in known), tuple(practitioners)


def read_records(folder: Path, subjects: frozenset[str], pack: RulePack) -> Iterator[CreditRecord]:
    """Records of `subjects`; some of them are withdrawn, repaired, suspended or assessed."""
    chance = Random(1)
    kinds = {kind: clause for clause in pack.clauses for kind in clause.record_kinds}
    names: dict[str, list[str]] = {}
    for kind in kinds:
        names.setdefault(kind.split("-")[0], []).append(kind)
    for row in read_rows(folder / "信用信息归集.csv"):
        subject = row["资格证号"] or row["统一社会信用代码"]
        if subject in subjects:
            kind = chance.choice(names.get(row["信息类别"], [row["信息类别"]]))
            decided_on = date.fromisoformat(row["决定日期"])
            yield CreditRecord(
                record_id=row["文书号"],
                subject=subject,
                kind=kind,
                decided_on=decided_on,
                withdrawn_on=_later(chance, decided_on, 0.02),
                repaired_on=_later(chance, decided_on, 0.05),
                suspended=_suspended(chance, decided_on),
                assessed_millipoints=_assessed(chance, kinds.get(kind)),
            )


def read_rows(file: Path) -> Iterator[Mapping[str, str]]:
    """Rows of a list of an office."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines)


def _later(chance: Random, day: date, share: float) -> date | None:
    return day + timedelta(chance.randrange(500)) if chance.random() < share else None


def _suspended(chance: Random, day: date) -> tuple[Period, ...]:
    first_on = _later(chance, day, 0.03)
    if first_on is None:
        return ()
    last_on = first_on + timedelta(chance.randrange(100))
    return Period(first_on=first_on, last_on=last_on), Period(first_on=last_on + timedelta(60))


def _assessed(chance: Random, clause: Clause | None) -> int | None:
    if clause is None or clause.range is None or clause.millipoints is None or chance.random() < 0.5:
        return None
    return chance.randint(*sorted((clause.range.from_millipoints, clause.millipoints)))


def blow_up(pack: RulePack, n_clauses: int) -> RulePack:
    """The pack with each clause so often, for kinds of records of its own, that there are `n_clauses`."""
    clauses = tuple(
        replace(
            clause,
            code=f"{clause.code}-{place}",
            record_kinds=tuple(f"{kind}-{place}" for kind in clause.record_kinds),
        )
        for place, clause in zip(range(n_clauses), cycle(pack.clauses), strict=False)
    )
    return replace(pack, clauses=clauses)


if __name__ == "__main__":
    for rated in load_nation(Path(sys.argv[1]), int("".join(sys.argv[2:]) or 0)):
        rated.rate()
    status = Path("/proc/self/status").read_text("ascii")
    print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))
