"""Everything that is due: results to publish, what was ordered, results to take down, steps of draws."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from agency_credit.database.tables import ResultStep, ResultWithdrawal
from agency_credit.domain.day import day_in_china
from agency_credit.domain.role import DRAW_READERS, Actor
from agency_credit.services.case_store import CaseLine
from agency_credit.services.desk_draws import DeskDraw, load_desk_draws
from agency_credit.services.desk_results import DeskInspection, load_desk_inspections
from agency_credit.services.follow_up import load_follow_ups
from agency_credit.services.objection_desk import load_objections
from agency_credit.services.office import Office
from agency_credit.services.repair_desk import load_waiting_repairs, task_of
from agency_credit.services.repairs import path_of as repair_path
from agency_credit.services.result_store import path_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Something that is due.

    Parameters
    ----------
    kind
        ``result.publish``, ``follow-up.due``, ``follow-up.close``, ``result.withdraw``,
        ``objection.answer``, ``repair.propose``, ``repair.decide`` or ``draw.`` and the next step of a
        draw; the pages have the words.
    due_on
        None: nobody has set a day, and it is not at its end.
    """

    kind: str
    what: str
    path: str
    due_on: date | None
    is_overdue: bool


async def load_deadlines(office: Office, actor: Actor) -> tuple[Deadline, ...]:
    """What is due, the most urgent first; whoever does not read draws sees that of his own teams."""
    is_reader = bool(actor.roles & DRAW_READERS)
    every = await load_desk_inspections(office)
    inspections = [item for item in every if is_reader or item.has_member(actor)]
    today = office.today()
    due = [
        *_results(inspections),
        *await _follow_ups(inspections, today),
        *await _withdrawals(inspections, today),
    ]
    if is_reader:
        due += await _objections(office)
        due += _draws(await load_desk_draws(office, actor, every))
        due += _repairs(await load_waiting_repairs(), today)
    return tuple(sorted(due, key=lambda item: (item.due_on or date.max, item.kind, item.path)))


def _results(inspections: Iterable[DeskInspection]) -> Iterator[Deadline]:
    for item in inspections:
        if item.due_on is not None and not item.is_out and item.closing is None:
            yield Deadline(
                kind="result.publish",
                what=item.agency,
                path=path_of(item.inspection),
                due_on=item.due_on,
                is_overdue=item.is_overdue,
            )


async def _follow_ups(inspections: Iterable[DeskInspection], today: date) -> list[Deadline]:
    names = {item.inspection: item.agency for item in inspections}
    return [
        Deadline(
            kind="follow-up.close" if view.asked_by else "follow-up.due",
            what=names[view.inspection],
            path=path_of(view.inspection),
            due_on=view.due_on,
            is_overdue=view.due_on is not None and view.due_on < today,
        )
        for view in await load_follow_ups()
        if view.inspection in names and not view.is_closed
    ]


async def _withdrawals(inspections: Iterable[DeskInspection], today: date) -> list[Deadline]:
    names = {item.inspection: item.agency for item in inspections}
    gone = await ResultStep.select(ResultStep.result).where(ResultStep.step == "withdrawn")
    done = {row["result"] for row in gone}
    rows = await ResultWithdrawal.select(
        ResultWithdrawal.result,
        ResultWithdrawal.due_on,
        ResultWithdrawal.result.inspection.as_alias("inspection"),
    )
    open_rows = {row["inspection"]: row["due_on"] for row in rows if row["result"] not in done}
    return [
        Deadline(
            kind="result.withdraw",
            what=names[inspection],
            path=path_of(inspection),
            due_on=due_on,
            is_overdue=due_on < today,
        )
        for inspection, due_on in open_rows.items()
        if inspection in names
    ]


def _repairs(cases: Iterable[CaseLine], today: date) -> Iterator[Deadline]:
    for case in cases:
        yield Deadline(
            kind=task_of(case),
            what=case.agency_name,
            path=repair_path(case.number),
            due_on=case.due_on,
            is_overdue=case.due_on is not None and case.due_on < today,
        )


async def _objections(office: Office) -> list[Deadline]:
    """The most urgent of the open objections."""
    return [
        Deadline(
            kind="objection.answer",
            what=line.case.agency_name,
            path=f"/admin/objections/{line.case.number}",
            due_on=line.clock.due_on,
            is_overdue=line.clock.is_late,
        )
        for line in (await load_objections(office, is_open=True)).lines
    ]


def _draws(draws: Iterable[DeskDraw]) -> Iterator[Deadline]:
    for draw in draws:
        if (
            draw.next.until_at is not None and draw.next.kind != "inspect"
        ):  # its results are listed one by one
            yield Deadline(
                kind=f"draw.{draw.next.kind}",
                what=f"{draw.draw} {draw.title}",
                path=f"/admin/draws/{draw.draw}",
                due_on=day_in_china(draw.next.until_at),
                is_overdue=draw.next.is_late,
            )
