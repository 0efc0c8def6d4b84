"""Cases about records as they are kept: steps one by one, closed once, lists by pages, files as sent."""

from __future__ import annotations

import asyncio
import io
import zipfile
from datetime import date, timedelta

import pytest
from PIL import Image

from agency_credit.database.tables import Agency, CaseFile, CaseFileContent, CaseStep, CaseText, CreditCase
from agency_credit.domain.errors import ConflictError, FaultsError, NotFoundError, RefusedError
from agency_credit.domain.role import OFFICE, Role
from agency_credit.services import case_files
from agency_credit.services.case_files import CaseUpload, clean_case_files, clean_name
from agency_credit.services.case_store import (
    CaseFilter,
    add_case_files,
    append_case_step,
    count_open_cases,
    load_case,
    load_case_file,
    load_cases,
    open_case,
)
from agency_credit.services.operation import operation
from tests import builders
from tests import world as made

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def picture(form: str = "PNG", colour: str = "red") -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, form)
    return out.getvalue()


def sent(name: str, content: bytes, media_type: str = "") -> CaseUpload:
    """A file as a browser sends it."""
    return CaseUpload(name=name, media_type=media_type, content=content)


@pytest.fixture
async def person(office):
    await builders.add_agency(made.uscc(1), "淄博一号知识产权代理有限公司")
    return await made.add_account(office, "drafter", Role.DRAFTER)


async def opened(office, person, *, record=7, due_on=None, kind="objection") -> int:
    """A case about a record that is not there."""
    agency = await Agency.select(Agency.id).first()
    async with operation(office, person, "case.open", str(record), roles=OFFICE) as op:
        case = await open_case(op, kind, agency["id"], record, "c" * 64)
        await append_case_step(op, case, "opened", text="处罚已被撤销", due_on=due_on, details={"n": 1})
    return case


async def step(office, person, case, name, **values) -> int:
    async with operation(office, person, "case.step", str(case), roles=OFFICE) as op:
        return await append_case_step(op, case, name, **values)


async def test_a_case_comes_back_with_its_steps_texts_and_files(office, person):
    case = await opened(office, person, due_on=date(2026, 11, 27))
    files = await clean_case_files(office, [sent("决定书.pdf", PDF, "application/pdf"), sent("", b"")])
    async with operation(office, person, "case.step", str(case), roles=OFFICE) as op:
        number = await append_case_step(op, case, "extended", due_on=date(2026, 12, 3))
        await add_case_files(case, number, files)
    loaded = await load_case(case, "objection")
    assert [(s.step, s.text, s.due_on) for s in loaded.steps] == [
        ("opened", "处罚已被撤销", date(2026, 11, 27)),
        ("extended", "", date(2026, 12, 3)),
    ]
    assert (loaded.step, loaded.due_on, loaded.is_open) == ("extended", date(2026, 12, 3), True)
    assert (loaded.steps[0].details, loaded.steps[0].by_name) == ({"n": 1}, "drafter")
    (file,) = loaded.steps[1].files
    assert (file.name, file.media_type) == ("决定书.pdf", "application/pdf")
    assert (await load_case_file(case, file.number))[1] == PDF
    with pytest.raises(NotFoundError):
        await load_case_file(case + 1, file.number)
    with pytest.raises(NotFoundError):
        await load_case(case, "repair")


async def test_a_case_is_closed_once(office, person):
    case = await opened(office, person)
    await step(office, person, case, "withdrawn", closes=True)
    with pytest.raises(ConflictError):
        await step(office, person, case, "decided", closes=True)
    assert [s.step for s in (await load_case(case)).steps] == ["opened", "withdrawn"]


async def test_of_two_steps_with_one_number_the_second_is_refused(office, person):
    case = await opened(office, person)
    row = {"case": case, "sequence": 1, "step": "x", "by": person.person_id, "at": office.now()}
    with pytest.raises(ConflictError):
        await CaseStep.insert(CaseStep(**row))
    with pytest.raises(ConflictError):
        await CreditCase.insert(
            CreditCase(
                kind="objection",
                agency=1,
                record=7,
                attempt=1,
                opened_by=person.person_id,
                opened_at=office.now(),
            )
        )


async def test_steps_taken_at_once_all_count(office, person):
    case = await opened(office, person)
    await asyncio.gather(*(step(office, person, case, f"s{n}") for n in range(5)))
    assert await CaseStep.select(CaseStep.sequence).where(CaseStep.case == case).order_by(
        CaseStep.sequence
    ).output(as_list=True) == [1, 2, 3, 4, 5, 6]


async def test_open_cases_come_by_their_day_and_closed_ones_the_newest_first(office, person):
    today = date(2026, 11, 24)
    days = [3, None, 1, 2, 1, None]
    cases = [
        await opened(office, person, record=n, due_on=None if day is None else today + timedelta(days=day))
        for n, day in enumerate(days)
    ]
    for closed in (cases[2], cases[0]):
        await step(office, person, closed, "decided", closes=True)
    wanted = [cases[4], cases[3], cases[1], cases[5]]
    shown, after = [], None
    for _ in range(9):
        page = await load_cases(CaseFilter(kind="objection", after=after, limit=1))
        shown += [line.number for line in page.cases]
        after = page.after
        if after is None:
            break
    assert shown == wanted
    assert await count_open_cases("objection") == 4
    closed = await load_cases(CaseFilter(is_open=False, limit=1))
    assert ([line.number for line in closed.cases], closed.after) == ([cases[2]], cases[2])
    closed = await load_cases(CaseFilter(is_open=False, limit=1, after=closed.after))
    assert ([line.number for line in closed.cases], closed.after) == ([cases[0]], None)
    assert (await load_cases(CaseFilter(kind="repair"))).cases == ()
    assert (await load_cases(CaseFilter(agency=99))).cases == ()
    with pytest.raises(NotFoundError):
        await load_cases(CaseFilter(after=999))


async def test_what_was_sent_is_never_changed_and_goes_only_with_a_record_that_is_sealed(office, person):
    case = await opened(office, person)
    files = await clean_case_files(office, [sent("a.pdf", PDF)])
    async with operation(office, person, "case.step", str(case), roles=OFFICE) as op:
        await add_case_files(case, await append_case_step(op, case, "extended"), files)
    for table, column, value in (
        (CaseText, CaseText.text, "x"),
        (CaseFile, CaseFile.name, "x"),
        (CaseFileContent, CaseFileContent.content, b"x"),
    ):
        with pytest.raises(RefusedError, match="never changed"):
            await table.update({column: value}, force=True)
        with pytest.raises(RefusedError, match="sealed"):
            await table.delete(force=True)


async def test_the_same_bytes_are_kept_once_and_all_of_a_case_within_their_limit(office, person, monkeypatch):
    monkeypatch.setattr("agency_credit.services.case_store.LARGEST_CASE", 2 * len(PDF) + 1)
    case = await opened(office, person)

    async def add(*uploads):
        files = await clean_case_files(office, uploads)
        async with operation(office, person, "case.step", str(case), roles=OFFICE) as op:
            await add_case_files(case, await append_case_step(op, case, "extended"), files)

    await add(sent("a.pdf", PDF), sent("b.pdf", PDF))
    await add(sent("c.pdf", PDF))
    await add(sent("d.pdf", PDF + b" "))
    assert await CaseFile.select(CaseFile.name).order_by(CaseFile.id).output(as_list=True) == [
        "a.pdf",
        "d.pdf",
    ]
    with pytest.raises(RefusedError, match="together"):
        await add(sent("e.pdf", PDF + b"  "))
    assert await CaseFileContent.count() == 2


def bomb() -> bytes:
    """A zip archive of two megabytes that unpacks to two gigabytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(20):
            archive.writestr(f"{n}.pdf", b"\0" * 1_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (sent("炸弹.pdf", bomb(), "application/pdf"), "file.type"),
        (sent("网页.pdf", b"<html><script>alert(1)</script></html>"), "file.type"),
        (sent("程序.jpg", b"MZ\x90\x00"), "file.type"),
        (sent("矢量图.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), "file.type"),
        (sent("图.pdf", picture(), "application/pdf"), "file.lies"),
        (sent("图.png", picture("JPEG"), "image/png"), "file.lies"),
        (sent("决定书.jpg", PDF, "image/jpeg"), "file.lies"),
        (sent("决定书.pdf", PDF, "text/html"), "file.lies"),
        (sent("决定书", PDF), "file.lies"),
        (sent("决定书.pdf.exe", PDF), "file.lies"),
        (sent("空.pdf", b""), "file.empty"),
        (sent("断.pdf", PDF[:-7]), "file.broken"),
        (sent("脚本.pdf", PDF.replace(b"/Type", b"/JavaScript (app.alert(1)) /Type")), "file.active"),
        (sent("脚本.pdf", PDF.replace(b"/Type", b"/J#61vaScript (app.alert(1)) /Type")), "file.active"),
        (sent("启动.pdf", PDF.replace(b"/Type", b"/S /Launch /Type")), "file.active"),
        (sent("坏图.png", picture()[:40]), "file.picture"),
        (sent("大.pdf", PDF + b" " * case_files.LARGEST_FILE), "file.large"),
        (sent("身份证310101198501010268.pdf", PDF), "file.name-personal"),
        (sent("电话13800138000.pdf", PDF), "file.name-personal"),
        (sent("长" * 101 + ".pdf", PDF), "file.name-long"),
        (sent(".pdf", PDF), "file.name"),
        (sent("", PDF), "file.name"),
    ],
)
async def test_a_file_that_lies_or_cannot_be_used_is_refused(upload, code):
    from types import SimpleNamespace

    with pytest.raises(FaultsError) as error:
        await clean_case_files(SimpleNamespace(decoding=asyncio.Lock()), [upload])
    assert [fault.code for fault in error.value.faults] == [code]
    assert "3101011985" not in str(error.value)


async def test_all_faults_are_told_at_once_and_too_many_files_are_refused():
    from types import SimpleNamespace

    office = SimpleNamespace(decoding=asyncio.Lock())
    with pytest.raises(FaultsError) as error:
        await clean_case_files(office, [sent("a.pdf", b""), sent("b.exe", b"MZ"), sent("c.pdf", PDF)])
    assert [(fault.params["file"], fault.code) for fault in error.value.faults] == [
        ("a.pdf", "file.empty"),
        ("b.exe", "file.type"),
    ]
    with pytest.raises(FaultsError) as error:
        await clean_case_files(office, [sent(f"{n}.pdf", PDF) for n in range(case_files.MOST_FILES + 1)])
    assert [fault.code for fault in error.value.faults] == ["file.many"]


async def test_a_picture_is_encoded_anew_without_what_hangs_on_it():
    from types import SimpleNamespace

    out = io.BytesIO()
    image = Image.new("RGB", (40, 30), "red")
    exif = image.getexif()
    exif[0x010E] = "SECRET PLACE"
    image.save(out, "JPEG", exif=exif)
    content = out.getvalue() + b"<script>alert(1)</script>"
    office = SimpleNamespace(decoding=asyncio.Lock())
    kept = await clean_case_files(
        office, [sent("现场.JPG", content, "image/jpeg"), sent("图.png", picture(colour="blue"))]
    )
    assert [(file.name, file.media_type) for file in kept] == [
        ("现场.jpg", "image/jpeg"),
        ("图.jpg", "image/jpeg"),
    ]
    assert b"SECRET" not in kept[0].content
    assert b"script" not in kept[0].content


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("C:\\fakepath\\决定书.pdf", "决定书.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("决定\u202efdp.exe", "决定fdp.exe"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
    ],
)
def test_a_name_is_shown_without_paths_and_marks_that_deceive(name, shown):
    assert clean_name(name) == shown
