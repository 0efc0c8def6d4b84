"""A record that got everywhere before it is forgotten, and how to find what is left of it in bytes."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from dataclasses import dataclass

from agency_credit.database.tables import RecordSalt
from agency_credit.domain.role import Role
from agency_credit.services.case_files import CaseUpload
from agency_credit.services.changes import decide_change
from agency_credit.services.import_file import import_file
from agency_credit.services.import_upload import commit_upload, keep_upload
from agency_credit.services.objections import open_objection, withdraw_objection
from agency_credit.services.office import Office
from agency_credit.services.publish_draw import publish_draw
from agency_credit.services.rating_run import rate_all
from agency_credit.services.record_change import load_known_record
from tests.conftest import Clock
from tests.integration.records import A, propose
from tests.world import World, add_account, add_agency_person, build_world, inspected, uscc

B = uscc(1)
DOCUMENT, SUMMARY, AUTHORITY = "淄知罚〔2026〕0731号", "未经备案开展代理业务甲乙丙", "淄博市知识产权局丁戊"
EVIDENCE = "5e" * 32
MARKS = (DOCUMENT, SUMMARY, AUTHORITY, EVIDENCE)
HEAD = "信用代码,信息类别,文书号,决定日期,决定机关,摘要,证据摘要\n"
LIST = f"{A},警告,{DOCUMENT},2026-03-02,{AUTHORITY},{SUMMARY},{EVIDENCE}\n"
OTHER = f"{B},警告,淄知罚〔2026〕0001号,2026-03-03,市局,别的事,\n"
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


@dataclass(frozen=True, slots=True)
class Told:
    """The record that will be forgotten, and what names it."""

    world: World
    commitment: str
    draw: str


async def tell_everywhere(office: Office, clock: Clock) -> Told:
    """A record that was imported, rated, drawn with, objected to, proposed about: everywhere that it gets."""
    world = await build_world(office, clock, n_agencies=4, n_inspectors=4)
    await add_account(office, "auditor", Role.AUDIT)
    await add_account(office, "system", Role.SYSTEM)
    await add_account(office, "security", Role.SECURITY)
    agency = await add_agency_person(office, "at-a", A)
    clock.forward(hours=1)
    text = HEAD + LIST + OTHER
    await import_file(office, world.drafter, "records", "一月.csv", text.encode())
    row = (
        await RecordSalt.select(RecordSalt.commitment)
        .where(RecordSalt.record.document_number == DOCUMENT)
        .first()
    )
    assert row is not None
    record = str(row["commitment"])
    clock.forward(hours=1)
    await rate_all(office, world.drafter)
    draw = await inspected(world)
    await publish_draw(office, world.approver, draw)
    clock.forward(hours=1)
    wrong = (HEAD + LIST.replace("市知", "省知") + OTHER.replace("0001", "0002")).encode()
    number = await keep_upload(office, world.drafter, "records", "二月.csv", wrong, None)
    await commit_upload(office, world.drafter, number, "accept-good")
    proposal = await propose(world, record, "entered", on=(await load_known_record(record)).row["decided_on"])
    await decide_change(office, world.approver, proposal, "approved", f"同意：{SUMMARY}")
    await propose(world, record, "suspended", on=office.today())
    case = await open_objection(
        office,
        agency,
        A,
        record,
        f"{SUMMARY}不属实",
        [CaseUpload(name=f"{DOCUMENT}.pdf", media_type="", content=PDF)],
    )
    await withdraw_objection(office, agency, A, case)
    await keep_upload(office, world.drafter, "records", "三月.csv", text.encode(), None)
    return Told(world, record, draw)


def shows(content: bytes, marks: tuple[str, ...] = MARKS) -> bool:
    """Whether an answer holds a mark of the record, in any form in which a text is written down."""
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(shows(archive.read(name), marks) for name in archive.namelist())
    forms = {form for mark in marks for form in forms_of(mark)}
    return any(form in content for form in forms)


def forms_of(mark: str) -> set[bytes]:
    """A text as UTF-8, escaped in JSON, in hexadecimal, and in base64 wherever it begins."""
    data = mark.encode()
    found = {data, json.dumps(mark)[1:-1].encode(), data.hex().encode()}
    for shift in range(3):
        text = base64.b64encode(b"\x00" * shift + data)
        found.add(text[4 if shift else 0 : -4])
    return found
