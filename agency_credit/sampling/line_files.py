"""The files of canonical lines: bytes to nouns and back (draw-protocol.md, sections 0 and 1).

A file is read in two ways. The quick way decodes all lines at once, and accepts the file only if
encoding the result gives the very bytes back and the columns pass every rule; this proves at once
that keys, order, white space, escapes and line ends are canonical. Whatever it does not accept is
read line by line, and every fault is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import TypeVar

import msgspec

from agency_credit.domain.canonical import MAX_INTEGER
from agency_credit.domain.frame import FrameUnit, Ground
from agency_credit.domain.roster import InspectorRoster, Recusal, Recusals, RosterInspector, ServedInspector
from agency_credit.sampling import fields
from agency_credit.sampling.fields import Faults
from agency_credit.sampling.frame import Frame, make_frame
from agency_credit.sampling.strict_json import decode_lines

FRAME_KEYS = ("area", "excluded", "mandatory", "size", "stratum", "unit")
ROSTER_KEYS = ("areas", "inspector", "limit", "skills")
RECUSAL_KEYS = ("inspector", "unit")
NAME_KEYS = ("certificate", "inspector", "name", "salt")

_T = TypeVar("_T")
_encoder = msgspec.json.Encoder()
_frame_decoder = msgspec.json.Decoder(FrameUnit)
_recusal_decoder = msgspec.json.Decoder(Recusal)


def parse_frame(data: bytes) -> Frame:
    """Read `targets.jsonl`.

    Raises
    ------
    FaultsError
        Every departure from sections 0 and 1, with its line.
    """
    units = _decode_canonical(data, _frame_decoder)
    if units is None or not _are_frame_units(units):
        units = _read_frame(data)
    return make_frame(data, units)


def format_frame(units: Iterable[FrameUnit]) -> bytes:
    """`targets.jsonl` of `units` in any order; `parse_frame` says whether they make a frame."""
    return _encoder.encode_lines(sorted(units, key=attrgetter("unit")))


def parse_roster(data: bytes) -> InspectorRoster:
    """Read `inspectors.jsonl`; raises `FaultsError` as `parse_frame` does."""
    faults = Faults("inspectors.jsonl")
    inspectors = []
    order = _Order("inspector", faults)
    for n, row in decode_lines(data, ROSTER_KEYS, faults):
        inspector = RosterInspector(
            areas=fields.sorted_sequence(row["areas"], f"{n}:areas", faults, _area),
            inspector=fields.identifier(row["inspector"], f"{n}:inspector", faults),
            limit=fields.integer(row["limit"], 0, f"{n}:limit", faults),
            skills=fields.sorted_sequence(row["skills"], f"{n}:skills", faults, fields.identifier),
        )
        order.note(n, inspector.inspector)
        inspectors.append(inspector)
    faults.raise_if_any()
    return InspectorRoster(inspectors=tuple(inspectors))


def format_roster(roster: InspectorRoster) -> bytes:
    """`inspectors.jsonl` of `roster`."""
    return _encoder.encode_lines(sorted(roster.inspectors, key=attrgetter("inspector")))


def parse_recusals(data: bytes) -> Recusals:
    """Read `recusals.jsonl`; raises `FaultsError` as `parse_frame` does."""
    pairs = _decode_canonical(data, _recusal_decoder)
    if pairs is None or not _are_recusals(pairs):
        pairs = _read_recusals(data)
    return Recusals(pairs=tuple(pairs))


def format_recusals(recusals: Recusals) -> bytes:
    """`recusals.jsonl` of `recusals`."""
    return _encoder.encode_lines(sorted(recusals.pairs, key=attrgetter("unit", "inspector")))


def parse_names(data: bytes) -> tuple[ServedInspector, ...]:
    """Read `names.jsonl`; raises `FaultsError` as `parse_frame` does."""
    faults = Faults("names.jsonl")
    names = []
    order = _Order("inspector", faults)
    for n, row in decode_lines(data, NAME_KEYS, faults):
        name = ServedInspector(
            certificate=fields.text(row["certificate"], f"{n}:certificate", faults),
            inspector=fields.identifier(row["inspector"], f"{n}:inspector", faults),
            name=fields.text(row["name"], f"{n}:name", faults),
            salt=fields.hexadecimal(row["salt"], f"{n}:salt", faults),
        )
        order.note(n, name.inspector)
        names.append(name)
    faults.raise_if_any()
    return tuple(names)


def format_names(names: Iterable[ServedInspector]) -> bytes:
    """`names.jsonl` of those who served."""
    return _encoder.encode_lines(sorted(names, key=attrgetter("inspector")))


class _Order:
    """Watches that the keys of the lines ascend without duplicates."""

    def __init__(self, key: str, faults: Faults) -> None:
        self._key, self._faults = key, faults
        self._first: dict[tuple[str, ...], int] = {}
        self._last: tuple[str, ...] = ()

    def note(self, number: int, *value: str) -> None:
        """Take in the key of line `number`."""
        first = self._first.setdefault(value, number)
        if first != number:
            self._faults.add_fault(
                number,
                "line.duplicate",
                "the {key} of line {line} stands here again; keep one",
                key=self._key,
                line=first,
            )
        elif value < self._last:
            self._faults.add_fault(
                number,
                "line.unsorted",
                "this line belongs further up; sort the lines by {key}",
                key=self._key,
            )
        self._last = value


def _decode_canonical(data: bytes, decoder: msgspec.json.Decoder[_T]) -> list[_T] | None:
    """The lines of `data` if they are canonical JSON objects with the decoder's keys, else None."""
    try:
        rows = decoder.decode_lines(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return rows if _encoder.encode_lines(rows) == data else None


def _are_frame_units(units: Sequence[FrameUnit]) -> bool:
    grounds = [ground for u in units for ground in (u.excluded, u.mandatory) if ground is not None]
    texts = {u.area for u in units} | {g.basis for g in grounds} | {g.reason for g in grounds}
    names = [u.unit for u in units]
    return (
        fields.are_identifiers(names)
        and fields.is_sorted(names)
        and fields.are_identifiers(list({u.stratum for u in units}))
        and fields.are_texts(list(texts))
        and all(1 <= u.size < MAX_INTEGER for u in units)
        and not any(u.excluded is not None and u.mandatory is not None for u in units)
    )


def _read_frame(data: bytes) -> list[FrameUnit]:
    faults = Faults("targets.jsonl")
    units = []
    order = _Order("unit", faults)
    for n, row in decode_lines(data, FRAME_KEYS, faults):
        unit = FrameUnit(
            area=fields.text(row["area"], f"{n}:area", faults),
            excluded=_read_ground(row["excluded"], f"{n}:excluded", faults),
            mandatory=_read_ground(row["mandatory"], f"{n}:mandatory", faults),
            size=fields.integer(row["size"], 1, f"{n}:size", faults),
            stratum=fields.identifier(row["stratum"], f"{n}:stratum", faults),
            unit=fields.identifier(row["unit"], f"{n}:unit", faults),
        )
        if unit.excluded is not None and unit.mandatory is not None:
            faults.add_fault(
                n,
                "frame.excluded-and-mandatory",
                "the unit {unit} is excluded and mandatory; choose one",
                unit=unit.unit,
            )
        order.note(n, unit.unit)
        units.append(unit)
    faults.raise_if_any()
    return units


def _read_ground(value: object, at: str, faults: Faults) -> Ground | None:
    if value is None:
        return None
    ground = fields.record(value, ("basis", "reason"), at, faults)
    if ground is None:
        return Ground(basis="", reason="")
    return Ground(
        basis=fields.text(ground["basis"], f"{at}.basis", faults),
        reason=fields.text(ground["reason"], f"{at}.reason", faults),
    )


def _are_recusals(pairs: Sequence[Recusal]) -> bool:
    return (
        fields.are_identifiers([pair.unit for pair in pairs])
        and fields.are_identifiers([pair.inspector for pair in pairs])
        and fields.is_sorted([(pair.unit, pair.inspector) for pair in pairs])
    )


def _read_recusals(data: bytes) -> list[Recusal]:
    faults = Faults("recusals.jsonl")
    pairs = []
    order = _Order("unit, inspector", faults)
    for n, row in decode_lines(data, RECUSAL_KEYS, faults):
        pair = Recusal(
            inspector=fields.identifier(row["inspector"], f"{n}:inspector", faults),
            unit=fields.identifier(row["unit"], f"{n}:unit", faults),
        )
        order.note(n, pair.unit, pair.inspector)
        pairs.append(pair)
    faults.raise_if_any()
    return pairs


def _area(value: object, at: str, faults: Faults) -> str:
    """The prefix of an area; the empty one would hide that an inspector may go everywhere."""
    area = fields.text(value, at, faults)
    if value == "":
        faults.add_fault(at, "roster.area-empty", "an area must not be empty; an empty list means everywhere")
    return area
