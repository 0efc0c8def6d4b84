"""What the gate costs: a page of over 100 kB through the whole application, with and without its search.

A page is searched when it is new, and known by its digest when it is read again.

The page is that of an agency with 200 credit records and as many ledger lines (bench_page.py): dates, credit
codes, points, digests. All answers are the same bytes and are counted in processor time, in turn; the least
of each stands.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import process_time
from typing import Any

from agency_credit.app import create_app
from agency_credit.database import transaction
from agency_credit.services.office import close_office, open_office
from agency_credit.settings import Settings
from agency_credit.web import gate
from benchmarks.bench_page import AT, PACKS, fill, get, scope

N_ROUNDS = 25
MAX_NEW, MAX_AGAIN = 1.15, 1.05


async def compare(folder: Path) -> tuple[float, float, int]:
    """Ratios to the time without the search, of a page that is new and that is read again; its bytes."""
    office = await open_office(Settings(data=folder), clock=lambda: AT, packs_folder=PACKS)
    async with transaction():
        await fill(office)
    app = create_app(office)
    new, again, bare = [], [], []
    search = gate.find_in_bytes
    async with app.lifespan():
        page = await get(app, scope())
        for _ in range(N_ROUNDS):  # in turn, so that all meet the same load
            for times, one in ((new, search), (again, search), (bare, lambda data, kinds=(): [])):
                if times is not again:
                    gate._CLEAN.clear()
                gate.find_in_bytes = one  # type: ignore[assignment]
                started = process_time()
                assert await get(app, scope()) == page
                times.append(process_time() - started)
            gate._CLEAN.clear()
    gate.find_in_bytes = search
    await close_office(office)
    return min(new) / min(bare), min(again) / min(bare), len(page)


def test_the_gate_takes_little_of_the_time_of_a_page(benchmark: Any, tmp_path: Path) -> None:
    new, again, n_bytes = benchmark.pedantic(lambda: asyncio.run(compare(tmp_path)), rounds=1)
    benchmark.extra_info.update(
        ratio=again,
        limit=f"≤ {MAX_AGAIN:g}",
        what=f"page of {n_bytes // 1000} kB read again, with the gate / without ({new:.2f} × when it is new)",
    )
    assert n_bytes >= 100_000
    assert new <= MAX_NEW, f"{new:.3f} times when it is new; at most {MAX_NEW:g}"
    assert again <= MAX_AGAIN, f"{again:.3f} times when it is read again; at most {MAX_AGAIN:g}"
