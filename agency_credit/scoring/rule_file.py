"""Rule files: bytes to a checked noun, and what the files of a collection owe each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from agency_credit.domain.errors import Fault, FaultsError, InputError
from agency_credit.scoring.duties import Duties, parse_duties
from agency_credit.scoring.in_force import find_gaps, find_overlaps
from agency_credit.scoring.instrument import Instrument
from agency_credit.scoring.periods import PeriodTable, parse_periods
from agency_credit.scoring.profile import Profile, parse_profile
from agency_credit.scoring.rulepack import RulePack, parse_pack
from agency_credit.scoring.toml_table import TomlTable, format_document, parse_document

_PARSERS: dict[str, Any] = {
    "rating": parse_pack,
    "duties": parse_duties,
    "periods": parse_periods,
    "profile": parse_profile,
}


def parse_rule_file(data: bytes, name: str) -> Instrument:
    """The rule pack, duties, period table or profile in a file.

    Parameters
    ----------
    data
        TOML; or the canonical form, where `name` ends in ``.json``.
    name
        Of the file; faults name it.

    Raises
    ------
    FaultsError
        All faults of the file, each with file, key and reason.
    """
    faults: list[Fault] = []
    document = parse_document(data, name, faults)
    found = None if document is None else _parse(document, name, faults)
    if found is None or faults:
        raise FaultsError(name, tuple(faults))
    return found


def parse_rule_pack(data: bytes, name: str) -> RulePack:
    """As `parse_rule_file`, for a file that rates.

    Raises
    ------
    FaultsError
        All faults of the file; it is of another type.
    """
    found = parse_rule_file(data, name)
    if not isinstance(found, RulePack):
        raise FaultsError(name, (_wrong_type(name),))
    return found


def check_collection(files: Sequence[Instrument]) -> tuple[Fault, ...]:
    """What is wrong between the files: days shared or left out, references to what is not there."""
    return (*find_overlaps(files), *find_gaps(files), *find_unknown_references(files))


def find_unknown_references(files: Iterable[Instrument]) -> tuple[Fault, ...]:
    """A fault for every class of severity that no period table has, and every tier that no pack has."""
    files = tuple(files)
    classes = {period.name for file in files if isinstance(file, PeriodTable) for period in file.periods}
    tiers = {
        (pack.subject.value.partition("-")[0], tier.name)
        for pack in files
        if isinstance(pack, RulePack)
        for tier in pack.tiers
    }
    faults = []
    for file in files:
        if isinstance(file, (RulePack, Duties)):
            faults += [
                Fault(
                    at=f"{file.id}: clauses.{clause.code}.severity.class",
                    code="rules.class-unknown",
                    template="no period table has the class {name}; add the table or mend the name",
                    params={"name": clause.severity.name},
                )
                for clause in file.clauses
                if clause.severity and clause.severity.name not in classes
            ]
        if isinstance(file, Profile):
            faults += [
                Fault(
                    at=f"{file.id}: supervision.{row.practice_line.value}.{row.tier}",
                    code="rules.tier-unknown",
                    template="no rule pack of this practice line has the tier {name}; mend the name",
                    params={"name": row.tier},
                )
                for row in file.supervision
                if (row.practice_line.value, row.tier) not in tiers
            ]
    return tuple(faults)


def _parse(document: dict[str, object], name: str, faults: list[Fault]) -> Instrument | None:
    table = TomlTable(document, name, "", faults)
    parser = _PARSERS.get(str(table.text("type")))
    if parser is None:
        if not faults:
            faults.append(_wrong_type(name))
        return None
    content, unplaced = b"", []
    try:
        content = format_document(document)
    except InputError as error:  # a float, or a text outside NFC: the parser names its key
        unplaced = [Fault(at=name, code=error.code, template=error.template, params=error.params)]
    found: Instrument = parser(table, content)
    faults += [] if faults else unplaced
    return found


def _wrong_type(name: str) -> Fault:
    return Fault(
        at=f"{name}: type",
        code="rules.file-type",
        template="expected one of: {words}",
        params={"words": ", ".join(_PARSERS)},
    )
