"""Applications for repair as the desk of the agency and the console show them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from agency_credit.domain.errors import NotFoundError
from agency_credit.domain.role import Actor
from agency_credit.inspection.repair_states import RepairStep, allowed_steps
from agency_credit.services.agency_seats import seat_of
from agency_credit.services.case_store import (
    Case,
    CaseFileView,
    CaseFilter,
    CaseLine,
    CasePage,
    CaseStepView,
    load_case,
    load_case_file,
    load_cases,
    unknown_case,
)
from agency_credit.services.office import Office
from agency_credit.services.reference import Parameter, load_parameter
from agency_credit.services.repair_eligibility import RepairEligibility, load_eligibility
from agency_credit.services.repair_texts import RepairTexts, parse_texts
from agency_credit.services.repairs import history_of, suggest_next_on

PLEDGE = "repair_pledge"
"""Key of the reference text that a pledge begins with."""
_INTERNAL = frozenset({RepairStep.PROPOSED, RepairStep.SENT_BACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairStepView:
    """A step with its texts."""

    row: CaseStepView
    texts: RepairTexts

    @property
    def next_on(self) -> date | None:
        """Of a refusal: from when the agency may ask again."""
        day = self.row.details.get("next_on")
        return date.fromisoformat(day) if day else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairConditionView:
    """A condition as it read when the agency declared it; `files`: what proves it."""

    zh: str
    en: str
    citation: str
    standing: str
    files: tuple[CaseFileView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairView:
    """An application.

    Parameters
    ----------
    eligibility
        Where the record stands today; None: it is gone.
    conditions
        As the agency declared them last.
    due_on
        By when the office decides; None: nobody set a day, or it is not with the office.
    allowed
        Steps that may follow.
    suggested_next_on
        From when the agency may ask again where it is refused today, as the rules say.
    """

    case: Case
    steps: tuple[RepairStepView, ...]
    eligibility: RepairEligibility | None
    conditions: tuple[RepairConditionView, ...]
    due_on: date | None
    is_overdue: bool
    allowed: frozenset[RepairStep]
    suggested_next_on: date | None

    @property
    def application(self) -> RepairStepView:
        """What the agency said last."""
        return next(s for s in reversed(self.steps) if s.row.step in (RepairStep.APPLIED, RepairStep.AMENDED))

    @property
    def proposal(self) -> RepairStepView | None:
        """What is proposed, while nobody decided about it."""
        last = self.steps[-1]
        return last if last.row.step == RepairStep.PROPOSED else None


async def load_repair_view(office: Office, number: int) -> RepairView:
    """An application as the office sees it.

    Raises
    ------
    NotFoundError
        There is no such application.
    """
    case = await load_case(number, "repair")
    eligibility: RepairEligibility | None = None
    suggested: date | None = None
    try:
        eligibility = await load_eligibility(office, case.uscc, case.commitment)
        suggested = await suggest_next_on(office, case) if case.is_open else None
    except NotFoundError:
        pass  # repaired, and so forgotten
    due_on = waiting_until(case)
    steps = tuple(RepairStepView(row=row, texts=parse_texts(row.text)) for row in case.steps)
    return RepairView(
        case=case,
        steps=steps,
        eligibility=eligibility,
        conditions=_conditions(case),
        due_on=due_on,
        is_overdue=due_on is not None and due_on < office.today(),
        allowed=allowed_steps(history_of(case)),
        suggested_next_on=suggested,
    )


async def load_own_repair_view(office: Office, actor: Actor, uscc: str, number: int) -> RepairView:
    """As `load_repair_view`, at the desk of the agency whose it is; what the office weighs is left out.

    Raises
    ------
    NotFoundError
        No seat there, or no such application of this agency.
    """
    seat_of(actor, uscc)
    view = await load_repair_view(office, number)
    if view.case.uscc != uscc:
        raise unknown_case(number)
    told = {step.number for step in told_steps(view.case)}
    return replace(view, steps=tuple(step for step in view.steps if step.row.number in told))


def told_steps(case: Case) -> list[CaseStepView]:
    """Steps of an application that its agency sees."""
    return [step for step in case.steps if step.step not in _INTERNAL]


async def load_own_repairs(actor: Actor, uscc: str, *, is_open: bool, after: int | None = None) -> CasePage:
    """The applications of an agency at its own desk."""
    seat = seat_of(actor, uscc)
    return await load_cases(CaseFilter(kind="repair", agency=seat.agency_id, is_open=is_open, after=after))


async def load_repair_file(
    number: int, file: int, actor: Actor | None = None, uscc: str = ""
) -> tuple[CaseFileView, bytes]:
    """A file of an application; with `actor`, at the desk of the agency whose it is.

    Raises
    ------
    NotFoundError
        There is none, or it is not his to see.
    """
    case = await load_case(number, "repair")
    if actor is not None:
        seat_of(actor, uscc)
        if case.uscc != uscc:
            raise unknown_case(number)
    return await load_case_file(number, file)


def waiting_until(case: CaseLine) -> date | None:
    """By when the office decides; None while the agency completes it, and once it is over."""
    return case.due_on if case.is_open and case.step != RepairStep.RETURNED else None


async def load_waiting_repairs(limit: int = 500) -> tuple[CaseLine, ...]:
    """Applications that are with the office, what is due first."""
    page = await load_cases(CaseFilter(kind="repair", limit=limit))
    return tuple(case for case in page.cases if case.step != RepairStep.RETURNED)


def task_of(case: CaseLine) -> str:
    """What an application that is with the office waits for."""
    return "repair.decide" if case.step == RepairStep.PROPOSED else "repair.propose"


async def load_pledge() -> Parameter:
    """The text that a pledge begins with, and where it comes from."""
    return await load_parameter(PLEDGE)


def _conditions(case: Case) -> tuple[RepairConditionView, ...]:
    files = {file.digest: file for step in case.steps for file in step.files}
    proofs: dict[str, list[str]] = {}
    declared = [step for step in case.steps if "conditions" in step.details]
    for step in declared:
        for item in step.details["conditions"]:
            proofs.setdefault(item["key"], []).extend(item["files"])
    return tuple(
        RepairConditionView(
            zh=item["zh"],
            en=item["en"],
            citation=item["citation"],
            standing=item["standing"],
            files=tuple(files[digest] for digest in dict.fromkeys(proofs[item["key"]]) if digest in files),
        )
        for item in declared[-1].details["conditions"]
    )
