"""No public address tells of a practitioner, whatever the profile says, nor of a class of enterprise risk."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from agency_credit.database.tables import TABLES, Agency, AgencyPractice, Practitioner, Rating
from agency_credit.services.office import Office
from agency_credit.services.rating_run import rate_all
from agency_credit.settings import Settings
from tests import world as made
from tests.conftest import Clock
from tests.integration.records import A
from tests.visitor import shared_app, visit
from tests.world import World

NAME, CERTIFICATE = "欧阳守密", "3701998877.6"
PLACE = re.compile(r"\{(\w+):\w+\}")
FILLED = {
    "uscc": A, "unit": A, "path": "", "practice_line": "patent", "instrument": "fictional-patent-agency",
    "name": "1.json", "year": "2026", "index": "0", "code": "0", "number": "1", "file_path": "site.css",
}  # fmt: skip


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    """A practitioner with a tier, and the switch that lets tiers of natural persons out."""
    world = await made.build_world(office, clock, n_agencies=2, n_inspectors=4)
    agency = await Agency.select(Agency.id).where(Agency.uscc == A).first()
    assert agency is not None
    await Practitioner.insert(
        Practitioner(
            certificate=CERTIFICATE, name=NAME, agency=agency["id"], practice_line="patent", status="active"
        )
    )
    world.clock.forward(days=1)
    await rate_all(world.office, world.drafter)
    assert await Rating.exists().where(Rating.practitioner.is_not_null())
    return world


def public_paths(draw: str) -> list[str]:
    """Every public address that is read, its places filled."""
    app = shared_app(Settings(data=Path("unused")))
    return [
        PLACE.sub(lambda match: {**FILLED, "draw": draw}[match[1]], route.path)
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        if "GET" in handler.http_methods and handler.opt.get("public") and not route.path.startswith("/admin")
    ]


async def texts(client: httpx.AsyncClient, paths: list[str]) -> dict[str, str]:
    return {path: (await client.get(path)).text for path in paths}


@pytest.mark.parametrize("switch", [0, 1])
async def test_no_public_address_names_a_practitioner(world: World, switch: int) -> None:
    """Also with the switch on: nothing is built that shows them, so nothing can leak."""
    await made.enter_value_of_profile(world, "natural-person-tiers-public", switch)
    draw = await made.inspected(world)
    async with visit(world.office) as client:
        found = await texts(client, public_paths(draw))
        proofs = await texts(client, [f"/log/proof/{n}" for n in range(12)])
    assert len(found) > 30
    for path, text in {**found, **proofs}.items():
        assert NAME not in text, path
        assert CERTIFICATE not in text, path
        assert "practitioner_id" not in text, path
        assert not re.search(r'"[a-z_]*risk[a-z_]*":', text), path


def test_no_table_holds_a_class_of_risk() -> None:
    """What is not kept cannot be shown: a field for it would be noticed here, and needs its own gate."""
    columns = [f"{t._meta.tablename}.{c._meta.name}" for t in TABLES for c in t._meta.columns]
    assert [name for name in columns if "risk" in name] == []
    assert AgencyPractice in TABLES
