"""A file that means harm ends the process that reads it, is named, and harms nothing else."""

from __future__ import annotations

import io
import subprocess
import time
import zipfile
from datetime import date, datetime, timedelta
from datetime import time as time_of_day

import openpyxl
import pytest

from agency_credit.domain.errors import InputError
from agency_credit.services import import_child
from agency_credit.services.import_child import read_apart
from agency_credit.services.import_format import read_sheets

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _workbook(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _replaced(content, **parts):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, parts.pop(part.filename.split("/")[-1], old.read(part)))
        for name, data in parts.items():
            new.writestr(name, data)
    return out.getvalue()


def _with_rows(body):
    return _replaced(
        _workbook(["a"]),
        **{"sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>'},
    )


def _refused(content, name="名录.xlsx"):
    with pytest.raises(InputError) as caught:
        read_apart(name, content)
    assert name in str(caught.value)
    return caught.value.code


def test_the_process_hands_back_what_reading_here_gives():
    values = ["张三", 1.5, 7, True, date(2026, 3, 30), datetime(2026, 3, 30, 8, 5), time_of_day(8, 5), "=1+1"]
    content = _workbook(["甲", "乙"], [], [*values, timedelta(hours=30)])
    (here,), (there,) = read_sheets("a.xlsx", content), read_apart("a.xlsx", content)
    assert [list(row) for row in here.rows] == there.rows
    assert (there.name, list(there.numbers), there.formulas) == (here.name, list(here.numbers), here.formulas)
    assert [type(cell) for cell in there.rows[2]] == [type(cell) for cell in here.rows[2]]
    text = '姓名,执法证号\n\n"张\n三",鲁C1\n'.encode()
    assert read_apart("a.csv", text) == read_sheets("a.csv", text)


def test_a_text_that_a_million_cells_refer_to_takes_no_more_memory_than_it_may():
    strings = f'<sst xmlns="{MAIN}"><si><t>{"很长" * 15_000}</t></si></sst>'
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 500_001))
    content = _replaced(_with_rows(rows), **{"xl/sharedStrings.xml": strings})
    assert len(content) < import_child.MAX_MEMORY_BYTES // 100
    assert _refused(content) == "import.too-heavy"


def test_a_file_that_takes_too_long_is_cut_off_and_its_process_is_gone(monkeypatch):
    monkeypatch.setattr(import_child, "MAX_WALL_SECONDS", 0.3)
    rows = "".join(f'<row r="{n}"/>' for n in range(1, 1_500_000))
    content = _with_rows(rows)
    started = time.monotonic()
    assert _refused(content) == "import.too-heavy"
    assert time.monotonic() - started < 5
    shown = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True)
    assert not [line for line in shown.stdout.splitlines() if "import_child import main" in line]


def test_processor_time_is_limited_too(monkeypatch):
    monkeypatch.setattr(import_child, "MAX_CPU_SECONDS", 1)
    rows = "".join(f'<row r="{n}"><c r="A{n}"/><c r="B{n}"/></row>' for n in range(1, 1_000_000))
    assert _refused(_with_rows(rows)) == "import.too-heavy"


@pytest.mark.parametrize("code", ["import os; os.abort()", "raise MemoryError", "raise ZeroDivisionError"])
def test_a_reader_that_breaks_is_reported_and_brings_nothing_down(monkeypatch, code):
    monkeypatch.setattr(import_child, "_COMMAND", code)
    assert _refused(b"a,b", "名录.csv") == "import.too-heavy"


_CURIOUS = """
import os, sys
sys.path[:] = {paths!r}
from agency_credit.services import import_child
import_child._limit_oneself({memory}, {cpu})
if os.environ.get("AGENCY_CREDIT_DATABASE"):
    os._exit(0)
try:
    with open(TARGET, "wb") as file:
        file.write(b"x")
    os._exit(0)
except OSError:
    os._exit(7)
"""


def test_the_process_gets_no_environment_and_can_write_no_file(monkeypatch, tmp_path):
    monkeypatch.setenv("AGENCY_CREDIT_DATABASE", "postgresql://secret")
    monkeypatch.setattr(import_child, "_COMMAND", _CURIOUS.replace("TARGET", repr(str(tmp_path / "x"))))
    statuses = []
    run = subprocess.run

    def watch(*given, **options):
        done = run(*given, **options)
        statuses.append(done.returncode)
        return done

    monkeypatch.setattr(subprocess, "run", watch)
    assert _refused(b"a,b", "名录.csv") == "import.too-heavy"
    assert statuses == [7]


def test_a_million_blank_rows_are_read_and_take_no_room():
    blank = "".join(f'<row r="{n}" ht="20"><c r="A{n}" s="0"/></row>' for n in range(3, 1_000_000))
    head = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>'
    (sheet,) = read_apart("名录.xlsx", _with_rows(head + blank))
    assert [list(row) for row in sheet.rows] == [[1.0], [2.0]]
    (sheet,) = read_apart("名录.csv", b"a,b\n" + b",,,,,,,\n" * 1_000_000 + b"c,d\n")
    assert (sheet.rows, sheet.numbers) == ([["a", "b"], ["c", "d"]], [1, 1_000_002])


def test_an_archive_that_unpacks_a_hundredfold_is_refused():
    assert _refused(_replaced(_workbook(["a"]), **{"xl/media/x.xml": bytes(50_000_000)})) == (
        "import.packed-too-tightly"
    )


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("名录.xlsx", COMPOUND + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "import.encrypted"),
        ("名录.xls", COMPOUND + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "import.encrypted"),
        ("名录.xls", COMPOUND + bytes(600) + "_VBA_PROJECT_CUR".encode("utf-16-le"), "import.macros"),
        ("名录.xlsm", b"PK\x03\x04", "import.macros"),
        ("名录.xlsb", b"PK\x03\x04", "import.macros"),
        ("名录.xlsx", _replaced(_workbook(["a"]), **{"xl/vbaProject.bin": b"x"}), "import.macros"),
        (
            "名录.xlsx",
            _replaced(_workbook(["a"]), **{"xl/externalLinks/externalLink1.xml": b"<x/>"}),
            "import.external-links",
        ),
    ],
)
def test_what_a_list_has_no_business_to_bring_is_refused_by_name(name, content, code):
    assert _refused(content, name) == code


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("名录.xlsx", b"%PDF-1.7", "pdf"),
        ("名录.csv", b"\x89PNG\r\n\x1a\n", "png"),
        ("名录.xls", b"<html><table><tr><td>", "html"),
        ("名录.xls", b"\xef\xbb\xbf\n<TABLE>", "html"),
        ("名录.xls", b"<?xml version='1.0'?><Workbook/>", "xml"),
        ("名录.csv", b"\xff\xd8\xff\xe0", "jpeg"),
        ("名录.xlsx", b"MZ\x90", "exe"),
        ("-", b"\x1f\x8b\x08", "gzip"),
        ("名录.xlsx", b"a,b", "text"),
        ("名录.csv", _workbook(["a"]), "xlsx"),
    ],
)
def test_an_ending_that_lies_is_told_what_the_file_is(name, content, found):
    with pytest.raises(InputError) as caught:
        read_apart(name, content)
    assert (caught.value.code, caught.value.params["found"]) == ("import.extension", found)
