"""Which rule files are in force on a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import combinations, pairwise
from typing import TypeVar

from agency_credit.domain.errors import Fault, FaultsError, InputError
from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring.instrument import Instrument
from agency_credit.scoring.rulepack import RulePack

AnyFile = TypeVar("AnyFile", bound=Instrument)


def in_force_on(files: Iterable[AnyFile], on: date, *, allow_fictional: bool = False) -> tuple[AnyFile, ...]:
    """Those of `files` that hold on the day `on`, one of each line, in the order of their lines.

    A fictional file is passed over unless `allow_fictional` is set; then it comes before a real one.

    Raises
    ------
    FaultsError
        Two files of a line are in force on one day, whether or not on `on`.
    """
    files = tuple(files)
    faults = find_overlaps(files)
    if faults:
        raise FaultsError("rules", faults)
    usable = (file for file in files if allow_fictional or not file.is_fictional)
    held = [file for file in usable if file.in_force.contains(on)]
    chosen = {file.line: file for file in sorted(held, key=lambda file: file.is_fictional)}
    return tuple(chosen[line] for line in sorted(chosen))


def rule_pack_in_force(
    packs: Iterable[RulePack], subject: RatingSubject, on: date, *, allow_fictional: bool = False
) -> RulePack:
    """The one pack of `packs` that rates `subject` on the day `on`.

    A fictional pack is passed over unless `allow_fictional` is set; then it comes before a real one
    in force on the same day, and the caller shows its banner on every page.

    Raises
    ------
    FaultsError
        Two packs of the subject are in force on one day, whether or not on `on`.
    InputError
        None is in force on `on`; the message names the instrument that is missing.
    """
    of_subject = sorted(
        (pack for pack in packs if pack.subject is subject), key=lambda pack: pack.effective_from
    )
    chosen = in_force_on(of_subject, on, allow_fictional=allow_fictional)
    if not chosen:
        raise _missing([pack for pack in of_subject if allow_fictional or not pack.is_fictional], subject, on)
    return chosen[0]


def find_overlaps(packs: Sequence[Instrument]) -> tuple[Fault, ...]:
    """A fault for every two files of one line that share a day, or of any line that share an id.

    A real and a fictional file may share days: they are never used side by side.
    """
    faults = []
    for one, other in combinations(packs, 2):
        names: dict[str, str | int] = {"one": one.id, "other": other.id}
        if one.id == other.id:
            template = "two rule files have this id; give one of them another"
            faults.append(Fault(at=one.id, code="rules.duplicate-id", template=template))
        elif _is_same_line(one, other) and one.in_force.overlaps(other.in_force):
            template = "{one} and {other} are both in force on some day; end one of them with repealed_on"
            faults.append(Fault(at=other.id, code="rules.overlap", template=template, params=names))
    return tuple(faults)


def find_gaps(packs: Sequence[Instrument]) -> tuple[Fault, ...]:
    """A warning for every stretch of days between two files of a line on which none is in force."""
    faults = []
    in_order = sorted(packs, key=lambda pack: (pack.line, pack.is_fictional, pack.effective_from))
    for one, other in pairwise(in_order):
        if _is_same_line(one, other) and one.repealed_on and one.repealed_on < other.effective_from:
            faults.append(
                Fault(
                    at=other.id,
                    code="rules.gap",
                    template="no instrument is in force from {first} until {other} begins on {then}",
                    params={
                        "first": one.repealed_on.isoformat(),
                        "other": other.id,
                        "then": other.effective_from.isoformat(),
                    },
                    severity="warning",
                )
            )
    return tuple(faults)


def _is_same_line(one: Instrument, other: Instrument) -> bool:
    return one.line == other.line and one.is_fictional == other.is_fictional


def _missing(packs: Sequence[RulePack], subject: RatingSubject, on: date) -> InputError:
    earlier = [pack for pack in packs if pack.effective_from <= on]
    later = [pack for pack in packs if pack.effective_from > on]
    if earlier:
        ended = earlier[-1]
        return InputError(
            "rules.successor-missing",
            "no rule pack for {subject} on {on}: the successor of {instrument}, repealed on {repealed_on}, "
            "is missing; import it",
            subject=subject.value,
            on=on.isoformat(),
            instrument=_name(ended),
            repealed_on=str(ended.repealed_on),
        )
    if later:
        return InputError(
            "rules.predecessor-missing",
            "no rule pack for {subject} on {on}: the instrument before {instrument}, in force from "
            "{effective_from}, is missing; import it",
            subject=subject.value,
            on=on.isoformat(),
            instrument=_name(later[0]),
            effective_from=later[0].effective_from.isoformat(),
        )
    return InputError(
        "rules.subject-missing",
        "no rule pack for {subject} at all, so none on {on}: import the instrument that rates it",
        subject=subject.value,
        on=on.isoformat(),
    )


def _name(pack: RulePack) -> str:
    return f"{pack.document or ''}《{pack.title.zh}》"
