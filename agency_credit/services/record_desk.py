"""What the console shows of an agency's rating and records: both times, what was proposed, what waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agency_credit.domain.errors import AgencyCreditError, NotFoundError
from agency_credit.domain.role import Actor
from agency_credit.scoring import PeriodTable
from agency_credit.services.change_request import Change, load_change, load_waiting_changes
from agency_credit.services.changes import check_basis
from agency_credit.services.disclosure import Disclosed, load_disclosed
from agency_credit.services.office import Office
from agency_credit.services.operation import append_audit
from agency_credit.services.outlook import Outlook, load_outlooks
from agency_credit.services.period_tables import load_period_tables
from agency_credit.services.rating import SubjectRating, load_ratings
from agency_credit.services.record_change import (
    KnownRecord,
    RecordChange,
    load_commitment,
    load_known_record,
    load_known_records,
    read_record_change,
)
from agency_credit.services.record_faults import check_change
from agency_credit.services.register import load_agency_row
from agency_credit.services.sealed_archive import count_sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """A record with its events, each with both times, and the proposals about it that wait.

    `corrects`: commitment of the record that it replaces; None: it replaces none.
    """

    known: KnownRecord
    waiting: Sequence[Change]
    corrects: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """A record with what the public may see of it.

    Parameters
    ----------
    disclosed
        None: it is forgotten.
    is_public
        Today.
    tables
        The period tables in force here, whose classes an authority may state.
    """

    view: RecordView
    disclosed: Disclosed | None
    is_public: bool
    tables: Sequence[PeriodTable]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyDesk:
    """An agency for the office.

    Parameters
    ----------
    ratings
        On a day as known on a day, by practice line.
    outlooks
        From that day on, by practice line; with what is known now, so none for a question about earlier.
    error
        Why it cannot be rated then, or has no outlook; None: it can.
    records
        All of the agency itself, the newest first.
    n_sealed
        Records known on the day of knowledge that were sealed since: the answer rests on none of them.
    """

    agency: int
    uscc: str
    name: str
    ratings: Sequence[SubjectRating]
    outlooks: Mapping[str, Outlook]
    error: AgencyCreditError | None
    records: Sequence[RecordView]
    n_sealed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChangeView:
    """A proposed change of a record; `obstacle`: why it could not be approved now, None: it could."""

    change: Change
    wanted: RecordChange
    record: RecordView
    obstacle: AgencyCreditError | None


async def ask_ratings(
    office: Office, actor: Actor, on: date, known: date, uscc: str | None = None
) -> list[SubjectRating]:
    """Ratings on a day as known on another, with an audit line: the question is internal (log.md, item 5).

    Raises
    ------
    NotFoundError, InputError
        As `load_ratings`; refused questions leave no line.
    """
    ratings = await load_ratings(office, on, uscc, known)
    details = {"on": on.isoformat(), "known": known.isoformat()}
    await append_audit(office, actor, "rating.as-known", uscc or "all", "done", details=dict(details))
    return ratings


async def count_sealed_of(known: date, uscc: str | None = None) -> int:
    """How many records known on a day were sealed since: of the agency with this code, None: of all."""
    agencies = None if uscc is None else [(await load_agency_row(uscc))["id"]]
    return await count_sealed(known, agencies)


async def load_agency_desk(
    office: Office, actor: Actor, uscc: str, on: date, known: date | None
) -> AgencyDesk:
    """An agency as the console shows it.

    Raises
    ------
    NotFoundError
        No agency has this code.
    """
    row = await load_agency_row(uscc)
    ratings: list[SubjectRating] = []
    outlooks: dict[str, Outlook] = {}
    error: AgencyCreditError | None = None
    try:
        if known is None:
            ratings = await load_ratings(office, on, uscc)
            found = await load_outlooks(office, uscc, on)
            outlooks = {outlook.rating.practice_line: outlook for outlook in found}
        else:
            ratings = await ask_ratings(office, actor, on, known, uscc)
    except NotFoundError:
        pass  # in no practice line: nothing rates it
    except AgencyCreditError as caught:
        error = caught
    known_records = await load_known_records(row["id"])
    named = {one.row["id"]: one.record.record_id for one in known_records}
    waiting = await load_waiting_changes("record")
    views = [_view(one, waiting, named.get(one.row["corrects"])) for one in known_records]
    return AgencyDesk(
        agency=row["id"],
        uscc=uscc,
        name=row["name"],
        ratings=ratings,
        outlooks=outlooks,
        error=error,
        records=views,
        n_sealed=0 if known is None else await count_sealed_of(known, uscc),
    )


async def load_record_page(office: Office, commitment: str) -> RecordPage:
    """A record as its own page shows it.

    Raises
    ------
    NotFoundError
        There is none.
    """
    view, today = await load_record_view(commitment), office.today()
    disclosed = (await load_disclosed(office, [view.known.row["id"]], today)).get(commitment)
    return RecordPage(
        view=view,
        disclosed=disclosed,
        is_public=disclosed is not None and disclosed.is_public(today),
        tables=await load_period_tables(office, today),
    )


async def load_record_view(commitment: str) -> RecordView:
    """A record as the console shows it.

    Raises
    ------
    NotFoundError
        There is none.
    """
    known, corrects = await load_known_record(commitment), None
    if known.row["corrects"] is not None:
        corrects = await load_commitment(known.row["corrects"])
    return _view(known, await load_waiting_changes("record", commitment), corrects)


async def load_record_change_view(office: Office, number: int) -> RecordChangeView:
    """A proposal about a record.

    Raises
    ------
    NotFoundError
        There is none.
    """
    change = await load_change(number)
    if change.kind != "record":
        raise NotFoundError("change.unknown", "there is no proposed change {n}", n=number)
    view, wanted = await load_record_view(change.subject), read_record_change(change.payload)
    obstacle: AgencyCreditError | None = None
    if change.decision is None:
        try:
            check_basis(change, view.known.n_events)
            await check_change(office, view.known, wanted, office.today())
        except AgencyCreditError as error:
            obstacle = error
    return RecordChangeView(change=change, wanted=wanted, record=view, obstacle=obstacle)


async def load_waiting_record_changes() -> list[Change]:
    """Proposals about records that wait, the oldest first."""
    return await load_waiting_changes("record")


def _view(known: KnownRecord, waiting: Sequence[Change], corrects: str | None) -> RecordView:
    own = [change for change in waiting if change.subject == known.record.record_id]
    return RecordView(known=known, waiting=own, corrects=corrects)
