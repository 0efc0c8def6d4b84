"""After a record is forgotten no page, list, file or old address shows it to anybody; nothing else changes.

Every GET route of the application is opened with everything there is in its places, by everybody who may.
The same walk before shows that it would have seen the record.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agency_credit.database.tables import (
    TABLES,
    ChangeRequest,
    CreditCase,
    ImportRun,
    ImportUpload,
    Inspection,
    LogEntry,
    SealedRecord,
)
from agency_credit.domain.role import Role
from agency_credit.services.log import load_entries
from agency_credit.services.log_fsck import check_log
from agency_credit.services.office import Office
from tests.architecture.test_routes import promised
from tests.conftest import Clock
from tests.integration.console import desk_of
from tests.integration.forgotten import DOCUMENT, SUMMARY, B, Told, shows, tell_everywhere
from tests.integration.records import A
from tests.integration.test_forgetting import forget
from tests.visitor import visit

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


@pytest.fixture
async def told(office: Office, clock: Clock) -> Told:
    """A record that was imported, rated, drawn with, objected to, proposed about."""
    return await tell_everywhere(office, clock)


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


async def test_the_public_does_not_even_see_what_named_it(told: Told) -> None:
    await forget(told.world, told.commitment)
    filling = await places(told)
    async with visit(told.world.office) as client:
        for (method, path), roles in promised().items():
            if method != "GET" or roles is not None or path.startswith((*SKIPPED, "/log")):
                continue  # the entry that published the record goes on committing to it
            for address in addresses(path, filling):
                answer = await client.get(address)
                assert not shows(answer.content, (told.commitment,)), address


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


def holds(proof: str, key: bytes) -> tuple[str, bool]:
    """Check a proof by hand (RFC 9162, 2.1.3.2): the type of its entry, and whether there is a body."""
    head, _, note = proof.partition("\n\n")
    lines = head.split("\n")
    extra = json.loads(base64.b64decode(lines[1].removeprefix("extra ")))
    index, path = int(lines[2].removeprefix("index ")), [base64.b64decode(line) for line in lines[3:]]
    signed, _, signatures = note.partition("\n\n")
    _, size, root = signed.split("\n")[:3]
    signature = base64.b64decode(signatures.split("\n")[0].rsplit(" ", 1)[1])[4:]
    Ed25519PublicKey.from_public_bytes(key).verify(signature, f"{signed}\n".encode())
    leaf = json.dumps(extra["entry"], ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    node, first, last = hashlib.sha256(b"\x00" + leaf).digest(), index, int(size) - 1
    for sibling in path:
        if first % 2 or first == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while first % 2 == 0 and first:
                first, last = first // 2, last // 2
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        first, last = first // 2, last // 2
    assert (last, node) == (0, base64.b64decode(root))
    if "body" in extra:
        body = json.dumps(extra["body"], ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        said = hashlib.sha256(bytes.fromhex(extra["salt"]) + body).hexdigest()
        assert extra["entry"]["body"] == {"commitment": said}
    return extra["entry"]["type"], "body" in extra or "commitment" not in extra["entry"]["body"]


async def test_every_proof_still_holds_those_of_redacted_entries_without_their_body(told: Told) -> None:
    async def proofs() -> list[tuple[str, bool]]:
        async with visit(told.world.office) as client:
            key = base64.b64decode((await client.get("/log/keys")).text.split()[0].split("+", 2)[2])[1:]
            n = await LogEntry.count()
            return [holds((await client.get(f"/log/proof/{i}")).text, key) for i in range(n)]

    before = await proofs()
    await forget(told.world, told.commitment)
    after = await proofs()
    entries = (await load_entries(told.world.office, limit=200)).items
    concerned = {entry.body["entry"] for entry in entries if entry.type == "redacted" and entry.body}
    assert {after[index] for index in concerned} == {
        ("record.published", False),
        ("tier.published", False),
        ("objection.opened", False),
        ("objection.closed", False),
    }
    assert [a for i, a in enumerate(after[: len(before)]) if i not in concerned] == [
        b for i, b in enumerate(before) if i not in concerned
    ]


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
