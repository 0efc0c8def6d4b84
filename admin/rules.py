"""Rules: the files that hold, proposals that wait, values to enter, whole files to import."""

from __future__ import annotations

from datetime import date
from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.entered import Entered, read_form, read_upload
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import AgencyCreditError, Fault, FaultsError, InputError, RefusedError
from agency_credit.domain.role import APPROVER, DRAFTER, DRAW_READERS
from agency_credit.services.changes import (
    MAX_REASON,
    Verdict,
    decide_change,
    propose_change,
    take_back_change,
)
from agency_credit.services.office import Office
from agency_credit.services.rule_change import MAX_FILE_BYTES, draft_file, draft_instrument, draft_values
from agency_credit.services.rule_desk import load_rule_change, load_rule_changes
from agency_credit.services.rule_offers import load_rule_offer, load_rule_offers
from agency_credit.services.rule_views import PART, find_target, load_rule, load_rules

CHANGE = "/admin/rules/changes/{number}"
LARGEST_REQUEST = MAX_FILE_BYTES + 64 * 1024
_ABOUT = ("clause", "supervision", "value", "publication")
_FIELD_OF = {"change.reason": "reason", "change.past": "applies_from", "rules.first-day": "applies_from"}


@get("/admin/rules", opt=opened_to(DRAW_READERS))
async def show_rules(office: TheOffice) -> Template:
    """All rule files, the proposals that wait, the form that imports one."""
    return await _show_rules(office, [], {})


@post("/admin/rules", opt=opened_to(DRAFTER), request_max_body_size=LARGEST_REQUEST)
async def import_rule(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template | Redirect:
    """Propose a whole file."""
    entered = await read_form(request)
    upload = await read_upload(request, "file")
    if upload is None:
        entered.add_fault("file", "import.no-file", "choose a file")
    day = entered.day("applies_from") if entered.text("applies_from") else None
    reason = entered.paragraph("reason", max_length=MAX_REASON)
    faults: tuple[Fault, ...] = ()
    if upload is not None and not entered.complaints:
        try:
            draft = await draft_file(
                upload[1],
                upload[0],
                applies_from=day,
                is_correction=entered.has("correction"),
                reason=reason,
            )
            number = await propose_change(office, actor, draft)
        except FaultsError as error:
            entered.complaints.append(("file", error))
            faults = error.faults
        except (InputError, RefusedError) as error:
            entered.complaints += _complaints_of(error, "file")
        else:
            return lead(request, CHANGE, number=str(number))
    return await _show_rules(office, entered.complaints, _values(entered), faults)


@get("/admin/rules/shipped/{instrument:str}", opt=opened_to(DRAW_READERS))
async def show_shipped(office: TheOffice, instrument: FromPath[str]) -> Template:
    """A text that ships with the software and does not hold here: what it would change, the form for it."""
    return await _show_shipped(office, instrument, [], {})


@post("/admin/rules/shipped/{instrument:str}", opt=opened_to(DRAFTER))
async def propose_shipped(
    request: AnyRequest, office: TheOffice, actor: TheActor, instrument: FromPath[str]
) -> Template | Redirect:
    """Propose to take over a text that ships with the software."""
    entered = await read_form(request)
    offer = await load_rule_offer(office, instrument)
    day = entered.day("applies_from")
    reason = entered.paragraph("reason", max_length=MAX_REASON)
    faults: tuple[Fault, ...] = ()
    if not entered.complaints:
        try:
            draft = await draft_instrument(
                offer.file, applies_from=day, is_correction=entered.has("correction"), reason=reason
            )
            number = await propose_change(office, actor, draft)
        except FaultsError as error:
            entered.complaints.append(("", error))
            faults = error.faults
        except (InputError, RefusedError) as error:
            entered.complaints += _complaints_of(error, "")
        else:
            return lead(request, CHANGE, number=str(number))
    return await _show_shipped(office, instrument, entered.complaints, _values(entered), faults)


@get("/admin/rules/{instrument:str}", opt=opened_to(DRAW_READERS))
async def show_rule(
    office: TheOffice,
    instrument: FromPath[str],
    about: FromQuery[str] = "",
    target: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Template:
    """A rule file, and the form for one of its values."""
    return await _show_rule(office, instrument, about, target, after=after)


@post("/admin/rules/{instrument:str}", opt=opened_to(DRAFTER))
async def propose_value(
    request: AnyRequest, office: TheOffice, actor: TheActor, instrument: FromPath[str]
) -> Template | Redirect:
    """Propose one value."""
    entered = await read_form(request)
    about, target = entered.text("about"), entered.text("target")
    amendment = _read_amendment(entered, about, target)
    day = entered.day("applies_from")
    reason = entered.paragraph("reason", max_length=MAX_REASON)
    based_on = entered.number("based_on")
    if not entered.complaints:
        try:
            draft = draft_values(
                instrument,
                based_on or 0,
                [amendment],
                applies_from=day or date.max,
                is_correction=entered.has("correction"),
                reason=reason,
            )
            number = await propose_change(office, actor, draft)
        except (InputError, RefusedError) as error:
            entered.complaints += _complaints_of(error, "")
        else:
            return lead(request, CHANGE, number=str(number))
    return await _show_rule(office, instrument, about, target, entered=entered)


@get("/admin/rules/changes/{number:int}", opt=opened_to(DRAW_READERS))
async def show_change(office: TheOffice, number: FromPath[int]) -> Template:
    """A proposal: what it would change, who proposed it, why; the decision."""
    return await _show_change(office, number, [])


@post("/admin/rules/changes/{number:int}/decide", opt=opened_to(APPROVER, fresh=True))
async def decide(
    request: AnyRequest, office: TheOffice, actor: TheActor, number: FromPath[int]
) -> Template | Redirect:
    """Approve or reject."""
    entered = await read_form(request)
    reason = entered.paragraph("reason", max_length=MAX_REASON)
    verdict: Verdict = "approved" if entered.text("verdict") == "approve" else "rejected"
    complaints = entered.complaints
    if not complaints:
        try:
            await decide_change(office, actor, number, verdict, reason)
        except AgencyCreditError as error:
            complaints = _complaints_of(error, "")
    if complaints:
        return await _show_change(office, number, complaints, reason)
    return lead(request, CHANGE, number=str(number))


@post("/admin/rules/changes/{number:int}/take-back", opt=opened_to(DRAFTER))
async def take_back(
    request: AnyRequest, office: TheOffice, actor: TheActor, number: FromPath[int]
) -> Redirect:
    """Take back a proposal of one's own."""
    await take_back_change(office, actor, number)
    return lead(request, CHANGE, number=str(number))


PAGES = (
    *(show_rules, import_rule, show_shipped, propose_shipped, show_rule, propose_value),
    *(show_change, decide, take_back),
)


def _read_amendment(entered: Entered, about: str, target: str) -> dict[str, Any]:
    if about not in _ABOUT or not target:
        entered.add_fault("", "form.choice", "choose one of the answers")
    amendment: dict[str, Any] = {about: target, "source": entered.text("source", is_required=True)}
    if about == "clause":
        amendment |= _read_points(entered)
    elif about == "supervision":
        fraction = entered.text("fraction")
        amendment |= {"fraction": fraction or None, "minimum": entered.number("minimum")}
    elif about == "publication":
        answer = entered.text("allowed")
        if answer not in ("yes", "no"):
            entered.add_fault("allowed", "form.choice", "choose one of the answers")
        return amendment | {"allowed": answer == "yes"}
    else:
        amendment["number"] = entered.number("number")
    place = {key: entered.text(key) for key in ("article", "annex") if entered.text(key)}
    return amendment | ({"citation": place} if place else {})


def _read_points(entered: Entered) -> dict[str, str]:
    how = entered.text("how")
    if how == "points":
        return {"points": _points(entered, "points")}
    if how == "range":
        least = entered.text("points_from")
        given = {"points_up_to": _points(entered, "points_up_to"), "within": entered.text("within")}
        return given | ({"points_from": _points(entered, "points_from")} if least else {})
    if how != "none":
        entered.add_fault("how", "form.choice", "choose one of the answers")
    return {}


def _points(entered: Entered, field: str) -> str:
    """A number of points; people write the minus sign as they find it."""
    return entered.text(field, is_required=True, max_length=20).translate(str.maketrans("−－–", "---"))


def _complaints_of(error: AgencyCreditError, field: str) -> list[Complaint]:
    """Faults of a rule file at the field of the form they are about, where there is one."""
    if not isinstance(error, FaultsError):
        return complaints_of(error, _FIELD_OF.get(error.code, field))
    return [(_field_of(fault) or field, fault) for fault in error.faults]


def _field_of(fault: Fault) -> str:
    ending = fault.at.rpartition(".")[2]
    fields = ("points", "points_up_to", "points_from", "fraction", "minimum", "source", "article")
    return {"rule": "within", "value": "number"}.get(ending, ending if ending in fields else "")


def _values(entered: Entered) -> dict[str, str]:
    names = (
        *("how", "points", "points_up_to", "points_from", "within", "fraction", "minimum", "number"),
        *("allowed", "source", "article", "annex", "applies_from", "reason", "correction", "based_on"),
    )
    return {name: entered.paragraph(name) if name == "reason" else entered.text(name) for name in names}


async def _show_rules(
    office: Office, complaints: list[Complaint], values: dict[str, str], file_faults: tuple[Fault, ...] = ()
) -> Template:
    return show(
        "rules",
        faults=complaints,
        file_faults=file_faults,
        offers=await load_rule_offers(office),
        rules=await load_rules(office),
        changes=await load_rule_changes(),
        values=values,
        today=office.today(),
    )


async def _show_rule(
    office: Office,
    instrument: str,
    about: str,
    target: str,
    *,
    after: str = "",
    entered: Entered | None = None,
) -> Template:
    view = await load_rule(office, instrument, after=after)
    row = find_target(view.file, about, target) if target else None
    values = _values(entered) if entered else {}
    changes = [change for change in await load_rule_changes() if change.subject == instrument]
    return show(
        "rule",
        faults=entered.complaints if entered else (),
        offers=await load_rule_offers(office, instrument),
        view=view,
        about=about,
        target=target,
        row=row,
        values=values,
        changes=changes,
        after=after,
        today=office.today(),
    )


async def _show_shipped(
    office: Office,
    instrument: str,
    complaints: list[Complaint],
    values: dict[str, str],
    file_faults: tuple[Fault, ...] = (),
) -> Template:
    offer = await load_rule_offer(office, instrument)
    differences = offer.differences
    return show(
        "rule_shipped",
        faults=complaints,
        file_faults=file_faults,
        offer=offer,
        differences=differences[:PART],
        n_differences=len(differences),
        values=values,
        today=office.today(),
    )


async def _show_change(
    office: Office, number: int, complaints: list[Complaint], reason: str = ""
) -> Template:
    return show("rule_change", faults=complaints, view=await load_rule_change(office, number), reason=reason)
