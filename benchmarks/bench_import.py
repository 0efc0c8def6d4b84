"""A list of 10,000 rows into the register, and into the preview: ratios within one run, on each database.

The import (of new agencies, of the same with another address, of their practitioners) is held against
reading the file and an ``executemany`` of the rows that come of it, statements, tables and triggers being
the same; of the rows of undoing, the audit line and the log nothing is on that side. The preview, sent
through the whole application and opened, is held against the check of the same rows alone: reading, holding
against the register, collecting faults. Both are wall time, since the database is another process; in turn,
the least of each.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import openpyxl
import pytest

from agency_credit.database import transaction
from agency_credit.database.tables import Agency, AgencyPractice, Practitioner, PractitionerPost
from agency_credit.domain.role import OPERATOR, Actor, Role
from agency_credit.services.import_cells import find_check_digit
from agency_credit.services.import_child import read_apart
from agency_credit.services.import_file import import_file
from agency_credit.services.office import Office, close_office, open_office
from agency_credit.settings import Settings
from tests.conftest import PACKS
from tests.databases import KINDS, Databases
from tests.integration.console import desk_of
from tests.world import add_account

N_ROWS, N_ROUNDS = 10_000, 5
MAX_IMPORT, MAX_PREVIEW = 3.0, 2.0
AT = datetime(2026, 11, 24, 4, tzinfo=UTC)
OPERATOR_ACTOR = Actor(username="operator", roles=OPERATOR)
HEADER = (
    "机构名称",
    "统一社会信用代码",
    "机构代码",
    "类型",
    "所在区县",
    "地址",
    "负责人",
    "联系电话",
    "批准设立日期",
    "状态",
)


PEOPLE = ("姓名", "资格证号", "统一社会信用代码", "业务类别", "状态")


def make_workbook(rows: Iterable[tuple[str, ...]]) -> bytes:
    """A workbook as offices send it."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("名录")
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def make_code(n: int) -> str:
    """The credit code of the agency with this number."""
    code = f"9137030{n % 6}{n:09d}"
    return code + find_check_digit(code)


def make_list(street: str = "柳泉路") -> bytes:
    """Made-up agencies, all of them in one street."""
    rows = (
        (
            *(f"淄博第{n}号知识产权代理有限公司", make_code(n), f"{30_000 + n}", "专利"),
            *("张店区", f"{street}{n}号", "张三", "0533-2891313", "2020-01-02", "正常"),
        )
        for n in range(N_ROWS)
    )
    return make_workbook((HEADER, *rows))


def make_people() -> bytes:
    """A made-up practitioner for each of the agencies."""
    rows = ((f"张{n}", f"37{n:08d}", make_code(n), "专利", "执业") for n in range(N_ROWS))
    return make_workbook((PEOPLE, *rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A list to take in.

    Parameters
    ----------
    what
        For the report.
    kind
        Kind of list.
    make, make_before
        The file, and that of the agencies which are there before it comes, if any.
    stored
        What it stores, by the columns that tell that a row is there already; none: all rows are new.
    """

    what: str
    kind: str
    make: Callable[[], bytes]
    stored: Mapping[type[Any], tuple[str, ...]]
    make_before: Callable[[], bytes] | None = None


CASES = {
    "new": Case(what="agencies", kind="agencies", make=make_list, stored={Agency: (), AgencyPractice: ()}),
    "changed": Case(
        what="changed agencies",
        kind="agencies",
        make=lambda: make_list("人民路"),
        stored={Agency: ("uscc",)},
        make_before=make_list,
    ),
    "practitioners": Case(
        what="practitioners",
        kind="practitioners",
        make=make_people,
        stored={Practitioner: (), PractitionerPost: ()},
        make_before=make_list,
    ),
}


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Both kinds, each fresh when asked for."""
    with Databases(folder=tmp_path_factory.mktemp("templates")) as databases:
        yield databases


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Office]:
    """An office with nobody and nothing in it."""
    office = await open_office(settings, clock=lambda: AT, packs_folder=PACKS)
    yield office
    await close_office(office)


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds that it took."""
    started = perf_counter()
    await work()
    return perf_counter() - started


def statement(
    table: type[Any], rows: list[dict[str, Any]], key: tuple[str, ...]
) -> tuple[str, list[list[Any]]]:
    """An insert of these rows, or a change of those with the same key; and its parameters."""
    columns = [column for column in rows[0] if not (key and column == "id")]
    places = ", ".join("?" for _ in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    text = f'INSERT INTO "{table._meta.tablename}" ({names}) VALUES ({places})'
    if key:
        wanted = ", ".join(f'"{column}" = excluded."{column}"' for column in columns if column not in key)
        text += f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {wanted}"
    return text, [[row[column] for column in columns] for row in rows]


async def load_rows(table: type[Any]) -> list[dict[str, Any]]:
    """What the import stored."""
    rows: list[dict[str, Any]] = await table.select()
    if table is PractitionerPost:
        rows = [row | {"import_run": None} for row in rows]  # the run is of the import alone
    return rows


async def execute_many(office: Office, tables: list[tuple[str, list[list[Any]]]]) -> None:
    """The same rows by the driver alone, in one transaction."""
    engine: Any = office.engine
    async with transaction():
        for text, parameters in tables:
            if hasattr(engine, "writer"):
                engine.writer.executemany(text, parameters)
                continue
            numbered = text
            for number in range(1, len(parameters[0]) + 1):
                numbered = numbered.replace("?", f"${number}", 1)
            await engine.current_transaction.get().connection.executemany(numbered, parameters)


Tables = list[tuple[str, list[list[Any]]]]


async def prepare(office: Office, case: Case) -> None:
    """What is there before the list comes."""
    if case.make_before is not None:
        await import_file(office, OPERATOR_ACTOR, "agencies", "a.xlsx", case.make_before())


async def time_import(settings: Settings, case: Case, content: bytes) -> tuple[float, Tables]:
    """Seconds of an import, and the statements for the rows that it stored."""
    async with opened(settings) as office:
        await prepare(office, case)
        seconds = await timed(lambda: import_file(office, OPERATOR_ACTOR, case.kind, "a.xlsx", content))
        assert [await table.count() for table in case.stored] == [N_ROWS] * len(case.stored)
        return seconds, [statement(table, await load_rows(table), key) for table, key in case.stored.items()]


async def time_alone(settings: Settings, case: Case, content: bytes, tables: Tables) -> float:
    """Seconds of reading the file, and of executing these statements."""
    async with opened(settings) as office:
        await prepare(office, case)
        reading = await timed(lambda: asyncio.to_thread(read_apart, "a.xlsx", content))
        return reading + await timed(lambda: execute_many(office, tables))


def compare_import(fresh: Callable[[], Settings], case: Case) -> tuple[float, float]:
    """Least time of the import, and of reading and executing alone."""
    imports, alone = [], []
    content = case.make()
    for _ in range(N_ROUNDS):  # in turn, so that both meet the same load
        seconds, tables = asyncio.run(time_import(fresh(), case, content))
        imports.append(seconds)
        alone.append(asyncio.run(time_alone(fresh(), case, content, tables)))
    return min(imports), min(alone)


async def compare_preview(settings: Settings, content: bytes) -> tuple[float, float]:
    """Least time of the preview's pages, and of the check without them."""
    pages, checks = [], []
    async with opened(settings) as office:
        await add_account(office, "drafter", Role.DRAFTER)
        async with desk_of(office, "drafter") as desk:

            async def check() -> None:
                report = await import_file(
                    office, OPERATOR_ACTOR, "agencies", "a.xlsx", content, is_dry_run=True
                )
                assert report.new == N_ROWS

            async def show() -> None:
                files = {"file": ("a.xlsx", content)}
                sent = await desk.send("/admin/import", {"kind": "agencies"}, files=files)
                page = await desk.client.get(sent.headers["location"])
                assert page.status_code == 200
                assert f"{N_ROWS}" in page.text

            for _ in range(N_ROUNDS):  # in turn, so that both meet the same load
                checks.append(await timed(check))
                pages.append(await timed(show))
    return min(pages), min(checks)


COMBINED = [(kind, case) for kind in KINDS for case in CASES]


@pytest.mark.parametrize(("kind", "case"), COMBINED)
def test_an_import_takes_at_most_three_times_reading_and_executemany(
    benchmark: Any, kind: str, case: str, databases: Databases, tmp_path: Path
) -> None:
    folders = (tmp_path / str(n) for n in range(100))
    given = (lambda: databases.fresh(kind, next(folders)), CASES[case])
    whole, alone = benchmark.pedantic(compare_import, args=given, rounds=1)
    ratio = whole / alone
    what = f"import of {N_ROWS:,} {CASES[case].what} / reading the file and executemany of its rows, {kind}"
    benchmark.extra_info.update(ratio=ratio, limit=f"≤ {MAX_IMPORT:g}", what=what)
    assert ratio <= MAX_IMPORT, f"{ratio:.2f} times; at most {MAX_IMPORT:g}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_preview_takes_at_most_twice_its_check(
    benchmark: Any, kind: str, databases: Databases, tmp_path: Path
) -> None:
    given = (databases.fresh(kind, tmp_path), make_list())
    pages, check = benchmark.pedantic(lambda: asyncio.run(compare_preview(*given)), rounds=1)
    ratio = pages / check
    what = f"preview of {N_ROWS:,} rows, sent and opened / their check without the pages, {kind}"
    benchmark.extra_info.update(ratio=ratio, limit=f"≤ {MAX_PREVIEW:g}", what=what)
    assert ratio <= MAX_PREVIEW, f"{ratio:.2f} times; at most {MAX_PREVIEW:g}"
