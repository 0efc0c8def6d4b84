"""What refers to rows of the register, whatever table it stands in: found from the tables themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from piccolo.columns import ForeignKey
from piccolo.table import Table

from agency_credit.database.tables import TABLES, DrawFile
from agency_credit.domain.errors import Fault
from agency_credit.services.import_work import in_chunks

_FRAME = "targets.jsonl"


def _fault_of_reference(code: str, template: str) -> tuple[str, str]:
    return code, template


_SAID = {
    "agency": _fault_of_reference("import.undo-branch", "a branch names it as its parent"),
    "practitioner": _fault_of_reference("import.undo-practitioner", "practitioners are entered with it"),
    "practitioner_post": _fault_of_reference("import.undo-practitioner", "practitioners are entered with it"),
    "credit_record": _fault_of_reference("import.undo-record", "credit records stand in its file"),
    "rating": _fault_of_reference("import.undo-rating", "a rating rests on it"),
    "inspection": _fault_of_reference("import.undo-inspection", "an inspection is about it"),
    "inspection_seat": _fault_of_reference("import.undo-inspection", "a seat of an inspection is taken"),
    "draw_pseudonym": _fault_of_reference("import.undo-draw", "a draw that was announced names it"),
    "recusal": _fault_of_reference("import.undo-recusal", "a recusal names it"),
    "person": _fault_of_reference("import.undo-person", "an account belongs to it"),
}
_OTHERWISE = _fault_of_reference("import.undo-other", "rows of the table {table} name it")


async def find_references(
    table: type[Table], subjects: Mapping[int, str], ignored: Collection[str] = ()
) -> list[Fault]:
    """What names rows of `table`, a fault for each subject and table that does.

    Parameters
    ----------
    subjects
        What identifies each row, by its id.
    ignored
        Tables whose rows are part of the subject and go with it.
    """
    faults: set[tuple[str, str]] = set()
    for other, column in _columns_to(table):
        name = _name_of(other)
        if name not in ignored:
            named = await _named_by(other, column, subjects, is_self=other is table)
            faults |= {(subjects[number], name) for number in named}
    return [_say(subject, name) for subject, name in sorted(faults)]


async def find_frames(codes: Collection[str]) -> list[Fault]:
    """Announced draws whose frame names one of these agencies, a fault for each of both."""
    faults = []
    files = await DrawFile.select(DrawFile.content, DrawFile.draw.draw.as_alias("draw")).where(
        DrawFile.name == _FRAME
    )
    for file in files:
        content = bytes(file["content"])
        faults += [
            Fault(
                at=code,
                code="import.undo-frame",
                template="the frame of the draw {draw} names it",
                params={"draw": file["draw"]},
            )
            for code in codes
            if code.encode() in content
        ]
    return faults


def _columns_to(table: type[Table]) -> list[tuple[type[Table], ForeignKey[Any]]]:
    """Every foreign key to `table`; Piccolo names its columns nowhere but in `_meta`."""
    return [
        (other, column)
        for other in TABLES
        for column in other._meta.foreign_key_columns  # noqa: SLF001
        if column._foreign_key_meta.resolved_references is table  # noqa: SLF001
    ]


def _name_of(table: type[Table]) -> str:
    return str(table._meta.tablename)  # noqa: SLF001


async def _named_by(
    table: type[Table], column: ForeignKey[Any], subjects: Mapping[int, str], *, is_self: bool
) -> set[int]:
    """Which of the subjects rows of `table` name; subjects that name each other go together."""
    named: set[int] = set()
    for chunk in in_chunks(sorted(subjects)):
        key = table._meta.primary_key  # noqa: SLF001
        rows = await table.select(key, column.as_alias("named")).where(column.is_in(list(chunk)))
        named |= {row["named"] for row in rows if not (is_self and row["id"] in subjects)}
    return named


def _say(subject: str, table: str) -> Fault:
    code, template = _SAID.get(table, _OTHERWISE)
    return Fault(at=subject, code=code, template=template, params={} if table in _SAID else {"table": table})
