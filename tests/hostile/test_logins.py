"""Logins by whoever should not: ids of his own choice, two hundred tries at once, objects of others."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from agency_credit.database.tables import LoginAttempt, PersonRole, Session
from agency_credit.domain.errors import ForbiddenError, InputError
from agency_credit.domain.role import DeskRight, Role
from agency_credit.services.draw_steps import approve_draw
from agency_credit.services.office import Office
from agency_credit.services.people import create_person
from agency_credit.services.sessions import open_session
from tests import world as worlds
from tests.architecture.test_routes import concrete, declared, log_in
from tests.integration.console import desk_of
from tests.visitor import visit
from tests.world import ADMIN, PASSWORD, add_account

TRIES = """
import asyncio, json, sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from argon2 import PasswordHasher
from agency_credit.services import passwords
from agency_credit.services.office import close_office, open_office
from agency_credit.services.sessions import open_session
from agency_credit.settings import Settings

passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
looked_at = 0
matches = passwords._matches

def watched(hashed, password):
    global looked_at
    looked_at += 1
    return matches(hashed, password)

passwords._matches = watched

async def main():
    at = datetime.fromisoformat(sys.argv[3])
    settings = Settings(data=Path(sys.argv[1]), database=sys.argv[2] or None)
    office = await open_office(settings, clock=lambda: at)
    tries = [open_session(office, sys.argv[4], f"wrong {n}") for n in range(100)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    await close_office(office)
    print(json.dumps([looked_at, dict(Counter(getattr(o, "code", repr(o)) for o in outcomes))]))

asyncio.run(main())
"""


@pytest.mark.parametrize("name", ["wang", "nobody"])
async def test_of_two_hundred_tries_at_once_from_two_processes_ten_are_looked_at(
    office: Office, clock, name: str
) -> None:
    await add_account(office, "wang", Role.DRAFTER)
    place = [str(office.settings.data), office.settings.database or "", clock.now.isoformat()]
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", TRIES, *place, name), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    told = [json.loads((await process.communicate())[0]) for process in processes]
    assert sum(looked_at for looked_at, _ in told) == 10
    tried = [codes.get("session.credentials", 0) for _, codes in told]
    refused = [codes.get("session.throttled", 0) for _, codes in told]
    assert (sum(tried), sum(refused)) == (10, 190)
    assert await LoginAttempt.count().where(LoginAttempt.username == name) == 10
    with pytest.raises(ForbiddenError):
        await open_session(office, name, PASSWORD)


async def test_a_session_id_of_the_clients_choice_is_never_taken(office: Office) -> None:
    await add_account(office, "wang", Role.DRAFTER)
    chosen = "chosen-by-the-attacker-0123456789abcdef0123"
    async with visit(office) as client:
        client.cookies.set("ac_session", chosen)
        assert (await client.get("/admin")).status_code == 303
        answer = await client.post("/admin/login", data={"username": "wang", "password": PASSWORD})
        given = answer.cookies["ac_session"]
        assert given != chosen
    async with visit(office) as client:
        client.cookies.set("ac_session", chosen)
        assert "/admin/login" in (await client.get("/admin")).headers["location"]
    hashes = await Session.select(Session.token_hash).output(as_list=True)
    assert len(hashes) == 1
    assert chosen not in hashes
    assert given not in hashes


async def test_a_hash_out_of_the_table_opens_nothing(office: Office) -> None:
    await add_account(office, "wang", Role.DRAFTER)
    await open_session(office, "wang", PASSWORD)
    stolen = (await Session.select(Session.token_hash).output(as_list=True))[0]
    async with visit(office) as client:
        client.cookies.set("ac_session", stolen)
        assert (await client.get("/admin")).status_code == 303


async def test_a_role_taken_away_while_logged_in_is_gone_at_the_next_request(office: Office) -> None:
    await add_account(office, "wang", Role.DRAFTER)
    async with desk_of(office, "wang") as desk:
        assert (await desk.open("/admin/import")).status_code == 200
        await PersonRole.delete(force=True)
        assert (await desk.client.get("/admin/import")).status_code == 403
        answer = await desk.send_json("/api/v1/draws", {})
        assert (answer.status_code, answer.json()["code"]) == (403, "role.missing")


@pytest.fixture
async def world(office, clock):
    return await worlds.build_world(office, clock)


async def test_two_approvers_at_once_approve_once(world) -> None:
    draw = await worlds.announced(world)
    second = await add_account(world.office, "approver2", Role.APPROVER)
    outcomes = await asyncio.gather(
        *(approve_draw(world.office, actor, draw) for actor in (world.approver, second)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes)[1] == "NoneType"
    failed = [outcome for outcome in outcomes if outcome is not None]
    assert len(failed) == 1
    assert getattr(failed[0], "code", "") in ("draw.approved-already", "draw.step-made", "database.exists"), (
        failed
    )


async def test_a_person_of_an_agency_opens_nothing_of_the_office(world, office) -> None:
    """Every address of the console and of the API that asks for a session, with ids that are really there."""
    draw = await worlds.drawn(world)
    uscc = worlds.uscc(0)
    await create_person(
        office, ADMIN, "jigou", PASSWORD, display_name="x", roles=[Role.AGENCY], agency=worlds.uscc(1)
    )
    async with desk_of(office, "jigou") as desk:
        for method, path, handler in list(declared(desk.client._transport.app)):  # type: ignore[union-attr]
            roles = handler.opt.get("roles") or frozenset()
            if not roles or Role.AGENCY in roles:
                continue
            address = concrete(path.replace("{draw:str}", draw).replace("{uscc:str}", uscc))
            verb = "GET" if method == "ASGI" else method
            answer = await desk.client.request(verb, address, headers={"X-CSRF-Token": desk.token})
            assert answer.status_code in (403, 404), (method, address, answer.status_code)
            assert "role.missing" in answer.text, (method, address)


@pytest.mark.parametrize("right", list(DeskRight))
async def test_a_person_of_an_agency_finds_nothing_at_the_desk_of_another(world, office, right) -> None:
    """Every address of every desk, with a token that is good: another's answers as one that is not there."""
    await worlds.add_agency_person(office, "jigou", worlds.uscc(1), right)
    await worlds.add_agency_person(office, "other", worlds.uscc(0))
    n_desks = 0
    async with desk_of(office, "jigou") as desk:
        await desk.open(f"/desk/{worlds.uscc(1)}")
        assert desk.token
        for method, path, _ in list(declared(desk.client._transport.app)):  # type: ignore[union-attr]
            if not path.startswith("/desk/{uscc:str}"):
                continue
            n_desks += 1
            told = []
            for uscc in (worlds.uscc(0), "91370302MA99999999"):
                named = path.replace("{uscc:str}", uscc).replace("{kind:str}", "notice")
                form = {"data": {"csrf_token": desk.token}} if method == "POST" else {}
                answer = await desk.client.request(method, concrete(named), **form)
                assert answer.status_code == 404, (method, path, answer.status_code)
                told.append(answer.text.replace(uscc, ""))
            assert told[0] == told[1], path
    assert n_desks >= 6


async def test_an_inspector_opens_no_inspection_of_another_team(world, office) -> None:
    draw = await worlds.drawn(world)
    inspections = [row["id"] for row in await worlds.inspections_of(draw)]
    async with visit(office) as client:
        headers = await log_in(office, "outsider", Role.INSPECTOR)
        headers["X-CSRF-Token"] = "csrf-outsider"
        paths = [
            (method, path)
            for method, path, handler in declared(client._transport.app)  # type: ignore[union-attr]
            if "{inspection:int}" in path and Role.INSPECTOR in (handler.opt.get("roles") or ())
        ]
        assert len(paths) >= 3
        for method, path in paths:
            for inspection in inspections[:2]:
                named = path.replace("{inspection:int}", str(inspection)).replace("{kind:str}", "notice")
                address = concrete(named)
                result = {"inspected_on": "2026-12-02", "categories": ["1"], "findings": ""}
                body = {"digest": "0" * 64} if path.endswith("/confirmation") else result
                sent = {"json": body} if path.startswith("/api") else {"data": body}
                answer = await client.request(
                    method, address, headers=headers, **({} if method == "GET" else sent)
                )
                assert answer.status_code in (403, 404), (method, address, answer.status_code, answer.text)


async def test_names_that_no_database_can_hold_are_only_wrong(office: Office) -> None:
    for name in ("a\0b", "\ud800", "x" * 10_000, "'; DROP TABLE person; --", ""):
        with pytest.raises(InputError):
            await open_session(office, name, PASSWORD)
