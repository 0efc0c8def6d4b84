"""A published result of an inspection enters the credit file as a record, as the profile of the area says.

The record is that of one version of the result: a correction brings another in its place, and what is taken
down is withdrawn. It has points only where a clause of a rule pack names its kind. What befell the record by
itself stays: a corrected one is followed to what replaced it, and one that was forgotten does not come back.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from agency_credit.database.tables import AgencyPractice, CreditRecord, RecordEvent
from agency_credit.domain.canonical import digest, format_canonical
from agency_credit.scoring.profile import ResultRecord
from agency_credit.services.forgotten_tags import find_forgotten
from agency_credit.services.import_records import record_digest
from agency_credit.services.operation import Operation
from agency_credit.services.rating_run import rate_touched
from agency_credit.services.record_history import refuse_older_knowledge
from agency_credit.services.record_publication import withdraw_publication
from agency_credit.services.record_salts import append_salts, record_body
from agency_credit.services.reference import load_categories, load_parameter
from agency_credit.services.result_store import load_versions, subject_of
from agency_credit.services.rule_book import load_rule_book
from agency_credit.services.supervision import load_profile


async def append_result_record(
    op: Operation, inspection: dict[str, Any], version: dict[str, Any], corrected: dict[str, Any] | None
) -> None:
    """Append the record of a version that is being published, in the place of that of another version.

    Parameters
    ----------
    corrected
        The version that was public before; None: none was.
    """
    before = None if corrected is None else await _load_record(inspection, corrected["version"])
    rule = await _find_rule(op, inspection, version)
    if rule is not None and not await _is_forgotten(op, inspection, rule.kind):
        await refuse_older_knowledge(op.at)
        codes, texts = json.loads(version["categories_json"]), await load_categories()
        columns = {
            "kind": rule.kind,
            "document_number": _document(inspection),
            "decided_on": version["inspected_on"],
            "authority": (await load_parameter("office_name")).value,
            "summary": "；".join(texts[code] for code in codes),
        }
        row = CreditRecord(
            **columns,
            agency=inspection["agency"],
            category=rule.record_category.value,
            known_at=op.at,
            digest=_digest(inspection, version["version"]),
            corrects=before["id"] if before else None,
        )
        await row.save()
        await append_salts([(int(row.id), record_body(columns, inspection["uscc"]))])
    if before is not None and not await _is_withdrawn(before):
        await _withdraw(op, inspection, before, before["decided_on"])
    await _rate(op, inspection, {rule.kind if rule else "", before["kind"] if before else ""})


async def withdraw_result_record(op: Operation, inspection: dict[str, Any], version: int) -> None:
    """Withdraw the record of a version that is taken down."""
    row = await _load_record(inspection, version)
    if row is None or await _is_withdrawn(row):
        return
    await _withdraw(op, inspection, row, op.office.today())
    await _rate(op, inspection, {row["kind"]})


async def _find_rule(
    op: Operation, inspection: dict[str, Any], version: dict[str, Any]
) -> ResultRecord | None:
    """The row of the profile for a result; None: there is none, and the result makes no record."""
    profile, codes = await load_profile(op.office), set(json.loads(version["categories_json"]))
    lines = await AgencyPractice.select(AgencyPractice.practice_line).where(
        AgencyPractice.agency == inspection["agency"]
    )
    practised = {row["practice_line"] for row in lines}
    for row in profile.result_records if profile else ():
        if row.practice_line.value in practised and (not row.categories or codes & set(row.categories)):
            return row
    return None


async def _load_record(inspection: dict[str, Any], version: int) -> dict[str, Any] | None:
    """The record of a version, or what two people put in its place; None: it has none, or none any more."""
    found = await CreditRecord.select().where(CreditRecord.digest == _digest(inspection, version)).first()
    newer = found
    while newer is not None:
        found = newer
        newer = await CreditRecord.select().where(CreditRecord.corrects == found["id"]).first()
    return found


async def _is_withdrawn(record: dict[str, Any]) -> bool:
    return await RecordEvent.exists().where(
        (RecordEvent.record == record["id"]) & (RecordEvent.event == "withdrawn")
    )


async def _is_forgotten(op: Operation, inspection: dict[str, Any], kind: str) -> bool:
    """Whether a record of any version was repaired or erased: no correction of the result brings it back."""
    identities = {
        record_digest(inspection["uscc"], "", kind, _document(inspection), version["inspected_on"])
        for version in await load_versions(inspection["id"])
    }
    return bool(await find_forgotten(op.office.keys, identities))


async def _withdraw(op: Operation, inspection: dict[str, Any], record: dict[str, Any], on: date) -> None:
    event = RecordEvent(record=record["id"], event="withdrawn", on=on, known_at=op.at)
    await RecordEvent.insert(event)
    await withdraw_publication(op, record["id"], inspection["uscc"])


async def _rate(op: Operation, inspection: dict[str, Any], kinds: set[str]) -> None:
    """Rate anew where the record can have points; else the next rating takes note of it."""
    book = await load_rule_book(op.office)
    if kinds & book.record_kinds_on(op.office.today()):
        await rate_touched(op, [inspection["agency"]])


def _document(inspection: dict[str, Any]) -> str:
    """The draw, or the lead, that an inspection belongs to."""
    return subject_of(inspection).rpartition("/")[0]


def _digest(inspection: dict[str, Any], version: int) -> str:
    """What makes the record of a version the same, whatever the profile calls it."""
    return digest(format_canonical({"result": subject_of(inspection), "version": version}))
