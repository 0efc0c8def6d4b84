"""What headings mean that we do not know: said once by a person of the office, used at every later import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agency_credit.database.tables import ImportColumn
from agency_credit.domain.errors import InputError, NotFoundError
from agency_credit.domain.role import IMPORTERS, Actor
from agency_credit.services.import_header import MAX_HEADING, normalise_heading
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.office import Office
from agency_credit.services.operation import operation


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidColumn:
    """A heading, the column that it is read as, and who said so."""

    number: int
    heading: str
    field: str
    set_by: str
    set_at: datetime


async def load_columns(kind: str) -> list[SaidColumn]:
    """What was said of headings in lists of this kind, by heading."""
    rows = await ImportColumn.select().where(ImportColumn.kind == kind).order_by(ImportColumn.heading)
    known = {column.field for column in KINDS[kind].columns}
    return [
        SaidColumn(
            number=row["id"],
            heading=row["heading"],
            field=row["field"],
            set_by=row["set_by"],
            set_at=row["set_at"],
        )
        for row in rows
        if row["field"] in known
    ]


async def load_said(kind: str) -> dict[str, str]:
    """Field by normalised heading."""
    return {column.heading: column.field for column in await load_columns(kind)}


async def say_columns(office: Office, actor: Actor, kind: str, fields: Mapping[str, str]) -> None:
    """Remember what headings mean in lists of this kind; what was said of them before is replaced.

    Parameters
    ----------
    fields
        Field by heading, however it is written.

    Raises
    ------
    InputError
        Two headings for one field, a heading without text, no such kind or field.
    """
    async with operation(office, actor, "import.columns", kind, roles=IMPORTERS) as op:
        wanted = _check(kind, fields)
        for heading, field in wanted.items():
            here = (ImportColumn.kind == kind) & (ImportColumn.heading == heading)
            await ImportColumn.delete().where(here)
            await ImportColumn.insert(
                ImportColumn(kind=kind, heading=heading, field=field, set_by=actor.username, set_at=op.at)
            )
        op.details.update({"headings": len(wanted)})


async def forget_column(office: Office, actor: Actor, number: int) -> str:
    """Take back what was said of a heading; its kind of list.

    Raises
    ------
    NotFoundError
        Nothing is remembered under this number.
    """
    async with operation(office, actor, "import.forget-column", str(number), roles=IMPORTERS) as op:
        row = await ImportColumn.select().where(ImportColumn.id == number).first()
        if row is None:
            raise NotFoundError("import.column-unknown", "nothing is remembered under this number")
        await ImportColumn.delete().where(ImportColumn.id == number)
        op.details.update({"heading": row["heading"]})
        return str(row["kind"])


def _check(kind: str, fields: Mapping[str, str]) -> dict[str, str]:
    known = {column.field: column.headings[0] for column in KINDS[kind].columns} if kind in KINDS else {}
    wanted: dict[str, str] = {}
    for heading, field in fields.items():
        key = normalise_heading(heading)[:MAX_HEADING]
        if not key or field not in known:
            raise InputError("import.column-field", "choose a column of this kind of list for each heading")
        if field in wanted.values():
            raise InputError(
                "import.column-twice",
                "two headings are both to be {field}; choose one of them",
                field=known[field],
            )
        wanted[key] = field
    return wanted
