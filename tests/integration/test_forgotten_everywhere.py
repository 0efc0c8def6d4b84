"""After a record is forgotten no page, list, file or old address shows it to anybody; nothing else changes.

Every GET route of the application is opened with everything there is in its places, by everybody who may.
The same walk before shows that it would have seen the record.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import httpx
import pytest

from agency_credit.database.tables import (
    TABLES,
    ChangeRequest,
    CreditCase,
    ImportRun,
    ImportUpload,
    Inspection,
    LogEntry,
    RecordSalt,
    SealedRecord,
)
from agency_credit.domain.role import Role
from agency_credit.services.case_files import CaseUpload
from agency_credit.services.changes import decide_change
from agency_credit.services.import_file import import_file
from agency_credit.services.import_upload import commit_upload, keep_upload
from agency_credit.services.log_fsck import check_log
from agency_credit.services.objections import open_objection, withdraw_objection
from agency_credit.services.office import Office
from agency_credit.services.publish_draw import publish_draw
from agency_credit.services.rating_run import rate_all
from agency_credit.services.record_change import load_known_record
from tests.architecture.test_routes import promised
from tests.conftest import Clock
from tests.integration.console import desk_of
from tests.integration.records import A, propose
from tests.integration.test_forgetting import forget
from tests.visitor import visit
from tests.world import World, add_account, add_agency_person, build_world, inspected, uscc

B = uscc(1)
DOCUMENT, SUMMARY, AUTHORITY = "淄知罚〔2026〕0731号", "未经备案开展代理业务甲乙丙", "淄博市知识产权局丁戊"
EVIDENCE = "5e" * 32
MARKS = (DOCUMENT, SUMMARY, AUTHORITY, EVIDENCE)
HEAD = "信用代码,信息类别,文书号,决定日期,决定机关,摘要,证据摘要\n"
LIST = f"{A},警告,{DOCUMENT},2026-03-02,{AUTHORITY},{SUMMARY},{EVIDENCE}\n"
OTHER = f"{B},警告,淄知罚〔2026〕0001号,2026-03-03,市局,别的事,\n"
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
ACCOUNTS = {
    Role.DRAFTER: "drafter",
    Role.APPROVER: "approver",
    Role.PUBLISHER: "approver",
    Role.SYSTEM: "system",
    Role.SECURITY: "security",
    Role.AUDIT: "auditor",
    Role.INSPECTOR: "inspector0",
    Role.AGENCY: "at-a",
}
PLACE = re.compile(r"\{(\w+):\w+\}")
SKIPPED = ("/static", "/admin/reference", "/api/v1/openapi.json/{path:str}")
"""Files of the software, and the tables of Piccolo Admin, which has none of those concerned."""


@dataclass(frozen=True, slots=True)
class Told:
    """The record that will be forgotten, and what names it."""

    world: World
    commitment: str
    draw: str


@pytest.fixture
async def told(office: Office, clock: Clock) -> Told:
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


async def places(told: Told) -> dict[str, list[str]]:
    """What there is to put into the places of paths."""

    async def ids(table: Any) -> list[str]:
        return [str(row["id"]) for row in await table.select(table.id).order_by(table.id)]

    n_entries = await LogEntry.count()
    return {
        "uscc": [A], "unit": [A], "record": [told.commitment], "draw": [told.draw],
        "practice_line": ["patent", "trademark"], "number": await ids(ChangeRequest) + await ids(CreditCase),
        "index": [str(index) for index in range(n_entries)], "run": await ids(ImportRun),
        "upload": ["1", "2", "3"], "inspection": await ids(Inspection), "year": ["2026"], "row": ["1"],
        "sealed": await ids(SealedRecord), "username": ["drafter"], "section": ["what", "frame", "strata"],
        "name": ["plan.json", "targets.jsonl", "result.json", "records.xlsx"], "kind": ["notice"],
        "instrument": ["fictional-patent-agency"], "code": ["1"], "digest": ["0" * 64],
        "case": await ids(CreditCase), "file": ["1"], "file_path": [], "path": [],
    }  # fmt: skip


def addresses(path: str, filling: dict[str, list[str]]) -> Iterator[str]:
    """A path with everything there is in its places, and with what it can be asked."""
    names = PLACE.findall(path)
    for values in product(*(filling.get(name, ["1"]) for name in names)):
        address = path
        for value in values:
            address = PLACE.sub(value, address, count=1)
        yield address
        if path.endswith("/bundle"):
            yield from (f"{address}?number={n}" for n in range(1, 5))
        if path == "/admin/agencies/{uscc:str}":
            yield f"{address}?on=2026-11-24&known=2026-11-24"
        if not path.startswith(("/api", "/admin", "/desk", "/log")):
            yield f"/en{address}"


async def walk(told: Told) -> dict[str, set[str]]:
    """Every page that somebody sees a mark of the record on: the address, and who sees it."""
    filling = await places(told)
    found: dict[str, set[str]] = {}
    n_seen = 0
    for who in ("", *sorted(set(ACCOUNTS.values()))):
        opened = visit(told.world.office) if not who else desk_of(told.world.office, who)
        async with opened as visitor:
            client = visitor if isinstance(visitor, httpx.AsyncClient) else visitor.client
            for (method, path), roles in promised().items():
                may = roles is None if not who else bool(roles) and who in {ACCOUNTS[role] for role in roles}
                if method != "GET" or not may or path.startswith(SKIPPED):
                    continue
                for address in addresses(path, filling):
                    answer = await client.get(address)
                    assert answer.status_code < 500, (who, address, answer.text[:500])
                    n_seen += answer.status_code == 200
                    if shows(answer.content):
                        found.setdefault(address, set()).add(who)
    assert n_seen > 150
    return found


def shows(content: bytes, marks: tuple[str, ...] = MARKS) -> bool:
    """Whether an answer holds a mark of the record, in any form in which a text is written down."""
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(shows(archive.read(name), marks) for name in archive.namelist())
    forms = {form for mark in marks for form in forms_of(mark)}
    return any(form in content for form in forms)


def forms_of(mark: str) -> set[bytes]:
    """A text as UTF-8, escaped in JSON, in hexadecimal, and in base64 wherever it begins."""
    import base64

    data = mark.encode()
    found = {data, json.dumps(mark)[1:-1].encode(), data.hex().encode()}
    for shift in range(3):
        text = base64.b64encode(b"\x00" * shift + data)
        found.add(text[4 if shift else 0 : -4])
    return found


async def test_the_walk_sees_the_record_before_and_nowhere_after(told: Told) -> None:
    before = await walk(told)
    seen = {
        f"/agencies/{A}": {""},
        f"/en/agencies/{A}": {""},
        f"/api/v1/agencies/{A}": {""},
        f"/agencies/{A}/ratings/patent/bundle": {""},
        f"/agencies/{A}/ratings/patent/bundle?number=2": {""},
        f"/admin/agencies/{A}": {"approver", "auditor", "drafter", "system"},
        f"/admin/records/{told.commitment}": {"approver", "auditor", "drafter", "system"},
        f"/desk/{A}/ledger": {"at-a"},
        f"/desk/{A}/records/{told.commitment}": {"at-a"},
        "/admin/imports/2": {"drafter", "system"},
    }
    assert {address: who for address, who in before.items() if address in seen} == seen
    await forget(told.world, told.commitment)
    assert await walk(told) == {}


async def test_the_public_and_the_agency_do_not_even_see_what_named_it(told: Told) -> None:
    await forget(told.world, told.commitment)
    filling = await places(told)
    for who in ("", "at-a"):
        opened = visit(told.world.office) if not who else desk_of(told.world.office, who)
        async with opened as visitor:
            client = visitor if isinstance(visitor, httpx.AsyncClient) else visitor.client
            for (method, path), roles in promised().items():
                may = roles is None if not who else roles is not None and Role.AGENCY in roles
                if method != "GET" or not may or path.startswith(SKIPPED) or "{record" in path:
                    continue
                for address in addresses(path, filling):
                    answer = await client.get(address)
                    assert not shows(answer.content, (told.commitment,)), (who, address)


OF_B = (
    f"/agencies/{B}", f"/api/v1/agencies/{B}", f"/api/v1/agencies/{B}/history",
    f"/agencies/{B}/ratings/trademark/bundle", f"/agencies/{B}/ratings/trademark/bundle?number=1",
)  # fmt: skip


async def test_nothing_changes_for_another_agency(told: Told) -> None:
    async with visit(told.world.office) as client:
        before = [(await client.get(address)).content for address in OF_B]
        await forget(told.world, told.commitment)
        assert [(await client.get(address)).content for address in OF_B] == before
    report = await check_log([s.verifier for s in told.world.office.keys.load_log_signers()])
    assert report.faults == []


async def test_no_row_of_the_database_shows_it(told: Told) -> None:
    await forget(told.world, told.commitment)
    for table in TABLES:
        for row in await table.select():
            for column, value in row.items():
                content = bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
                assert not shows(content), (table._meta.tablename, column)


async def test_searches_and_old_addresses_do_not_know_it(told: Told) -> None:
    await forget(told.world, told.commitment)
    async with visit(told.world.office) as client:
        for path in ("/api/v1/agencies", "/agencies.json"):
            answer = await client.get(path, params={"q": DOCUMENT})
            assert SUMMARY not in answer.text
        assert (await client.get("/api/v1/agencies", params={"q": DOCUMENT})).json()["total"] == 0
        old = await client.get(f"/agencies/{A}/ratings/patent/bundle?number=2")
        assert (old.status_code, "修复" in old.text) == (404, True)
        assert (await client.get(f"/agencies/{A}/ratings/patent/bundle?number=1")).status_code == 200
    async with desk_of(told.world.office, "drafter") as desk:
        assert (await desk.open(f"/admin/records/{told.commitment}")).status_code == 404
        assert DOCUMENT not in (await desk.open("/admin")).text
    async with desk_of(told.world.office, "at-a") as desk:
        assert (await desk.open(f"/desk/{A}/records/{told.commitment}")).status_code == 404
        assert (await desk.open(f"/desk/{A}/ledger")).status_code == 200
    assert await ImportUpload.count() == 0
