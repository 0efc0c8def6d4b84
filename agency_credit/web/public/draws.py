"""Draws: the list, one draw with its files, a unit's place in it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from agency_credit.domain.errors import NotFoundError
from agency_credit.services.draw_outcome import load_unit_place
from agency_credit.services.draw_views import (
    STATES,
    DrawPage,
    has_draw_lapsed,
    load_draw,
    load_draw_file,
    load_draws,
    load_public_files,
)
from agency_credit.services.office import Office
from agency_credit.services.reference import load_districts
from agency_credit.services.register import is_fictional_now
from agency_credit.web.bundle import answer_bundle, answer_file
from agency_credit.web.i18n import Language, msgid, translate
from agency_credit.web.labels import LABELS
from agency_credit.web.query import StateFilter
from agency_credit.web.tables import answer_csv
from agency_credit.web.templating import language_of, localise, render

CSV_TITLES = (
    msgid("Draw"),
    msgid("Title"),
    msgid("Authority"),
    msgid("State"),
    msgid("Announced at"),
    msgid("Published at"),
)


@get("/draws")
async def list_draws(
    draw_state: StateFilter = "", cursor: FromQuery[str] = "", limit: FromQuery[int] = 50
) -> Template:
    """Every draw that was announced, voided ones included."""
    return render(
        "draws.html",
        is_fictional=await is_fictional_now(),
        page=await load_draws(state=draw_state, cursor=cursor, limit=limit),
        draw_state=draw_state,
        states=STATES,
    )


@get("/draws.json")
async def list_draws_json(
    draw_state: StateFilter = "", cursor: FromQuery[str] = "", limit: FromQuery[int] = 50
) -> DrawPage:
    """The same list for programs."""
    return await load_draws(state=draw_state, cursor=cursor, limit=limit)


@get("/draws.csv")
async def list_draws_csv(
    language: NamedDependency[Language],
    draw_state: StateFilter = "",
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = 50,
) -> Response[bytes]:
    """The same list for spreadsheets."""
    page = await load_draws(state=draw_state, cursor=cursor, limit=limit)
    rows = [
        [
            item.draw,
            item.title,
            item.authority,
            translate(language, LABELS["step"][item.state]),
            item.announced_at.isoformat(),
            item.published_at.isoformat() if item.published_at else "",
        ]
        for item in page.items
    ]
    answer = answer_csv([translate(language, title) for title in CSV_TITLES], rows, "draws.csv")
    if page.cursor:
        answer.headers["X-Next-Cursor"] = page.cursor
    return answer


@get("/draws/{draw:str}")
async def show_draw(office: NamedDependency[Office], draw: FromPath[str]) -> Template:
    """A draw: where it stands, its plan, its outcome once public, how to check it."""
    view = await load_draw(draw)
    is_lapsed = has_draw_lapsed(view, office.now())
    return render("draw.html", is_fictional=await is_fictional_now(), draw=view, is_lapsed=is_lapsed)


@get("/draws/{draw:str}/files/{name:str}")
async def download_file(draw: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """A file of a draw, byte for byte."""
    return answer_file(name, await load_draw_file(draw, name))


@get("/draws/{draw:str}/bundle.zip")
async def download_bundle(draw: FromPath[str]) -> Response[bytes]:
    """All files of a published draw in one archive."""
    return answer_bundle(draw, await load_public_files(draw))


@get("/draws/{draw:str}/units/{unit:str}")
async def show_unit(
    request: Request[Any, Any, Any], draw: FromPath[str], unit: FromPath[str]
) -> Template | Redirect:
    """A unit's place in a published draw, with the one line that checks it.

    Before the publication the page of the draw is shown, whoever is asked for: it says what is announced
    and when its files become public, and the code on a paper that was handed over leads somewhere.
    """
    try:
        files = await load_public_files(draw)
    except NotFoundError as error:
        if error.code != "draw.unpublished":
            raise
        return Redirect(localise(language_of(request), f"/draws/{quote(draw, safe='')}"), status_code=303)
    return render(
        "unit.html",
        is_fictional=await is_fictional_now(),
        place=await load_unit_place(draw, files, unit),
        districts=await load_districts(),
    )
