"""The first page, and the pages that explain."""

from __future__ import annotations

from importlib.resources import files

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.response import Template

from agency_credit.services.draw_views import load_draws
from agency_credit.services.office import Office
from agency_credit.services.register import is_fictional_now
from agency_credit.services.register_search import load_known_tiers
from agency_credit.services.statistics import load_statistics
from agency_credit.web.bundle import answer_file
from agency_credit.web.templating import render

N_LATEST = 5


@get("/")
async def show_home(office: NamedDependency[Office]) -> Template:
    """What this is, the search box, the latest draws, the numbers."""
    return render(
        "home.html",
        is_fictional=await is_fictional_now(),
        statistics=await load_statistics(),
        tiers=await load_known_tiers(office),
        draws=(await load_draws(limit=N_LATEST)).items,
    )


@get("/verify")
async def show_verify() -> Template:
    """How anybody checks a draw, a unit's place and an entry of the log."""
    return render("verify.html", is_fictional=await is_fictional_now())


@get("/open-data")
async def show_open_data() -> Template:
    """What programs can read here."""
    return render("open_data.html", is_fictional=await is_fictional_now())


@get("/verify/verify_draw.py", sync_to_thread=False)
def download_verifier() -> Response[bytes]:
    """The second implementation of the protocol: one file on Python's standard library."""
    return answer_file(
        "verify_draw.py", (files("agency_credit.verification") / "verify_draw.py").read_bytes()
    )


@get("/verify/verify_rating.py", sync_to_thread=False)
def download_rating_verifier() -> Response[bytes]:
    """The second implementation of ratings: one file on Python's standard library."""
    return answer_file(
        "verify_rating.py", (files("agency_credit.verification") / "verify_rating.py").read_bytes()
    )


PAGES = (show_home, show_verify, show_open_data, download_verifier, download_rating_verifier)
