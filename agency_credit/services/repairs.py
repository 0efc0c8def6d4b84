"""Applications for the repair of records: asked by the agency, proposed by one person, decided by another.

What an agency declares and pledges stands in the case, its conditions as they read on the day. A repaired
record leaves everything that is served at once: score, page, exports, search.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from agency_credit.database.tables import RecordEvent
from agency_credit.domain.canonical import Json
from agency_credit.domain.errors import Fault, FaultsError, NotFoundError
from agency_credit.domain.role import AGENCY, APPROVER, DRAFTER, Actor, DeskRight, Role
from agency_credit.inspection.repair_states import RepairMade, RepairStep, check_repair_step
from agency_credit.publication.masking import find_personal_number
from agency_credit.scoring.periods import Requirement
from agency_credit.services.agency_seats import seat_of
from agency_credit.services.calendar import add_working_days
from agency_credit.services.case_files import CleanFile
from agency_credit.services.case_store import (
    Case,
    add_case_files,
    append_case_step,
    load_case,
    open_case,
    unknown_case,
)
from agency_credit.services.draw_store import person_of
from agency_credit.services.forgetting import forget_record
from agency_credit.services.notices import (
    NewNotice,
    append_notices,
    load_people_with,
    settle_notices,
    tell_agency,
)
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.record_history import refuse_older_knowledge
from agency_credit.services.repair_basis import AGAIN, DECIDED, effective, load_repair_values
from agency_credit.services.repair_eligibility import (
    RepairEligibility,
    day_after_months,
    load_eligibility,
)
from agency_credit.services.repair_texts import RepairTexts, format_texts

LONGEST = 4000
"""Characters of a text in an application or a decision."""
REASONS = ("duties-open", "harm-open", "evidence", "false", "unmet", "other")
"""Why an application is refused; the pages have the words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairApplication:
    """What an agency says when it asks.

    Parameters
    ----------
    declared
        Keys of the conditions that it declares to be met (`Term.key`).
    pledge
        Its public pledge; empty where no condition asks for one.
    statement
        How it met them, in its own words.
    files
        What it proves them with, by the key of the condition; cleaned by `clean_case_files`.
    """

    declared: frozenset[str]
    pledge: str
    statement: str
    files: Mapping[str, Sequence[CleanFile]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairProposal:
    """What one person proposes to decide.

    Parameters
    ----------
    verdict
        `RepairStep.GRANTED` or `RepairStep.REFUSED`.
    reason
        Why, in words.
    reason_code
        Of a refusal, one of `REASONS`.
    next_on
        Of a refusal, the day from which the agency may ask again; None: as the rules say.
    next_reason
        Why that day, where the rules say none or another.
    """

    verdict: RepairStep
    reason: str
    reason_code: str = ""
    next_on: date | None = None
    next_reason: str = ""


def path_of(number: int) -> str:
    """The page of an application in the console."""
    return f"/admin/repairs/{number}"


async def apply_for_repair(
    office: Office, actor: Actor, uscc: str, record: str, wanted: RepairApplication
) -> int:
    """Ask for the repair of a record of the actor's agency; number of the application.

    Raises
    ------
    NotFoundError
        No desk of this agency for the actor, or no such record of it.
    ForbiddenError
        A seat that only reads.
    FaultsError
        Everything that stands against it: too early, already open, not repairable, conditions that are not
        declared, texts with a personal number.
    """
    async with operation(office, actor, "repair.apply", uscc, roles=AGENCY) as op:
        seat = seat_of(actor, uscc, DeskRight.CLERK)
        found = await load_eligibility(office, uscc, record)
        faults = (*found.obstacles, *_find_faults(found, wanted))
        if faults:
            raise FaultsError(uscc, faults)
        case = await open_case(op, "repair", seat.agency_id, found.known.row["id"], record)
        due_on = await _append_application(op, case, RepairStep.APPLIED, found, wanted)
        await _tell_drafters(op, case, seat.name, "repair.applied", due_on)
    return case


async def amend_repair(
    office: Office, actor: Actor, uscc: str, number: int, wanted: RepairApplication
) -> None:
    """Complete an application that was returned; the clock begins anew.

    Raises
    ------
    NotFoundError, ForbiddenError, FaultsError
        As `apply_for_repair`.
    RefusedError
        It was not returned.
    """
    async with operation(office, actor, "repair.amend", str(number), roles=AGENCY) as op:
        case = await _load_own(actor, uscc, number, RepairStep.AMENDED)
        found = await load_eligibility(office, uscc, case.commitment)
        faults = (*found.against_granting, *_find_faults(found, wanted, _keys_with_files(case)))
        if faults:
            raise FaultsError(uscc, faults)
        due_on = await _append_application(op, number, RepairStep.AMENDED, found, wanted)
        await _tell_drafters(op, number, case.agency_name, "repair.amended", due_on)
        await settle_notices(op, f"/desk/{uscc}/repairs/{number}", "repair.returned")


async def withdraw_repair(office: Office, actor: Actor, uscc: str, number: int) -> None:
    """Take an application back, while it is not decided.

    Raises
    ------
    NotFoundError, ForbiddenError
        As `apply_for_repair`.
    ConflictError
        It was decided or withdrawn before.
    """
    async with operation(office, actor, "repair.withdraw", str(number), roles=AGENCY) as op:
        case = await _load_own(actor, uscc, number, RepairStep.WITHDRAWN)
        await append_case_step(op, number, RepairStep.WITHDRAWN.value, closes=True)
        await _settle(op, case)
        await _tell_drafters(op, number, case.agency_name, "repair.withdrawn", None)


async def return_repair(office: Office, actor: Actor, number: int, text: str) -> None:
    """Return an application to the agency, which completes it; the clock rests meanwhile.

    Raises
    ------
    RefusedError
        It is not with the office.
    FaultsError
        Nobody says what is missing.
    """
    async with operation(office, actor, "repair.return", str(number), roles=DRAFTER) as op:
        case = await load_case(number, "repair")
        _check(case, RepairStep.RETURNED, actor)
        _raise_faults(number, _find_text_faults("text", text, template="say what is missing"))
        await append_case_step(
            op, number, RepairStep.RETURNED.value, text=format_texts(RepairTexts(reason=text.strip()))
        )
        await settle_notices(op, path_of(number), "repair.applied", "repair.amended", "repair.sent-back")
        await _tell_agency(op, case, "repair.returned", DeskRight.CLERK)


async def propose_repair(office: Office, actor: Actor, number: int, new: RepairProposal) -> None:
    """Propose to grant or refuse; a second person decides.

    Raises
    ------
    RefusedError
        It is not with the office; what the registers show stands against granting.
    FaultsError
        No reason, none of the reasons for a refusal, no day for the next application.
    """
    async with operation(office, actor, "repair.propose", str(number), roles=DRAFTER) as op:
        case = await load_case(number, "repair")
        _check(case, RepairStep.PROPOSED, actor)
        details: dict[str, Json] = {"verdict": new.verdict.value}
        faults = [*_find_text_faults("reason", new.reason, template="say why")]
        if new.verdict is RepairStep.GRANTED:
            await _refuse_unmet(office, case)
        else:
            suggested = await suggest_next_on(office, case)
            next_on = new.next_on or suggested
            faults += _find_refusal_faults(new, next_on, suggested, office.today())
            details["reason_code"] = new.reason_code
            details["next_on"] = None if next_on is None else next_on.isoformat()
        _raise_faults(number, faults)
        texts = RepairTexts(reason=new.reason.strip(), next_reason=new.next_reason.strip())
        await append_case_step(
            op,
            number,
            RepairStep.PROPOSED.value,
            text=format_texts(texts),
            details=details,
            due_on=case.due_on,
        )
        await settle_notices(op, path_of(number), "repair.applied", "repair.amended", "repair.sent-back")
        people = await load_people_with(Role.APPROVER, but={person_of(actor)})
        await append_notices(op, people, _notice("repair.decide", case, case.due_on))
        op.details.update(verdict=new.verdict.value)


async def decide_repair(
    office: Office, actor: Actor, number: int, verdict: RepairStep, text: str = ""
) -> None:
    """The second person agrees with the proposal, or sends it back.

    Parameters
    ----------
    verdict
        As proposed, or `RepairStep.SENT_BACK`.
    text
        Why it is sent back.

    Raises
    ------
    ForbiddenError
        The actor proposed it.
    ConflictError
        It was decided or withdrawn before.
    RefusedError
        Nothing is proposed, or something else; what the registers show stands against granting.
    FaultsError
        Sent back without a reason.
    """
    async with operation(office, actor, "repair.decide", str(number), roles=APPROVER) as op:
        case = await load_case(number, "repair")
        _check(case, verdict, actor)
        proposed = case.last(RepairStep.PROPOSED)
        assert proposed is not None, "what is decided was proposed"
        op.details.update(verdict=verdict.value)
        await settle_notices(op, path_of(number), "repair.decide")
        if verdict is RepairStep.GRANTED:
            await _grant(op, case)
        elif verdict is RepairStep.REFUSED:
            details = {name: proposed.details[name] for name in ("reason_code", "next_on")}
            await append_case_step(
                op, number, verdict.value, closes=True, text=proposed.text, details=details
            )
            await _tell_agency(op, case, "repair.refused")
            await append_notices(op, {proposed.by}, _notice("repair.refused", case))
        else:
            _raise_faults(number, _find_text_faults("text", text, template="say why it is sent back"))
            await append_case_step(
                op,
                number,
                verdict.value,
                text=format_texts(RepairTexts(reason=text.strip())),
                due_on=case.due_on,
            )
            await append_notices(op, {proposed.by}, _notice("repair.sent-back", case, case.due_on))


async def suggest_next_on(office: Office, case: Case) -> date | None:
    """From when the agency may ask again, as the rules say; None: they do not, and a person does."""
    try:
        found = await load_eligibility(office, case.uscc, case.commitment)
    except NotFoundError:  # forgotten, with the version that corrected it; the application is open still
        return None
    months = effective(found.values, AGAIN)
    known = [found.terms.not_before, None if months is None else day_after_months(found.on, months)]
    return max((day for day in known if day is not None and day > found.on), default=None)


async def _grant(op: Operation, case: Case) -> None:
    """The entry, the event and the step; then the record is forgotten, and the agency rated anew."""
    await _refuse_unmet(op.office, case)
    await refuse_older_knowledge(op.at)
    today = op.office.today()
    body: dict[str, Json] = {"case": case.number, "on": today.isoformat(), "record": case.commitment}
    index = await op.append_entry("repair.granted", case.uscc, body, is_committed=True)
    await RecordEvent.insert(
        RecordEvent(
            record=case.record, event="repaired", on=today, until=None, millipoints=None, known_at=op.at
        )
    )
    await append_case_step(op, case.number, RepairStep.GRANTED.value, closes=True, log_index=index)
    await _tell_agency(op, case, "repair.granted")
    proposed = case.last(RepairStep.PROPOSED)
    await append_notices(op, {proposed.by} if proposed else (), _notice("repair.granted", case))
    await forget_record(op, case.record)


async def _refuse_unmet(office: Office, case: Case) -> None:
    """Refuse to grant what the registers stand against today."""
    found = await load_eligibility(office, case.uscc, case.commitment)
    if found.against_granting:
        raise FaultsError(str(case.number), found.against_granting)


async def _append_application(
    op: Operation, case: int, step: RepairStep, found: RepairEligibility, wanted: RepairApplication
) -> date | None:
    """The step with its texts and files; the day by which the office decides."""
    clock = (await load_repair_values(op.office)).get(DECIDED)
    due_on = None
    if clock is not None and clock.value is not None:
        due_on, _ = await add_working_days(op.office, op.office.today(), clock.value)
    texts = RepairTexts(pledge=wanted.pledge.strip(), statement=wanted.statement.strip())
    details: dict[str, Json] = {
        "conditions": [
            {
                "citation": str(check.term.citation),
                "en": check.term.condition.en,
                "files": sorted({file.digest for file in wanted.files.get(check.term.key, ())}),
                "key": check.term.key,
                "standing": check.standing.value,
                "zh": check.term.condition.zh,
            }
            for check in found.checks
        ]
    }
    number = await append_case_step(
        op, case, step.value, text=format_texts(texts), due_on=due_on, details=details
    )
    files = {file.digest: file for sent in wanted.files.values() for file in sent}  # one may prove several
    await add_case_files(case, number, files.values())
    return due_on


def _find_faults(
    found: RepairEligibility, wanted: RepairApplication, proved: frozenset[str] = frozenset()
) -> Iterator[Fault]:
    """What is missing in an application; `proved`: keys of conditions with files from before."""
    for check in found.declared:
        key, requires = check.term.key, check.term.condition.requires
        if key not in wanted.declared:
            yield _fault(f"declare-{key}", "repair.undeclared", "declare that this condition is met")
        if requires is Requirement.PLEDGE:
            if not wanted.pledge.strip():
                yield _fault(
                    "pledge", "repair.no-pledge", "the pledge is empty; take the text that is offered"
                )
        elif requires is not None and not wanted.files.get(key) and key not in proved:
            yield _fault(f"files-{key}", "repair.no-proof", "send a file that proves this condition")
    for at, text in (("pledge", wanted.pledge), ("statement", wanted.statement)):
        if text.strip():
            yield from _find_text_faults(at, text)


def _find_refusal_faults(
    new: RepairProposal, next_on: date | None, suggested: date | None, today: date
) -> Iterator[Fault]:
    if new.reason_code not in REASONS:
        yield _fault("reason_code", "repair.reason-code", "choose the reason of the refusal")
    if next_on is None:
        yield _fault(
            "next_on",
            "repair.no-next",
            "no rule at hand says when the agency may ask again; enter the day, and say why",
        )
    elif next_on <= today:
        yield _fault("next_on", "repair.next-past", "choose a day after today")
    if new.next_on is not None and new.next_on != suggested and not new.next_reason.strip():
        yield _fault("next_reason", "repair.next-reason", "say why from this day on")
    elif new.next_reason.strip():
        yield from _find_text_faults("next_reason", new.next_reason)


def _find_text_faults(at: str, text: str, *, template: str = "") -> Iterator[Fault]:
    """What is wrong with a text; `template` says what is missing where there is none."""
    if not text.strip():
        yield Fault(at=at, code="repair.text", template=template)
    elif len(text) > LONGEST:
        yield _fault(at, "form.long", "write at most {n} characters", n=LONGEST)
    elif find_personal_number(text):
        yield _fault(
            at,
            "repair.personal",
            "there is an identity or telephone number in this text; leave it out",
        )


def _raise_faults(number: int, faults: Sequence[Fault] | Iterator[Fault]) -> None:
    found = tuple(faults)
    if found:
        raise FaultsError(str(number), found)


def _keys_with_files(case: Case) -> frozenset[str]:
    """Keys of the conditions for which some earlier step of the case has a file."""
    conditions = (item for step in case.steps for item in step.details.get("conditions", ()))
    return frozenset(item["key"] for item in conditions if item["files"])


def history_of(case: Case) -> list[RepairMade]:
    """The steps of an application as the state table reads them."""
    return [
        RepairMade(
            step=RepairStep(step.step),
            by=step.by,
            verdict=RepairStep(step.details["verdict"]) if "verdict" in step.details else None,
        )
        for step in case.steps
    ]


def _check(case: Case, step: RepairStep, actor: Actor) -> None:
    check_repair_step(history_of(case), step, person_of(actor))


async def _load_own(actor: Actor, uscc: str, number: int, step: RepairStep) -> Case:
    """An application of the actor's agency, in which this step may follow."""
    seat_of(actor, uscc, DeskRight.CLERK)
    case = await load_case(number, "repair")
    if case.uscc != uscc:
        raise unknown_case(number)
    _check(case, step, actor)
    return case


async def _settle(op: Operation, case: Case) -> None:
    await settle_notices(
        op, path_of(case.number), "repair.applied", "repair.amended", "repair.decide", "repair.sent-back"
    )


async def _tell_drafters(op: Operation, number: int, name: str, kind: str, due_on: date | None) -> None:
    people = await load_people_with(Role.DRAFTER)
    await append_notices(op, people, NewNotice(kind=kind, what=name, path=path_of(number), due_on=due_on))


async def _tell_agency(op: Operation, case: Case, kind: str, right: DeskRight = DeskRight.READER) -> None:
    notice = NewNotice(kind=kind, what=case.agency_name, path=f"/repairs/{case.number}")
    await tell_agency(op, case.agency, notice, right)


def _notice(kind: str, case: Case, due_on: date | None = None) -> NewNotice:
    return NewNotice(kind=kind, what=case.agency_name, path=path_of(case.number), due_on=due_on)


def _fault(at: str, code: str, template: str, /, **params: Any) -> Fault:
    return Fault(at=at, code=code, template=template, params=params)
