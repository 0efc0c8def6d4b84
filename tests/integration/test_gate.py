"""The gate over outgoing texts: what holds a personal number does not leave; everything else does."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from agency_credit.database import transaction
from agency_credit.database.tables import Agency, AuditLine, LegalParameter, Notice
from agency_credit.domain.errors import RefusedError
from agency_credit.domain.role import Role
from agency_credit.services.account import change_own_name
from agency_credit.services.office import Office
from agency_credit.services.outgoing import MOST_A_DAY, report_blocked
from agency_credit.services.people import create_person
from agency_credit.web import gate
from agency_credit.web.bundle import format_bundle
from agency_credit.web.gate import OutgoingGate, find_in_bytes
from agency_credit.web.metrics import BLOCKED
from agency_credit.web.problems import OutgoingBlockedError
from tests import builders
from tests.builders import add_person
from tests.conftest import Clock
from tests.visitor import visit
from tests.world import ADMIN, PASSWORD, add_account

A, IDENTITY, MOBILE, LANDLINE = "91370303MA3CXXXX01", "11010519491231002X", "13800138000", "0533-2345678"
TITLE = "本页内容因含疑似个人信息被拦截，已通知管理员"


async def named(name: str) -> None:
    """An agency whose name holds what must not go out, as an import might have brought it."""
    await builders.add_agency(A, name, lines={"patent": "37201"})


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"/agencies/{A}", "text/html"),
        (f"/en/agencies/{A}", "text/html"),
        ("/agencies", "text/html"),
        ("/agencies.json", "application/problem+json"),
        ("/agencies.csv", "application/problem+json"),
        (f"/api/v1/agencies/{A}", "application/problem+json"),
        ("/api/v1/agencies", "application/problem+json"),
    ],
)
@pytest.mark.parametrize(
    "number", [IDENTITY, "１１０１０５ １９４９１２３１ ００２Ｘ", MOBILE, "138\u200b0013 8000", LANDLINE]
)
async def test_an_answer_with_a_personal_number_is_held_back(
    office: Office, path: str, kind: str, number: str
) -> None:
    await named(f"王某{number}事务所")
    async with visit(office) as client:
        answer = await client.get(path)
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith(kind)
    assert number not in answer.text
    assert "王某" not in answer.text
    assert find_in_bytes(answer.content) == []
    assert TITLE in answer.text or "held back" in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_administrators_are_told_once_a_day_without_the_number(
    office: Office, clock: Clock
) -> None:
    await add_person("sysadmin", Role.SYSTEM)
    await add_person("drafter", Role.DRAFTER)
    await named(f"王某{IDENTITY}事务所")
    before = BLOCKED.labels("identity")._value.get()
    async with visit(office) as client:
        for path in ("/agencies", "/agencies", f"/agencies/{A}"):
            assert (await client.get(path)).status_code == 500
        clock.forward(hours=25)
        await client.get("/agencies")
    lines = await AuditLine.select().where(AuditLine.action == "answer.blocked").order_by(AuditLine.id)
    assert [(line["subject"], line["actor"], line["outcome"]) for line in lines] == [
        ("/agencies", "system", "done"),
        (f"/agencies/{A}", "system", "done"),
        ("/agencies", "system", "done"),
    ]
    assert [json.loads(line["details_json"]) for line in lines] == [{"kind": "identity"}] * 3
    notices = await Notice.select(Notice.what, Notice.person.username.as_alias("who"))
    assert [(row["what"], row["who"]) for row in notices] == [
        ("/agencies", "sysadmin"), (f"/agencies/{A}", "sysadmin"), ("/agencies", "sysadmin")
    ]  # fmt: skip
    assert BLOCKED.labels("identity")._value.get() == before + 4


@pytest.mark.parametrize("number", [IDENTITY, MOBILE, LANDLINE, "138 0013 8000"])
@pytest.mark.parametrize(
    "path",
    ["/agencies?q={}", "/en/agencies?q={}", "/agencies.json?tier={}", "/nothing/{}", "/api/v1/agencies/{}"],
)
async def test_what_the_visitor_typed_is_not_repeated_and_troubles_nobody(
    office: Office, path: str, number: str
) -> None:
    async with visit(office) as client:
        answer = await client.get(path.format(quote(number)))
    assert answer.status_code in (400, 404, 422)
    assert find_in_bytes(answer.content) == []
    assert await AuditLine.count().where(AuditLine.action == "answer.blocked") == 0


@pytest.mark.parametrize(
    "number", [r"\u00313800138000", "&#49;3800138000", "%31%33800138000", "138&nbsp;00138000"]
)
@pytest.mark.parametrize("path", ["/agencies?q={}", "/nothing/{}", "/api/v1/nothing/{}", "/deskx/{}"])
async def test_strangers_do_not_fill_the_trail_with_what_they_write_in_other_ways(
    office: Office, path: str, number: str
) -> None:
    await add_person("sysadmin", Role.SYSTEM)
    async with visit(office) as client:
        answer = await client.get(path.format(quote(number)))
    assert answer.status_code in (200, 400, 404)
    assert find_in_bytes(answer.content) == []
    assert await AuditLine.count().where(AuditLine.action == "answer.blocked") == 0
    assert await Notice.count() == 0


async def test_a_day_has_a_hundred_reports_at_most(office: Office, clock: Clock) -> None:
    for number in range(MOST_A_DAY + 5):
        await report_blocked(office, "mobile", f"/nothing/{number}")
    assert await AuditLine.count().where(AuditLine.action == "answer.blocked") == MOST_A_DAY
    clock.forward(hours=25)
    await report_blocked(office, "mobile", "/nothing/0")
    assert await AuditLine.count().where(AuditLine.action == "answer.blocked") == MOST_A_DAY + 1


async def test_who_chooses_his_telephone_as_user_name_is_told_what_is_wrong(office: Office) -> None:
    form = {"uscc": A, "code": "AAAA-" * 5, "username": MOBILE, "display_name": "王某"}
    async with visit(office) as client:
        answer = await client.post("/activate", data=form)
    assert answer.status_code == 422
    assert await AuditLine.count().where(AuditLine.action == "answer.blocked") == 0


async def test_a_search_does_not_excuse_another_number(office: Office) -> None:
    await named(f"王某{IDENTITY}事务所")
    async with visit(office) as client:
        assert (await client.get("/agencies")).status_code == 500
        answer = await client.get("/agencies", params={"q": MOBILE})
        assert answer.status_code == 400, "nothing is found, and the search alone would be repeated"


async def test_the_office_s_own_numbers_go_out(office: Office) -> None:
    await named(f"拨打{LANDLINE}")
    async with visit(office) as client:
        assert (await client.get("/agencies")).status_code == 500
        async with transaction():
            await LegalParameter.update({LegalParameter.value: f"{LANDLINE}；{MOBILE}"}).where(
                LegalParameter.key == "public_telephones"
            )
        assert (await client.get("/agencies")).status_code == 200
        async with transaction():
            await Agency.update({Agency.name: f"{MOBILE} {IDENTITY}"}).where(Agency.uscc == A)
        assert (await client.get("/agencies")).status_code == 500, "no list lets identity numbers out"


def test_files_of_an_archive_are_looked_at_when_it_is_made() -> None:
    assert format_bundle({"a.json": b"{}", "b.txt": f"电话{LANDLINE}".encode()})
    for number in (IDENTITY, MOBILE):
        with pytest.raises(OutgoingBlockedError):
            format_bundle({"a.json": b"{}", "b.txt": f"电话{number}".encode()})


async def test_a_blocked_archive_is_a_blocked_page(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def files(*_: object) -> dict[str, bytes]:
        return {"records.jsonl": MOBILE.encode()}

    monkeypatch.setattr("agency_credit.web.public.agencies.load_rating_bundle", files)
    async with visit(office) as client:
        answer = await client.get(f"/agencies/{A}/ratings/patent/bundle")
    assert (answer.status_code, TITLE in answer.text) == (500, True)
    assert await AuditLine.count().where(AuditLine.action == "answer.blocked") == 1


@pytest.mark.parametrize("cut", [0, 5, 11])
async def test_an_answer_too_long_to_be_held_is_broken_off(
    office: Office, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    """A number may lie across two pieces."""
    monkeypatch.setattr(gate, "LARGEST_HELD", 100)
    sent = bytearray()

    async def streamed(scope: object, receive: object, send: object) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
        )
        for piece in ("甲" * 60 + MOBILE[:cut], MOBILE[cut:] + "乙", "丙"):
            await send({"type": "http.response.body", "body": piece.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def send(message: dict) -> None:
        sent.extend(message.get("body", b""))

    class App:
        class state:  # noqa: N801
            pass

    App.state.office = office
    scope = {
        "type": "http",
        "path": "/x",
        "query_string": b"",
        "state": {"language": "zh"},
        "litestar_app": App,
    }
    with pytest.raises((ConnectionAbortedError, AttributeError)):
        await OutgoingGate(streamed)(scope, None, send)
    assert find_in_bytes(bytes(sent)) == []
    assert "丙" not in sent.decode("utf-8", "ignore")


def test_no_published_vector_is_held_back() -> None:
    """Draws, ratings, log proofs: what outsiders recompute must never stop at the gate."""
    folders = Path(__file__).parents[1] / "vectors", Path(__file__).parents[2] / "docs"
    files = [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in (".json", ".jsonl", ".txt", ".md")
    ]
    assert len(files) > 100
    assert [path.name for path in files if find_in_bytes(path.read_bytes(), gate.IN_ENTRIES)] == []


@pytest.mark.parametrize("number", [IDENTITY, MOBILE, LANDLINE])
async def test_a_name_of_an_account_with_a_number_in_it_is_refused(office: Office, number: str) -> None:
    with pytest.raises(RefusedError):
        await create_person(office, ADMIN, "wang", PASSWORD, display_name=f"王{number}", roles=[Role.DRAFTER])
    actor = await add_account(office, "wang", Role.DRAFTER)
    with pytest.raises(RefusedError):
        await change_own_name(office, actor, f"王{number}")
