"""Every place in the store that holds something of a credit record, and what it becomes (docs/adr/0041)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from agency_credit.database.tables import (
    CaseFile,
    CaseFileContent,
    CaseStep,
    CaseText,
    ChangeDecision,
    ChangeRequest,
    CreditCase,
    CreditRecord,
    IdempotentAnswer,
    ImportRun,
    ImportUpload,
    LogBody,
    Notice,
    Rating,
    RecordEvent,
    RecordPublication,
    RecordSalt,
    Reply,
    ReplyStep,
    ReplyText,
)
from agency_credit.domain.canonical import format_canonical
from agency_credit.services.import_work import in_chunks

Row = Mapping[str, Any]
NO_DAY = date(1970, 1, 1)
"""Stands for the day of a forgotten record, which is not kept."""
_TEXTS = (
    *("kind", "document_number", "authority", "summary", "evidence"),
    *("category", "procedure", "sanctions", "severity"),
)
_DAYS = ("served_on", "conduct_ended_on")
_OF_CHANGES = ("on", "until", "millipoints")
"""Facts of a case that say something of the record: the change that was proposed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A record with the versions that corrections put into each other's place: they are forgotten together.

    Parameters
    ----------
    records
        Rows of the versions.
    commitments
        By which ratings and proposals name them.
    """

    records: Sequence[Row]
    commitments: frozenset[str]

    @property
    def ids(self) -> list[int]:
        """Numbers of the versions."""
        return [row["id"] for row in self.records]

    @property
    def owner(self) -> Row:
        """The row that says whose record it is; the same of all versions."""
        return self.records[0]

    @property
    def marks(self) -> frozenset[str]:
        """Texts by which a stored text is known to speak of the record."""
        texts = (row[name] for row in self.records for name in ("document_number", "summary", "evidence"))
        return self.commitments | frozenset(text for text in texts if text)

    def is_named_in(self, text: str) -> bool:
        """Whether a text names the record, written plainly or as JSON writes it."""
        return any(mark in text or json.dumps(mark)[1:-1] in text for mark in self.marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A row of the store that holds something of the record; `blank`: what becomes of it, None: deleted."""

    table: Any
    row: Row
    blank: Mapping[str, Any] | None = None

    @property
    def place(self) -> str:
        """Name of the table."""
        return str(self.table._meta.tablename)  # noqa: SLF001  (Piccolo names its tables nowhere else)

    async def remove(self) -> None:
        """Let the row go; triggers hold that it was sealed before."""
        here = self.table.id == self.row["id"]
        if self.blank is None:
            await self.table.delete().where(here)
        else:
            await self.table.update(
                {getattr(self.table, name): value for name, value in self.blank.items()}
            ).where(here)


async def load_chain(record: int) -> Chain:
    """The record with this number and every version before and after it; forgotten ones are none."""
    found: dict[int, Row] = {}
    wanted = {record}
    while wanted:
        rows = await CreditRecord.select().where(
            CreditRecord.id.is_in(sorted(wanted)) | CreditRecord.corrects.is_in(sorted(wanted))
        )
        found |= {row["id"]: row for row in rows}
        wanted = {row["corrects"] for row in rows if row["corrects"]} | {row["id"] for row in rows}
        wanted = {number for number in wanted if number not in found} | {
            row["id"] for row in rows if row["id"] not in wanted
        }
    salts = await RecordSalt.select(RecordSalt.record, RecordSalt.commitment).where(
        RecordSalt.record.is_in(sorted(found) or [0])
    )
    commitments = {row["record"]: row["commitment"] for row in salts}
    return Chain(
        records=[row for number, row in sorted(found.items()) if number in commitments],
        commitments=frozenset(commitments.values()),
    )


async def find_pieces(chain: Chain) -> list[Piece]:
    """All rows that hold something of the record, but the bodies of the public log."""
    return [piece for find in _FINDERS for piece in await find(chain)]


async def find_bodies(chain: Chain, pieces: Sequence[Piece]) -> list[Piece]:
    """The bodies of the public log behind these rows, and behind the steps of cases and replies about it."""
    steps = await CaseStep.select(CaseStep.log_index).where(CaseStep.case.is_in(await _cases(chain)))
    steps += await ReplyStep.select(ReplyStep.log_index).where(
        ReplyStep.reply.is_in(await _replies(chain) or [0])
    )
    told = [*(piece.row.get("log_index") for piece in pieces), *(step["log_index"] for step in steps)]
    indexes = sorted({index for index in told if index is not None})
    rows: list[Row] = []
    for chunk in in_chunks(indexes):
        rows += await LogBody.select().where(LogBody.log_index.is_in(list(chunk)))
    return [Piece(table=LogBody, row=row) for row in rows]


async def _records(chain: Chain) -> list[Piece]:
    empty: dict[str, Any] = dict.fromkeys(_TEXTS, "") | dict.fromkeys(_DAYS) | {"decided_on": NO_DAY}
    return [
        Piece(table=CreditRecord, row=row, blank={**empty, "digest": f"forgotten {row['id']}"})
        for row in chain.records
    ]


async def _events(chain: Chain) -> list[Piece]:
    return await _rows_of(RecordEvent, RecordEvent.record, chain.ids)


async def _salts(chain: Chain) -> list[Piece]:
    return await _rows_of(RecordSalt, RecordSalt.record, chain.ids)


async def _publications(chain: Chain) -> list[Piece]:
    return await _rows_of(RecordPublication, RecordPublication.record, chain.ids)


async def _ratings(chain: Chain) -> list[Piece]:
    """Ratings that rest on the record are emptied whole; of the one after them only what moved it."""
    whose = Rating.agency == chain.owner["agency"]
    if chain.owner["practitioner"] is None:
        whose = whose & Rating.practitioner.is_null()
    else:
        whose = Rating.practitioner == chain.owner["practitioner"]
    whole = {"score": 0, "tier": "", "lines_json": "[]", "moved_json": "[]"}
    pieces = []
    for row in await Rating.select().where(whose).order_by(Rating.id):
        if _holds(row["lines_json"], chain.commitments):
            pieces.append(Piece(table=Rating, row=row, blank=whole))
        elif _holds(row["moved_json"], chain.commitments):
            moved = {key: value for key, value in row.items() if key != "log_index"}
            pieces.append(Piece(table=Rating, row=moved, blank={"moved_json": "[]"}))
    return pieces


async def _proposals(chain: Chain) -> list[Piece]:
    requests = await _rows_of(ChangeRequest, ChangeRequest.subject, sorted(chain.commitments))
    decisions = await _rows_of(
        ChangeDecision, ChangeDecision.request, [piece.row["id"] for piece in requests]
    )
    said = {"payload_json": "{}", "reason": "", "applies_from": None}
    return [
        *(Piece(table=ChangeRequest, row=piece.row, blank=said) for piece in requests),
        *(Piece(table=ChangeDecision, row=piece.row, blank={"reason": ""}) for piece in decisions),
    ]


async def _case_contents(chain: Chain) -> list[Piece]:
    """What was said and sent in objections, applications for repair and replies; that they were, stays."""
    cases = await _cases(chain)
    steps = await _rows_of(CaseStep, CaseStep.case, cases)
    files = await _rows_of(CaseFile, CaseFile.case, cases)
    contents = await _rows_of(CaseFileContent, CaseFileContent.file, [file.row["id"] for file in files])
    texts = await _rows_of(CaseText, CaseText.step, [step.row["id"] for step in steps])
    words = await _rows_of(ReplyText, ReplyText.reply, await _replies(chain))
    return [*texts, *words, *contents, *files, *(piece for step in steps for piece in _without_days(step))]


def _without_days(step: Piece) -> Iterable[Piece]:
    """A step in whose facts a day of the record stands: of these facts only that there were some is kept."""
    details = json.loads(step.row["details_json"])
    told = {name: None for name in _OF_CHANGES if details.get(name) is not None}
    if told:
        yield Piece(
            table=CaseStep,
            row=step.row,
            blank={"details_json": format_canonical({**details, **told}).decode()},
        )


async def _replies(chain: Chain) -> list[int]:
    rows = await Reply.select(Reply.id).where((Reply.kind == "record") & Reply.target.is_in(chain.ids))
    return [row["id"] for row in rows]


async def _cases(chain: Chain) -> list[int]:
    rows = await CreditCase.select(CreditCase.id).where(CreditCase.record.is_in(chain.ids))
    return [row["id"] for row in rows] or [0]


async def _runs(chain: Chain) -> list[Piece]:
    """What imports said of rows of their lists, where they said it of this record."""
    pieces = []
    for row in await ImportRun.select().where(
        (ImportRun.kind == "records") & (ImportRun.faults_json != "[]")
    ):
        faults = json.loads(row["faults_json"])
        kept = [fault for fault in faults if not chain.is_named_in(json.dumps(fault, ensure_ascii=False))]
        if len(kept) < len(faults):
            faults_json = json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            pieces.append(Piece(table=ImportRun, row=_without_entry(row), blank={"faults_json": faults_json}))
    return pieces


async def _uploads(_chain: Chain) -> list[Piece]:
    """Lists of records that wait to be taken in: only reading them again would tell which holds it."""
    rows = await ImportUpload.select(ImportUpload.id).where(ImportUpload.kind == "records")
    return [Piece(table=ImportUpload, row=row) for row in rows]


async def _notices(chain: Chain) -> list[Piece]:
    proposals = await ChangeRequest.select(ChangeRequest.id).where(
        ChangeRequest.subject.is_in(sorted(chain.commitments))
    )
    paths = {f"/admin/records/changes/{row['id']}" for row in proposals}
    rows = await Notice.select().where(Notice.path.like("%/records/%"))
    return [
        Piece(table=Notice, row=row)
        for row in rows
        if row["path"] in paths or chain.is_named_in(f"{row['path']} {row['what']}")
    ]


async def _answers(chain: Chain) -> list[Piece]:
    """Answers kept for a day for who asks again with the same ``Idempotency-Key``."""
    rows = await IdempotentAnswer.select()
    return [
        Piece(table=IdempotentAnswer, row={"id": row["id"]})
        for row in rows
        if chain.is_named_in(bytes(row["body"]).decode(errors="replace"))
    ]


_FINDERS: tuple[Callable[[Chain], Awaitable[list[Piece]]], ...] = (
    _records,
    _events,
    _salts,
    _publications,
    _ratings,
    _proposals,
    _case_contents,
    _runs,
    _uploads,
    _notices,
    _answers,
)
PLACES = (
    *("credit_record", "record_event", "record_salt", "record_publication", "rating"),
    *("change_request", "change_decision", "case_step", "case_text", "case_file", "case_file_content"),
    "reply_text",
    *("import_run", "import_upload", "notice", "idempotent_answer", "log_body"),
)
"""Tables from which a record is taken; a test holds all others against a reason why it is not in them."""


async def _rows_of(table: Any, column: Any, values: Sequence[Any]) -> list[Piece]:
    rows: list[Row] = []
    for chunk in in_chunks(values):
        rows += await table.select().where(column.is_in(list(chunk))).order_by(table.id)
    return [Piece(table=table, row=row) for row in rows]


def _holds(text: str, commitments: Collection[str]) -> bool:
    return any(commitment in text for commitment in commitments)


def _without_entry(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "log_index"}
