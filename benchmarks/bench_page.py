"""The page of an agency with 200 credit records against rendering the same rows ready-made: within one run.

The whole application answers ``/agencies/{uscc}``, called as a server would call it: routing, access, the
store, decoding the ledger of 200 lines and the history, the chart, the template, ETag and headers. Against
it stands the same template with the very objects that the page was given, ready-made in memory: no database,
nothing to decode, no application. Both give the same bytes, and are counted in processor time, in turn; the
least of each stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any

from litestar import Litestar, Request

from agency_credit.app import create_app
from agency_credit.database import append_rows, transaction
from agency_credit.database.tables import Agency, AgencyPractice, CreditRecord, Rating, RecordSalt
from agency_credit.domain.canonical import digest, format_canonical
from agency_credit.domain.ledger import Ledger
from agency_credit.domain.record import CreditRecord as ScoredRecord
from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring import RulePack, ledger_answer, score_ledger, score_of, tier_of
from agency_credit.services.office import Office, close_office, open_office
from agency_credit.services.rating_store import find_moved
from agency_credit.services.rule_book import load_packs_of_today
from agency_credit.settings import Settings
from agency_credit.web.public import agencies
from agency_credit.web.templating import make_environment

USCC = "91370303MA3CXXXX01"
N_RECORDS, N_RATINGS, N_ROUNDS = 200, 11, 15
MAX_RATIO = 2.0
AT = datetime(2026, 11, 24, 4, tzinfo=UTC)
PACKS = Path(__file__).parents[1] / "seeds" / "rules"


async def fill(office: Office) -> None:
    """An agency whose 200 records each make a line; rated at the end of every month of a year."""
    agency = Agency(uscc=USCC, name="淄博中科专利事务所", status="in_force", created_at=AT, changed_at=AT)
    await agency.save()
    await AgencyPractice.insert(AgencyPractice(agency=agency.id, practice_line="patent", agency_code="37201"))
    pack = next(p for p in await load_packs_of_today(office) if p.subject is RatingSubject.PATENT_AGENCY)
    kinds = [kind for clause in pack.clauses for kind in clause.record_kinds]
    records = [
        ScoredRecord(
            record_id=digest(f"{n}".encode()),
            subject=USCC,
            kind=kinds[n % len(kinds)],
            decided_on=date(2025, 1, 1) + timedelta(days=3 * n),
            evidence=digest(f"document {n}".encode()),
        )
        for n in range(N_RECORDS)
    ]
    await append_rows(CreditRecord, [record_row(int(agency.id), n, r) for n, r in enumerate(records)])
    numbers = {row["digest"]: row["id"] for row in await CreditRecord.select()}
    salts = [
        {"record": numbers[record.record_id], "salt": bytes(32), "commitment": record.record_id}
        for record in records
    ]
    await append_rows(RecordSalt, salts)
    before: list[Any] = []
    for month in range(1, N_RATINGS + 1):
        ledger = score_ledger(records, pack, min(date(2026, month, 28), AT.date()))
        lines: Any = ledger_answer(USCC, ledger, pack)["lines"]
        await Rating.insert(rating_row(int(agency.id), pack, ledger, lines, before))
        before = lines


def record_row(agency: int, number: int, record: ScoredRecord) -> dict[str, Any]:
    return {
        "agency": agency,
        "kind": record.kind,
        "document_number": f"淄知罚〔2026〕{number}号",
        "decided_on": record.decided_on,
        "authority": "淄博市市场监督管理局",
        "summary": f"第{number}号决定：责令限期改正，联系人电话已隐去",
        "known_at": AT,
        "digest": record.record_id,
        "evidence": record.evidence,
    }


def rating_row(agency: int, pack: RulePack, ledger: Ledger, lines: list[Any], before: list[Any]) -> Rating:
    score = score_of(ledger)
    return Rating(
        agency=agency,
        practice_line="patent",
        rated_on=ledger.on,
        pack_id=pack.id,
        pack_digest=pack.digest,
        is_fictional=pack.is_fictional,
        score=score,
        tier=tier_of(pack, score).name,
        lines_json=format_canonical(lines).decode(),
        moved_json=format_canonical(find_moved(before, lines) if before else []).decode(),
        rated_at=AT,
    )


async def get(app: Litestar, scope_of: Mapping[str, Any]) -> bytes:
    """The body of an answer; no client, whose cost is not the application's."""
    body = b""

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal body
        assert message.get("status", 200) == 200
        body += message.get("body", b"")

    await app({**scope_of, "state": {}}, receive, send)  # type: ignore[arg-type]
    return body


def scope() -> dict[str, Any]:
    path = f"/agencies/{USCC}"
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", b"office.test")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip


async def compare(folder: Path) -> tuple[float, float]:
    """Least processor time of the page, and of rendering what it was given, in seconds."""
    office = await open_office(Settings(data=folder), clock=lambda: AT, packs_folder=PACKS)
    async with transaction():
        await fill(office)
    app = create_app(office)
    pages, ready_made = [], []
    async with app.lifespan():
        page = await get(app, scope())
        given = (await agencies.show_agency.fn(office=office, uscc=USCC, language="zh")).context
        asked: Any = {**scope(), "state": {}, "app": app, "litestar_app": app}
        request: Any = Request(asked)
        template = make_environment().get_template("agency.html")
        assert template.render({**given, "request": request}).encode() == page
        for _ in range(N_ROUNDS):  # in turn, so that both meet the same load
            started = process_time()
            template.render({**given, "request": request}).encode()
            ready_made.append(process_time() - started)
            started = process_time()
            await get(app, scope())
            pages.append(process_time() - started)
    await close_office(office)
    return min(pages), min(ready_made)


def test_the_page_of_an_agency_takes_at_most_twice_its_rendering(benchmark: Any, tmp_path: Path) -> None:
    page, ready_made = benchmark.pedantic(lambda: asyncio.run(compare(tmp_path)), rounds=1)
    ratio = page / ready_made
    benchmark.extra_info.update(
        ratio=ratio,
        limit=f"≤ {MAX_RATIO:g}",
        what=f"page of an agency with {N_RECORDS} records / rendering the same rows ready-made",
    )
    assert ratio <= MAX_RATIO, f"{ratio:.2f} times the rendering; at most {MAX_RATIO:g}"
