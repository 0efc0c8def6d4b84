"""Importing a file of an office: one transaction, every fault reported, nothing half done."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

from agency_credit.database import append_rows
from agency_credit.database.tables import ImportRow, ImportRun
from agency_credit.domain.canonical import Json, digest, format_canonical
from agency_credit.domain.errors import Fault, InputError
from agency_credit.domain.role import IMPORTERS, Actor
from agency_credit.services.agency_messages import tell_of_new_records
from agency_credit.services.import_agencies import PracticeLine
from agency_credit.services.import_child import read_apart
from agency_credit.services.import_columns import load_said
from agency_credit.services.import_format import tidy_name
from agency_credit.services.import_header import Table, find_tables
from agency_credit.services.import_history import prepare_records
from agency_credit.services.import_inspections import prepare_inspections
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.import_people import prepare_inspectors, prepare_practitioners
from agency_credit.services.import_recusal_store import prepare_recusals
from agency_credit.services.import_register import prepare_agencies
from agency_credit.services.import_sheets import Sheet
from agency_credit.services.import_work import ImportTask, ImportWork, RowOutcome, Touched
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.period_tables import load_fact_rules
from agency_credit.services.rating_run import rate_touched
from agency_credit.services.rule_book import load_rule_book

Mode = Literal["all-or-nothing", "accept-good"]

HEADER_FAULTS = frozenset({"import.header-missing", "import.column-missing", "import.heading-repeated"})
"""Codes of errors that a person mends by saying which column is which field."""

_PREPARE: dict[str, Callable[[ImportTask], Awaitable[ImportWork]]] = {
    "agencies": prepare_agencies,
    "practitioners": prepare_practitioners,
    "records": prepare_records,
    "inspectors": prepare_inspectors,
    "recusals": prepare_recusals,
    "inspections": prepare_inspections,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What came of a file.

    Parameters
    ----------
    new, changed, same
        Rows without error, by what they do to what was known; where nothing was stored, what they would.
    repeated
        Rows that stand in the file again; each is among the faults, as a warning.
    faults
        Errors, whose rows are kept out, and warnings, in the order of the file.
    outcomes
        What became of every row, or would.
    is_committed
        Whether the rows without error are now in the register.
    rerated
        New ratings of those whom the list touches and who were rated before.
    run
        Number of the run, where something was stored.
    forgotten
        Rows of records that were repaired or erased; they are not taken in again.
    """

    new: int
    changed: int
    same: int
    repeated: int
    faults: tuple[Fault, ...]
    outcomes: tuple[RowOutcome, ...]
    is_committed: bool
    rerated: int = 0
    run: int | None = None
    forgotten: int = 0

    @property
    def n_errors(self) -> int:
        """Faults that keep a row out."""
        return sum(fault.severity == "error" for fault in self.faults)

    def counts(self) -> dict[str, Json]:
        """The counts of rows without error, by name."""
        return {
            "new": self.new,
            "changed": self.changed,
            "same": self.same,
            "repeated": self.repeated,
            "forgotten": self.forgotten,
        }


async def import_file(
    office: Office,
    actor: Actor,
    kind: str,
    name: str,
    content: bytes,
    *,
    practice_line: PracticeLine | None = None,
    mode: Mode = "all-or-nothing",
    is_dry_run: bool = False,
) -> ImportReport:
    """Take a list into the register.

    1. The file is read before the transaction, in a process of its own.
    2. Its rows are held against the register; all faults are collected.
    3. With an error nothing is stored, unless `mode` is ``accept-good``: then the rows without error are.
    4. What changed the register is noted as a run, by what it did to whom so that it can be undone, and in
       the public log, by digest and numbers alone.
    5. Those whom records touch are rated anew, where they were rated before. An instrument that is missing
       today is a warning: the list is taken in, and the next rating makes up for it.
    6. Agencies with a desk are told there of records about them.

    Parameters
    ----------
    kind
        agencies, practitioners, records, inspectors or recusals.
    name, content
        Of the file: xlsx, xls or csv.
    practice_line
        Of rows that do not say it.

    Raises
    ------
    InputError
        A kind or file that cannot be read at all; faults of single rows are in the report instead.
    ForbiddenError
        The actor is neither drafter nor system administrator.
    """
    name = tidy_name(name)
    sheets = await read_sheets_of(kind, name, content)  # 1
    tables = find_list(kind, name, sheets, await load_said(kind), practice_line)
    async with operation(office, actor, f"import.{kind}", name, roles=IMPORTERS) as op, _uncollected():
        work = await weigh(op, kind, tables, practice_line)  # 2
        report = _report(work, mode, is_dry_run=is_dry_run)
        if report.is_committed and (report.new or report.changed):  # 3
            body = {"kind": kind, "file": digest(content), **_logged(report)}  # 4
            index = await op.append_entry("roster.imported", kind, body)
            run = await _append_run(op, kind, name, content, mode, report, index)
            await append_rows(ImportRow, _kept(run, work))
            touched = await work.store(run)
            report = await _rate_touched(op, replace(report, run=run), touched)  # 5
            if touched is not None:
                await tell_of_new_records(op, run, touched.agencies)  # 6
        op.details.update({**report.counts(), "errors": report.n_errors, "committed": report.is_committed})
    return report


@asynccontextmanager
async def _uncollected() -> AsyncIterator[None]:
    """Without the collector of cycles meanwhile.

    A list makes hundreds of thousands of objects that all live until its end and form no cycles; walking
    them again and again took a seventh of the time. Imports take turns, so one never wakes it under another.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


async def read_sheets_of(kind: str, name: str, content: bytes) -> tuple[Sheet, ...]:
    """The sheets of a file, read in a process of its own while others go on.

    Raises
    ------
    InputError
        No such kind of list, or no file that can be read.
    """
    if kind not in KINDS:
        raise InputError(
            "import.kind",
            "there is no kind of list {kind}; expected one of {expected}",
            kind=kind,
            expected=", ".join(KINDS),
        )
    return await asyncio.to_thread(read_apart, name, content)


def find_list(
    kind: str,
    name: str,
    sheets: Sequence[Sheet],
    said: Mapping[str, str],
    practice_line: PracticeLine | None,
) -> tuple[Table, ...]:
    """The list in a file, with at least one row, and with a practice line from somewhere.

    Raises
    ------
    InputError
        There is none; of `HEADER_FAULTS` where a person could say what its headings mean.
    """
    tables = find_tables(name, KINDS[kind], sheets, said)
    if all(len(table.sheet.rows) <= table.header + 1 for table in tables):
        raise InputError(
            "import.no-rows", "{file} has a header and no row below it; export the list again", file=name
        )
    _check_practice_line(name, tables, practice_line)
    return tables


async def weigh(
    op: Operation, kind: str, tables: Sequence[Table], practice_line: PracticeLine | None
) -> ImportWork:
    """What a list would do, held against the register within the transaction of `op`."""
    task = ImportTask(
        tables=tables,
        practice_line=practice_line,
        at=op.at,
        today=op.office.today(),
        person_id=op.actor.person_id,
        record_kinds=(await load_rule_book(op.office)).record_kinds_on(op.office.today()),
        fact_rules=await load_fact_rules(op.office),
        keys=op.office.keys,
    )
    return await _PREPARE[kind](task)


def _kept(run: int, work: ImportWork) -> list[dict[str, Any]]:
    encode = msgspec.json.encode
    return [
        {
            "run": run,
            "subject": change.subject,
            "before_json": "" if change.before is None else encode(change.before).decode(),
            "after_json": encode(change.after).decode(),
        }
        for change in work.list_stored()
    ]


def _report(work: ImportWork, mode: Mode, *, is_dry_run: bool) -> ImportReport:
    counts = work.counts()
    return ImportReport(
        new=counts["new"],
        changed=counts["changed"],
        same=counts["same"],
        repeated=counts["repeated"],
        forgotten=counts["forgotten"],
        faults=work.faults(),
        outcomes=work.outcomes,
        is_committed=not is_dry_run and (mode == "accept-good" or not counts["faulty"]),
    )


async def _rate_touched(op: Operation, report: ImportReport, touched: Touched | None) -> ImportReport:
    if touched is None:
        return report
    run = await rate_touched(op, touched.agencies, touched.practitioners)
    notes = tuple(
        Fault(
            at=instrument.value,
            code=error.code,
            template=error.template,
            params=error.params,
            severity="warning",
        )
        for instrument, error in run.missing.items()
    )
    return replace(report, rerated=run.n_changed, faults=(*report.faults, *notes))


def _check_practice_line(name: str, tables: Sequence[Table], practice_line: PracticeLine | None) -> None:
    """Say once, not in every row, that nothing names the practice line."""
    for table in tables:
        needs = any(column.field == "practice_line" for column in table.kind.columns)
        if needs and practice_line is None and "practice_line" not in table.places:
            raise InputError(
                "import.practice-line-missing",
                "{file} has no column that says 专利 or 商标; name the practice line of the file when "
                "importing it (patent or trademark)",
                file=name,
            )


def _logged(report: ImportReport) -> dict[str, Json]:
    return {"new": report.new, "changed": report.changed, "same": report.same}


async def _append_run(
    op: Operation, kind: str, name: str, content: bytes, mode: Mode, report: ImportReport, index: int
) -> int:
    faults: list[Json] = [
        {
            "at": fault.at,
            "code": fault.code,
            "params": fault.params,
            "severity": fault.severity,
            "template": fault.template,
        }
        for fault in report.faults
    ]
    run = ImportRun(
        kind=kind,
        file_name=name,
        file_digest=digest(content),
        mode=mode,
        at=op.at,
        by=op.actor.username,
        counts_json=format_canonical(report.counts()).decode(),
        faults_json=format_canonical(faults).decode(),
        log_index=index,
    )
    await run.save()
    return int(run.id)
