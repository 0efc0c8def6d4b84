"""What is wrong with a result that a team hands in: all of it before anything is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from agency_credit.database.tables import DrawStep, LeadInspection, Photograph, ResultCategory
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import Fault, FaultsError
from agency_credit.domain.record_form import FormDetails, RecordForm
from agency_credit.inspection.form_faults import find_detail_faults, find_text_faults
from agency_credit.publication.masking import find_personal_number
from agency_credit.services.office import Office
from agency_credit.services.reference import load_categories


async def refuse_faulty_form(office: Office, inspection: dict[str, Any], form: RecordForm) -> None:
    """Refuse a form with faults.

    Raises
    ------
    FaultsError
        A date in the future or before the draw, no category or an unknown one, findings missing or with a
        personal number, a checklist that is not filled in, an unknown photograph.
    """
    faults = [
        *await _find_day_faults(office, inspection, form.inspected_on),
        *await _find_category_faults(form),
        *find_text_faults(_texts(form)),
    ]
    if find_personal_number(form.findings):
        faults.append(
            Fault(
                at="findings",
                code="result.personal-number",
                template="the findings will be public; take out the identity or telephone number",
            )
        )
    if form.details is not None:
        faults += find_detail_faults(form.details, office.today().isoformat())
        faults += await _find_photograph_faults(inspection["id"], form.details)
    if faults:
        raise FaultsError(inspection["uscc"], tuple(faults))


async def _find_day_faults(office: Office, inspection: dict[str, Any], inspected_on: date) -> list[Fault]:
    if inspection["draw"] is None:
        return await _find_lead_day_faults(office, inspection["id"], inspected_on)
    drawn = await (
        DrawStep.select(DrawStep.at)
        .where((DrawStep.draw == inspection["draw"]) & (DrawStep.step == "drawn"))
        .first()
    )
    first_day = day_in_china(drawn["at"]) if drawn else office.today()
    if first_day <= inspected_on <= office.today():
        return []
    return [
        Fault(
            at="inspected_on",
            code="result.date",
            template="the day of the inspection lies between the draw on {first} and today, {last}",
            params={"first": first_day.isoformat(), "last": office.today().isoformat()},
        )
    ]


async def _find_lead_day_faults(office: Office, inspection: int, inspected_on: date) -> list[Fault]:
    row = await (
        LeadInspection.select(LeadInspection.opened_at).where(LeadInspection.inspection == inspection).first()
    )
    first_day = day_in_china(row["opened_at"]) if row else office.today()
    if first_day <= inspected_on <= office.today():
        return []
    return [
        Fault(
            at="inspected_on",
            code="result.date",
            template="the day of the inspection lies between {first}, when it was opened, and today, {last}",
            params={"first": first_day.isoformat(), "last": office.today().isoformat()},
        )
    ]


async def _find_category_faults(form: RecordForm) -> list[Fault]:
    faults = []
    chosen = set(form.categories)
    if not chosen or chosen - set(await load_categories()) or len(chosen) != len(form.categories):
        faults.append(
            Fault(
                at="categories",
                code="result.categories",
                template="choose at least one category of the list, each once",
            )
        )
    if not form.findings and chosen - await _load_harmless():
        faults.append(
            Fault(at="findings", code="result.findings", template="describe the problem that was found")
        )
    return faults


async def _load_harmless() -> set[str]:
    rows = await ResultCategory.select(ResultCategory.code).where(
        ResultCategory.is_problem == False  # noqa: E712
    )
    return {row["code"] for row in rows}


async def _find_photograph_faults(inspection: int, details: FormDetails) -> Iterator[Fault]:
    rows = await Photograph.select(Photograph.digest).where(Photograph.inspection == inspection)
    known = {row["digest"] for row in rows}
    chosen = [*details.photographs, *details.signed_pages]
    if set(chosen) <= known and len(set(chosen)) == len(chosen):
        return iter(())
    return iter(
        [
            Fault(
                at="photographs",
                code="record.photograph",
                template="a photograph of this form is not there; load the page again and choose anew",
            )
        ]
    )


def _texts(form: RecordForm) -> dict[str, str]:
    texts = {"findings": form.findings}
    if form.details is None:
        return texts
    details = form.details
    texts |= {f"line-{line.code}": line.remark for line in details.lines}
    return texts | {
        "place": details.place,
        "agency_remarks": details.agency_remarks,
        "materials": "\n".join(details.materials),
    }
