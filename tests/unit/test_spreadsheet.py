"""No cell of ours becomes a formula, whichever door it leaves by."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency_credit.cli.import_ import _format_csv
from agency_credit.cli.report import echo_rows
from agency_credit.domain.spreadsheet import format_harmless_cell
from agency_credit.web.tables import format_csv

FORMULAS = [
    "=1+1",
    "+1+cmd|' /C calc'!A0",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "　=1",
    "＝1",
    "-",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_would_be_a_formula_is_made_text(text):
    assert format_harmless_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["", None, "甲", "-1.5", "+3", "0", -7, 2.5, "1=1", "'=1", "2026-01-01"])
def test_everything_else_stays_numbers_included(value):
    assert format_harmless_cell(value) == ("" if value is None else str(value))


@given(st.text())
def test_whatever_comes_in_no_formula_comes_out(text):
    cell = format_harmless_cell(text)
    assert cell.removeprefix("'") == text.removeprefix("'")
    if cell.strip(" \u00a0\u3000")[:1] in set("=@\t\r\n＝＋－＠"):
        pytest.fail(cell)


@pytest.mark.parametrize("text", FORMULAS)
def test_every_csv_of_ours_asks_it(text, capsys):
    echo_rows([{"at": text}], "csv")
    outputs = [
        capsys.readouterr().out,
        _format_csv([{"at": text, "code": "x", "severity": "error", "message": text}]).decode("utf-8-sig"),
        format_csv(["甲"], [[text]]).decode("utf-8-sig"),
    ]
    for output in outputs:
        first = list(csv.reader(io.StringIO(output, newline="")))[1][0]
        assert first.replace("\r\n", "\n").startswith("'"), output
