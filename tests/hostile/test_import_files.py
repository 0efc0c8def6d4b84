"""Files that are not what they should be: each is refused with a clear error, none brings anything down."""

from __future__ import annotations

import contextlib
import io
import zipfile
from datetime import date

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.errors import AgencyCreditError, InputError
from agency_credit.services import import_workbook
from agency_credit.services.import_format import read_sheets
from agency_credit.services.import_header import find_tables
from agency_credit.services.import_inspectors import read_inspectors
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.import_sheets import Sheet
from tests.old_workbook import make_old_workbook

ROWS = [["姓名", "执法证号"], ["张三", "鲁C15000"]]


def _workbook(rows=ROWS, **sheets):
    book = openpyxl.Workbook()
    book.active.title = "名录"
    for row in rows:
        book.active.append(row)
    for title, content in sheets.items():
        sheet = book.create_sheet(title)
        for row in content:
            sheet.append(row)
    return _saved(book)


def _saved(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _repacked(content, **changes):
    """The workbook with some of its parts replaced (by path, `/` and `.` written as `__` and `_`)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            key = part.filename.replace("/", "__").replace(".", "_")
            new.writestr(part.filename, changes.pop(key, old.read(part)))
        for name, data in changes.items():
            new.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def _sheet_xml(body, prologue=""):
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'{prologue}<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'


def _with_sheet(body, prologue=""):
    return _repacked(_workbook(), xl__worksheets__sheet1_xml=_sheet_xml(body, prologue))


def _refused(content, name="名录.xlsx"):
    with pytest.raises(InputError) as caught:
        read_sheets(name, content)
    assert name in str(caught.value)
    return caught.value.code


def _read(content, name="名录.xlsx"):
    return read_inspectors(find_tables(name, KINDS["inspectors"], read_sheets(name, content)), {})


@pytest.mark.parametrize("kept", [10, 200, 2000, -30, -1])
def test_a_truncated_workbook_is_refused(kept):
    assert _refused(_workbook()[:kept]) == "import.damaged"


def test_a_workbook_with_damage_inside_is_refused():
    content = bytearray(_workbook())
    content[len(content) // 3 : len(content) // 3 + 40] = b"\x00" * 40
    assert _refused(bytes(content)) == "import.damaged"


@pytest.mark.parametrize("content", [b"", b"  \r\n"])
def test_an_empty_file_is_refused(content):
    assert _refused(content, "名录.csv") == "import.empty"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("名录.csv", _workbook()),
        ("名录.xlsx", b"a,b"),
        ("名录.xls", _workbook()),
        ("名录.xlsx", b"\xd0\xcf\x11\xe0"),
    ],
)
def test_an_ending_that_lies_is_refused(name, content):
    assert _refused(content, name) == "import.extension"


def test_an_unknown_ending_is_refused_and_none_at_all_is_left_to_the_content():
    assert _refused(b"a,b", "名录.pdf") == "import.format"
    assert read_sheets("-", b"a,b")[0].rows == [["a", "b"]]


def test_a_workbook_with_a_password_is_refused():
    encrypted = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    assert _refused(encrypted, "名录.xls") == "import.encrypted"
    assert _refused(encrypted, "-") == "import.encrypted"


def test_a_workbook_of_1997_is_read_like_one_of_today():
    rows = [["姓名", "执法证号", "有效期"], ["张三", "鲁C15000", date(2027, 3, 4)], ["李四", 15001, None]]
    old, new = (
        read_sheets(name, made)
        for name, made in (("a.xls", make_old_workbook(rows)), ("a.xlsx", _workbook(rows)))
    )
    assert old[0].rows == new[0].rows
    assert old[0].rows[1] == rows[1]
    read = _read(make_old_workbook(rows), "名录.xls")
    assert [row.value.certificate for row in read.rows] == ["鲁C15000", "15001"]


def test_a_workbook_of_1997_with_a_password_is_refused():
    locked = make_old_workbook(ROWS, locked=True)
    assert _refused(locked, "名录.xls") == "import.encrypted"
    assert _refused(locked, "-") == "import.encrypted"


def test_a_damaged_workbook_of_1997_is_refused():
    assert _refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "名录.xls") == "import.damaged"


def test_an_archive_that_is_no_workbook_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "x")
    assert _refused(out.getvalue()) == "import.no-workbook"


def test_macros_are_refused():
    assert _refused(_repacked(_workbook(), **{"xl__vbaProject.bin": b"x"})) == "import.macros"


def test_a_file_over_the_limit_is_refused_before_it_is_read():
    assert _refused(b"PK" + bytes(10 * 1024 * 1024)) == "import.too-large"


def test_a_workbook_that_unpacks_too_large_is_refused_before_it_is_unpacked():
    bomb = _repacked(_workbook(), **{"xl__media__x.xml": bytes(101 * 1024 * 1024)})
    assert len(bomb) < 1024 * 1024
    assert _refused(bomb) == "import.unpacked-too-large"


def test_a_directory_that_lies_about_sizes_is_refused():
    content = _repacked(_workbook(), xl__worksheets__sheet1_xml=_sheet_xml("<row/>" * 200_000))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = content.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != content
    assert _refused(lying) == "import.damaged"


def test_too_many_parts_are_refused():
    many = {f"xl__media__{n}.xml": b"" for n in range(import_workbook.MAX_PARTS)}
    assert _refused(_repacked(_workbook(), **many)) == "import.unpacked-too-large"


def test_a_cell_far_away_is_refused_before_the_sheet_is_laid_out():
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    assert _refused(_with_sheet(far)) == "import.too-far-apart"
    assert _refused(
        _with_sheet(far.replace(' r="XFD1048576"', "").replace("<c>", "<c/>" * 16000 + "<c>"))
    ) == ("import.too-far-apart")


def test_a_styled_but_empty_cell_far_away_does_no_harm():
    rows = _with_sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"/></row>')
    assert read_sheets("名录.xlsx", rows)[0].rows == [[1.0]]


def test_entities_are_refused_not_expanded():
    prologue = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row>'
    assert _refused(_with_sheet(cell, prologue)) == "import.doctype"


def test_a_formula_is_named_by_its_cell():
    (fault,) = _read(_workbook([*ROWS, ['=CONCATENATE("李","四")', "鲁C15001"]])).faults()
    assert (fault.at, fault.code) == ("名录!A3", "import.formula")


def test_a_formula_with_a_value_from_last_time_is_seen_too():
    header = "".join(
        f'<c r="{c}1" t="inlineStr"><is><t>{t}</t></is></c>' for c, t in zip("AB", ROWS[0], strict=True)
    )
    row = '<c r="A2" t="str"><f>1+1</f><v>李四</v></c><c r="B2" t="inlineStr"><is><t>鲁C1</t></is></c>'
    content = _with_sheet(f'<row r="1">{header}</row><row r="2">{row}</row>')
    assert [(fault.at, fault.code) for fault in _read(content).faults()] == [("名录!A2", "import.formula")]


@pytest.mark.parametrize("name", ["=1+1", "+1", "@x", "-1", "＝1", " =1"])
def test_text_that_would_become_a_formula_is_named_by_its_line(name):
    (fault,) = _read(f"姓名,执法证号\n{name},鲁C1\n".encode(), "名录.csv").faults()
    assert (fault.at, fault.code) == ("2", "import.formula")


def test_a_running_number_by_formula_does_no_harm():
    read = _read(_workbook([["序号", *ROWS[0]], ["=ROW()-1", *ROWS[1]], ["合计", "=COUNTA(B2:B2)", ""]]))
    assert read.faults() == ()
    assert len(read.rows) == 1


def test_hidden_sheets_are_not_imported():
    book = openpyxl.load_workbook(io.BytesIO(_workbook(旧=[ROWS[0], ["李四", "鲁C1"]])))
    book["旧"].sheet_state = "hidden"
    assert [row.value.name for row in _read(_saved(book)).rows] == ["张三"]


@pytest.mark.parametrize("content", [b"\x00\x01\x02", b"\xff\xfe\xff\xff\x80", b"\xef\xbb\xbf\xff"])
def test_bytes_that_are_no_text_are_refused(content):
    assert _refused(content, "名录.csv") == "import.encoding"


@pytest.mark.parametrize("content", [b'a,"b\nc,d\n', b"a," + b"x" * 200_000])
def test_a_csv_that_cannot_be_read_on_names_the_line(content):
    assert _refused(content, "名录.csv") == "import.csv-quotes"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_usual_encodings_are_read(encoding):
    text = "姓名,执法证号\r\n张三,鲁C15000\r\n"
    assert [row.value.name for row in _read(text.encode(encoding), "名录.csv").rows] == ["张三"]


def test_a_line_break_inside_a_cell_does_not_shift_the_line_numbers():
    text = '姓名,执法证号\n"张\n三",鲁C1\n\n李四,\n'
    assert [fault.at for fault in _read(text.encode(), "名录.csv").faults()] == ["5"]


def test_values_that_the_store_could_not_take_are_refused():
    (fault,) = _read(_workbook([ROWS[0], ["张" * 101, "鲁C1"]])).faults()
    assert fault.code == "import.too-long"


def _swallow(name, content):
    """Read as every kind; any error that is none of ours fails the test."""
    for kind in KINDS.values():
        with contextlib.suppress(AgencyCreditError):
            find_tables(name, kind, read_sheets(name, content))


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=400), st.sampled_from(["", "PK\x03\x04", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]))
def test_random_bytes_never_crash(content, magic):
    _swallow("-", magic.encode("latin-1") + content)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_a_workbook_with_flipped_bytes_never_crashes(data):
    content = bytearray(_FLIPPED)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    _swallow("名录.xlsx", bytes(content))


@settings(deadline=None, max_examples=150)
@given(st.text(alphabet="<>/&;\"'= rcvfist0129ABxls!-[]?", max_size=120))
def test_a_sheet_of_random_xml_never_crashes(body):
    _swallow("名录.xlsx", _repacked(_FLIPPED, xl__worksheets__sheet1_xml=_sheet_xml(body)))


_CELL = st.one_of(
    st.text(max_size=30), st.floats(), st.booleans(), st.dates(), st.datetimes(), st.times(), st.timedeltas()
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.lists(_CELL, max_size=4), max_size=6))
def test_cells_of_any_value_never_crash(rows):
    sheet = Sheet(name="名录", rows=[["姓名", "执法证号", "专业", "区县代码"], *rows], numbers=range(1, 99))
    for fault in read_inspectors(find_tables("x", KINDS["inspectors"], [sheet]), {"1": "甲"}).faults():
        assert str(fault)


_FLIPPED = _workbook()
