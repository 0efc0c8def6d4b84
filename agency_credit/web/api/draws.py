"""JSON of draws under /api/v1."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from agency_credit.services.draw_outcome import UnitPlace, load_unit_place
from agency_credit.services.draw_views import (
    DrawPage,
    DrawView,
    load_draw,
    load_draw_file,
    load_draws,
    load_public_files,
)
from agency_credit.web.bundle import FILE_TYPES, answer_bundle, answer_file
from agency_credit.web.query import StateFilter


@get("/draws")
async def read_draws(
    draw_state: StateFilter = "", cursor: FromQuery[str] = "", limit: FromQuery[int] = 50
) -> DrawPage:
    """Draws that were announced, the newest first; filter by `state`."""
    return await load_draws(state=draw_state, cursor=cursor, limit=limit)


@get("/draws/{draw:str}")
async def read_draw(draw: FromPath[str]) -> DrawView:
    """A draw: steps, plan, roots; the outcome once it is published."""
    return await load_draw(draw)


@get("/draws/{draw:str}/bundle", media_type="application/zip")
async def read_bundle(draw: FromPath[str]) -> Response[bytes]:
    """All files of a published draw as a zip, for `agency-credit verify`."""
    return answer_bundle(draw, await load_public_files(draw))


@get("/draws/{draw:str}/files/{name:str}", opt={"answers": FILE_TYPES})
async def read_file(draw: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """A public file of a draw, byte for byte."""
    return answer_file(name, await load_draw_file(draw, name))


@get("/draws/{draw:str}/units/{unit:str}")
async def read_unit(draw: FromPath[str], unit: FromPath[str]) -> UnitPlace:
    """A unit's place in a published draw: ticket, cut-off, its line and the proof under the root."""
    return await load_unit_place(draw, await load_public_files(draw), unit)
