"""Where cases about records are kept: objections and applications for repair, their steps and files.

Nothing here decides what may follow what: the use cases ask the pure state tables of `inspection`, inside
their operation, and append what they decided.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from agency_credit.database.tables import CaseFile, CaseFileContent, CaseStep, CaseText, CreditCase
from agency_credit.domain.canonical import Json, format_canonical
from agency_credit.domain.errors import NotFoundError, RefusedError
from agency_credit.services.case_files import LARGEST_CASE, CleanFile
from agency_credit.services.draw_store import person_of
from agency_credit.services.operation import Operation

Kind = Literal["objection", "repair"]
PAGE = 50
"""Cases of a page of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFileView:
    """A file of a case, without its bytes."""

    number: int
    name: str
    media_type: str
    n_bytes: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStepView:
    """A step of a case.

    Parameters
    ----------
    by, by_name
        Number and name of the person.
    text
        What was said with it; empty also where it was forgotten.
    """

    number: int
    step: str
    closes: bool
    by: int
    by_name: str
    at: datetime
    due_on: date | None
    details: Mapping[str, Any]
    log_index: int | None
    text: str = ""
    files: tuple[CaseFileView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case as a list shows it.

    Parameters
    ----------
    agency
        Number of the agency in the register.
    record, commitment
        Number of the record, which may be gone, and its commitment when the case was opened.
    step, step_at, step_by
        Its last step, when that was, and the number of the person.
    due_on
        The day that was promised last; None: none.
    """

    number: int
    kind: str
    agency: int
    uscc: str
    agency_name: str
    record: int
    commitment: str
    opened_at: datetime
    is_open: bool
    step: str
    step_at: datetime
    step_by: int
    due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(CaseLine):
    """A case with everything that happened in it, in its order."""

    steps: tuple[CaseStepView, ...]

    def last(self, *steps: str) -> CaseStepView | None:
        """The last of its steps by one of these names; None: there was none."""
        return next((step for step in reversed(self.steps) if step.step in steps), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Which cases a list shows.

    Open ones come by the day that was promised, those without a day last; closed ones the newest first.

    Parameters
    ----------
    agency, record
        Number of the agency, of the record; None: of all.
    last, last_not
        The last step is this one, is another than this one; None: whichever it is.
    after
        The last case of the page before.
    """

    kind: Kind | None = None
    agency: int | None = None
    record: int | None = None
    last: str | None = None
    last_not: str | None = None
    is_open: bool = True
    after: int | None = None
    limit: int = PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """A page of a list; `after` leads to the next one, None: this was the last."""

    cases: tuple[CaseLine, ...]
    after: int | None


async def open_case(op: Operation, kind: Kind, agency: int, record: int, commitment: str) -> int:
    """Open a case inside the caller's operation; its number. The first step is the caller's next call.

    Raises
    ------
    ConflictError
        Somebody opened one about this record at the same time.
    """
    earlier = await CreditCase.count().where((CreditCase.record == record) & (CreditCase.kind == kind))
    case = CreditCase(
        kind=kind,
        agency=agency,
        record=record,
        attempt=earlier + 1,
        commitment=commitment,
        opened_by=person_of(op.actor),
        opened_at=op.at,
    )
    await case.save()
    return int(case.id)


async def append_case_step(
    op: Operation,
    case: int,
    step: str,
    *,
    closes: bool = False,
    text: str = "",
    due_on: date | None = None,
    details: Mapping[str, Json] | None = None,
    log_index: int | None = None,
) -> int:
    """Append a step inside the caller's operation; its number.

    Parameters
    ----------
    closes
        The case is over with it.
    text
        What is said with it; kept apart, so that it can be forgotten.
    details
        Facts without free text.

    Raises
    ------
    ConflictError
        Somebody took a step in this case at the same time, or closed it before.
    """
    done = await CaseStep.count().where(CaseStep.case == case)
    row = CaseStep(
        case=case,
        sequence=done + 1,
        step=step,
        closes=closes,
        by=person_of(op.actor),
        at=op.at,
        due_on=due_on,
        details_json=format_canonical(details or {}).decode(),
        log_index=log_index,
    )
    await row.save()
    if text:
        await CaseText.insert(CaseText(step=row.id, text=text))
    return int(row.id)


async def add_case_files(case: int, step: int, files: Iterable[CleanFile]) -> None:
    """Keep what was sent with a step, inside the caller's operation; the same bytes once in a case.

    Parameters
    ----------
    files
        As `agency_credit.services.case_files.clean_case_files` gives them.

    Raises
    ------
    RefusedError
        The files of the case are too large together.
    """
    rows = await CaseFile.select(CaseFile.digest, CaseFile.n_bytes).where(CaseFile.case == case)
    known = {row["digest"] for row in rows}
    new = [file for file in files if file.digest not in known]
    if sum(row["n_bytes"] for row in rows) + sum(len(file.content) for file in new) > LARGEST_CASE:
        raise RefusedError(
            "file.case-large",
            "the files of one case have at most {n} MB together; leave some out or send smaller ones",
            n=LARGEST_CASE // 2**20,
        )
    for file in new:
        row = CaseFile(
            case=case,
            step=step,
            digest=file.digest,
            name=file.name,
            media_type=file.media_type,
            n_bytes=len(file.content),
        )
        await row.save()
        await CaseFileContent.insert(CaseFileContent(file=row.id, content=file.content))


async def load_case(number: int, kind: Kind | None = None) -> Case:
    """A case with its steps, texts and files.

    Parameters
    ----------
    kind
        What it must be; None: whatever it is.

    Raises
    ------
    NotFoundError
        There is no such case.
    """
    is_wanted, values = _conditions(CaseFilter(kind=kind))
    lines = await _load_lines(f"{is_wanted} AND c.id = {{}}", [*values, number], "", 1)
    if not lines:
        raise unknown_case(number)
    return Case(**_values(lines[0]), steps=await _load_steps(number))


def unknown_case(number: int) -> NotFoundError:
    """There is no such case, or none of whoever asks."""
    return NotFoundError("case.unknown", "there is no case {n} here; choose one of the list", n=number)


async def load_cases(wanted: CaseFilter) -> CasePage:
    """A page of cases; as many statements as ever, however many cases there are.

    Raises
    ------
    NotFoundError
        There is no such case as `wanted.after`, or none of the agency.
    """
    condition, values = _conditions(wanted)
    condition += f" AND {'NOT ' if wanted.is_open else ''}EXISTS ({_CLOSING})"
    order = f"{_DUE}, c.id" if wanted.is_open else "c.id DESC"
    if wanted.after is not None and wanted.is_open:
        condition += f" AND ({_DUE}, c.id) > ({{}}, {{}})"
        values += [await _load_due(wanted.after, wanted.agency), wanted.after]
    elif wanted.after is not None:
        condition, values = f"{condition} AND c.id < {{}}", [*values, wanted.after]
    lines = await _load_lines(condition, values, f"ORDER BY {order}", wanted.limit + 1)
    shown = tuple(lines[: wanted.limit])
    return CasePage(cases=shown, after=shown[-1].number if len(lines) > wanted.limit else None)


async def count_open_cases(kind: Kind) -> int:
    """How many cases of a kind nobody has closed."""
    rows = await CreditCase.raw(
        f"SELECT count(*) AS n FROM credit_case c WHERE c.kind = {{}} AND NOT EXISTS ({_CLOSING})",  # noqa: S608
        kind,
    )
    return int(rows[0]["n"])


async def load_case_file(case: int, file: int) -> tuple[CaseFileView, bytes]:
    """A file of a case and its bytes; whoever calls has checked that it may be seen.

    Raises
    ------
    NotFoundError
        This case has no such file.
    """
    row = await CaseFile.select().where((CaseFile.case == case) & (CaseFile.id == file)).first()
    content = (
        await CaseFileContent.select(CaseFileContent.content).where(CaseFileContent.file == file).first()
    )
    if row is None or content is None:
        raise NotFoundError("file.unknown", "this case has no such file")
    return _file(row), bytes(content["content"])


_NEVER = date(9999, 1, 1)  # asyncpg writes the last day of that year as infinity
_CLOSING = 'SELECT 1 FROM case_step e WHERE e."case" = c.id AND e.closes'
_LAST = 'SELECT l.step FROM case_step l WHERE l."case" = c.id ORDER BY l.sequence DESC LIMIT 1'
_DUE_OF = 'SELECT MAX(d.due_on) FROM case_step d WHERE d."case" = c.id'
_DUE = f"COALESCE(({_DUE_OF}), '{_NEVER}')"


async def _load_due(case: int, agency: int | None) -> date:
    """The day promised last in a case, far in the future where there is none: its place in the list.

    A list of one agency begins after none of another: what it shows would tell that case's day.
    """
    steps = CaseStep.select(CaseStep.due_on).where(CaseStep.case == case)
    if agency is not None:
        steps = steps.where(CaseStep.case.agency == agency)
    days = [step["due_on"] for step in await steps]
    if not days:
        raise unknown_case(case)
    return max((day for day in days if day is not None), default=_NEVER)


def _conditions(wanted: CaseFilter) -> tuple[str, list[Any]]:
    """SQL after WHERE with ``{}`` for each of the values."""
    parts, values = ["1 = 1"], list[Any]()
    for column, value in (("kind", wanted.kind), ("agency", wanted.agency), ("record", wanted.record)):
        if value is not None:
            parts.append(f"c.{column} = {{}}")
            values.append(value)
    for sign, step in (("=", wanted.last), ("<>", wanted.last_not)):
        if step is not None:
            parts.append(f"({_LAST}) {sign} {{}}")
            values.append(step)
    return " AND ".join(parts), values


async def _load_lines(condition: str, values: Sequence[Any], order: str, limit: int) -> list[CaseLine]:
    """Cases under a condition; all pieces of the statement are constants of this file."""
    found = await CreditCase.raw(
        f"SELECT c.id FROM credit_case c WHERE {condition} {order} LIMIT {limit}",  # noqa: S608
        *values,
    )
    ids = [row["id"] for row in found]
    if not ids:
        return []
    agency: Any = CreditCase.agency
    columns = (*CreditCase.all_columns(), agency.uscc.as_alias("uscc"), agency.name.as_alias("agency_name"))
    rows = {row["id"]: row for row in await CreditCase.select(*columns).where(CreditCase.id.is_in(ids))}
    steps: dict[int, list[Mapping[str, Any]]] = {}
    for step in await CaseStep.select().where(CaseStep.case.is_in(ids)).order_by(CaseStep.sequence):
        steps.setdefault(step["case"], []).append(step)
    return [_line(rows[number], steps[number]) for number in ids]


def _line(row: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> CaseLine:
    return CaseLine(
        number=row["id"],
        kind=row["kind"],
        agency=row["agency"],
        uscc=row["uscc"],
        agency_name=row["agency_name"],
        record=row["record"],
        commitment=row["commitment"],
        opened_at=row["opened_at"],
        is_open=not any(step["closes"] for step in steps),
        step=steps[-1]["step"],
        step_at=steps[-1]["at"],
        step_by=steps[-1]["by"],
        due_on=max((step["due_on"] for step in steps if step["due_on"] is not None), default=None),
    )


def _values(line: CaseLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in CaseLine.__slots__}


async def _load_steps(case: int) -> tuple[CaseStepView, ...]:
    rows = await (
        CaseStep.select(*CaseStep.all_columns(), CaseStep.by.display_name.as_alias("name"))
        .where(CaseStep.case == case)
        .order_by(CaseStep.sequence)
    )
    texts = {row["step"]: row["text"] for row in await CaseText.select().where(CaseText.step.case == case)}
    files: dict[int, list[CaseFileView]] = {}
    for row in await CaseFile.select().where(CaseFile.case == case).order_by(CaseFile.id):
        files.setdefault(row["step"], []).append(_file(row))
    return tuple(
        CaseStepView(
            number=row["id"],
            step=row["step"],
            closes=row["closes"],
            by=row["by"],
            by_name=row["name"],
            at=row["at"],
            due_on=row["due_on"],
            details=json.loads(row["details_json"]),
            log_index=row["log_index"],
            text=texts.get(row["id"], ""),
            files=tuple(files.get(row["id"], ())),
        )
        for row in rows
    )


def _file(row: Mapping[str, Any]) -> CaseFileView:
    return CaseFileView(
        number=row["id"],
        name=row["name"],
        media_type=row["media_type"],
        n_bytes=row["n_bytes"],
        digest=row["digest"],
    )
