"""A file is sent once: it is kept while its owner looks at what it would do, for a day at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import msgspec

from agency_credit.database import transaction
from agency_credit.database.tables import ImportUpload
from agency_credit.domain.canonical import digest
from agency_credit.domain.errors import Fault, ForbiddenError, InputError, NotFoundError
from agency_credit.domain.role import IMPORTERS, Actor
from agency_credit.services.import_agencies import PracticeLine
from agency_credit.services.import_columns import load_said
from agency_credit.services.import_file import (
    HEADER_FAULTS,
    ImportReport,
    Mode,
    find_list,
    import_file,
    read_sheets_of,
    weigh,
)
from agency_credit.services.import_format import tidy_name
from agency_credit.services.import_header import Heading, list_headings
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.import_work import RowOutcome
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.record_publication import publish_new
from agency_credit.services.upload_expiry import KEPT

MAX_KEPT = 5
"""Uploads of one person; the oldest makes room."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a file would do, as of `ImportUpload.at`; with a problem it has headings and no outcomes."""

    outcomes: tuple[RowOutcome, ...] = ()
    headings: tuple[Heading, ...] = ()
    problem: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that waits, or was taken in less than a day ago (then `run` says as which)."""

    number: int
    kind: str
    practice_line: PracticeLine | None
    name: str
    content: bytes
    at: datetime
    run: int | None
    preview: Preview


async def keep_upload(
    office: Office, actor: Actor, kind: str, name: str, content: bytes, practice_line: PracticeLine | None
) -> int:
    """Keep a file and what it would do; its number. Nothing goes into the register.

    A list whose headings we do not know is kept as well: its owner may say what they mean.

    Raises
    ------
    InputError
        No file that can be read at all.
    """
    if actor.person_id is None:
        raise ForbiddenError("import.no-person", "only a person with an account keeps files here")
    name = tidy_name(name)
    sheets = await read_sheets_of(kind, name, content)
    async with operation(office, actor, f"import.{kind}", name, roles=IMPORTERS) as op:
        await _make_room(op)
        preview = await _preview(op, kind, name, sheets, practice_line)
        upload = ImportUpload(
            owner=actor.person_id,
            kind=kind,
            practice_line=practice_line or "",
            file_name=name,
            file_digest=digest(content),
            content=content,
            preview=msgspec.json.encode(preview),
            at=op.at,
        )
        await upload.save()
        return int(upload.id)


async def refresh_upload(office: Office, actor: Actor, number: int) -> None:
    """Ask again what a kept file would do: its headings have another meaning now."""
    upload = await load_upload(office, actor, number)
    sheets = await read_sheets_of(upload.kind, upload.name, upload.content)
    async with operation(office, actor, f"import.{upload.kind}", upload.name, roles=IMPORTERS) as op:
        preview = await _preview(op, upload.kind, upload.name, sheets, upload.practice_line)
        await ImportUpload.update({ImportUpload.preview: msgspec.json.encode(preview)}).where(
            ImportUpload.id == number
        )


async def load_upload(office: Office, actor: Actor, number: int) -> Upload:
    """A file of the actor's own.

    Raises
    ------
    NotFoundError
        None of this number, somebody else's, older than a day.
    """
    row = await ImportUpload.select().where(_is_own(actor, number)).first()
    if row is None or row["at"] < office.now() - KEPT:
        raise NotFoundError(
            "import.upload-gone",
            "this file is not here any more: files are kept for a day; choose it again",
        )
    return _to_upload(row)


async def find_upload(actor: Actor, run: int) -> Upload | None:
    """The file behind a run while it is kept, for its owner; None for everybody else."""
    if actor.person_id is None:
        return None
    row = await (
        ImportUpload.select()
        .where((ImportUpload.run == run) & (ImportUpload.owner == actor.person_id))
        .first()
    )
    return _to_upload(row) if row else None


async def commit_upload(office: Office, actor: Actor, number: int, mode: Mode) -> ImportReport:
    """Take a kept file in; a second time everything is the same and nothing is stored.

    The file stays for the rest of its day, so that its owner can fetch it with what became of each row.

    Raises
    ------
    NotFoundError
        As `load_upload`.
    InputError
        As `import_file`.
    """
    upload = await load_upload(office, actor, number)
    report = await import_file(
        office,
        actor,
        upload.kind,
        upload.name,
        upload.content,
        practice_line=upload.practice_line,
        mode=mode,
    )
    preview = Preview(outcomes=report.outcomes, headings=upload.preview.headings)
    here: Any = ImportUpload.id == number
    if report.run is None:  # whoever pressed the button a second time does not take away what the first did
        here = here & ImportUpload.run.is_null()
    async with transaction():
        await ImportUpload.update(
            {ImportUpload.run: report.run, ImportUpload.preview: msgspec.json.encode(preview)}
        ).where(here)
    if report.run is not None and upload.kind == "records":
        await publish_new(office, actor)
    return report


async def abandon_upload(office: Office, actor: Actor, number: int) -> None:
    """Forget a file of the actor's own at once.

    Raises
    ------
    NotFoundError
        As `load_upload`.
    """
    upload = await load_upload(office, actor, number)
    async with operation(office, actor, "import.abandon", upload.name, roles=IMPORTERS):
        await ImportUpload.delete().where(_is_own(actor, number))


async def _preview(
    op: Operation, kind: str, name: str, sheets: Any, practice_line: PracticeLine | None
) -> Preview:
    said = await load_said(kind)
    headings = list_headings(KINDS[kind], sheets, said)
    try:
        tables = find_list(kind, name, sheets, said, practice_line)
    except InputError as error:
        if error.code not in HEADER_FAULTS:
            raise
        op.details.update({"error": error.code, "committed": False})
        problem = Fault(at=name, code=error.code, template=error.template, params=error.params)
        return Preview(headings=headings, problem=problem)
    work = await weigh(op, kind, tables, practice_line)
    counts = work.counts()
    stated = {"new": counts["new"], "changed": counts["changed"], "same": counts["same"]}
    stated |= {"repeated": counts["repeated"], "forgotten": counts["forgotten"]}
    op.details.update({**stated, "errors": counts["faulty"], "committed": False})
    return Preview(outcomes=work.outcomes, headings=headings)


async def _make_room(op: Operation) -> None:
    await ImportUpload.delete().where(ImportUpload.at < op.at - KEPT)
    rows = await (
        ImportUpload.select(ImportUpload.id)
        .where(ImportUpload.owner == op.actor.person_id)
        .order_by(ImportUpload.id, ascending=False)
    )
    oldest = [row["id"] for row in rows[MAX_KEPT - 1 :]]
    if oldest:
        await ImportUpload.delete().where(ImportUpload.id.is_in(oldest))


def _is_own(actor: Actor, number: int) -> Any:
    return (ImportUpload.id == number) & (ImportUpload.owner == (actor.person_id or 0))


def _to_upload(row: Mapping[str, Any]) -> Upload:
    return Upload(
        number=row["id"],
        kind=row["kind"],
        practice_line=cast("PracticeLine | None", row["practice_line"] or None),
        name=row["file_name"],
        content=bytes(row["content"]),
        at=row["at"],
        run=row["run"],
        preview=_decoder.decode(bytes(row["preview"])),
    )


_decoder = msgspec.json.Decoder(Preview)
