"""Template workbooks of the lists: headings with notes, drop-downs, two sample rows that import as they are.

They are forms of the office, in Chinese; what they say of each column is data (`templates.toml`).
"""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from agency_credit.domain.errors import NotFoundError
from agency_credit.services import (
    import_agencies,
    import_facts,
    import_inspections,
    import_inspectors,
    import_practitioners,
    import_standing,
)
from agency_credit.services.import_kinds import KINDS, Column, Kind
from agency_credit.services.import_records import LIST_KINDS
from agency_credit.services.office import Office
from agency_credit.services.period_tables import load_fact_rules
from agency_credit.services.reference import load_districts
from agency_credit.services.rule_book import load_rule_book

Words = Mapping[str, str]

SHEET_OF_NOTES = "说明"
_SHEET_OF_CHOICES = "选项"
N_ROWS = 5000
"""So many rows below the headings offer their drop-downs."""

_DAYS = {
    *("established_on", "filed_on", "valid_until", "altered_on", "alteration_filed_on", "reported_on"),
    *("decided_on", "inspected_on", "served_on", "conduct_ended_on"),
}
_COUNTS = {"n_staff", "n_partners", "n_certified_partners", "report_year"}
_SEVERAL = {"areas", "skills", "sanctions", "severity"}
"""Cells that may hold several choices: the drop-down proposes, and refuses nothing."""
_LIST_WORDS: Mapping[tuple[str, str], Words] = {
    ("agencies", "status"): import_agencies.STATUS_WORDS,
    ("agencies", "legal_form"): import_standing.FORM_WORDS,
    ("practitioners", "status"): import_practitioners.STATUS_WORDS,
    ("records", "category"): import_facts.CATEGORY_WORDS,
    ("records", "sanctions"): import_facts.SANCTION_WORDS,
    ("inspectors", "skills"): import_inspectors.SKILL_WORDS,
    ("inspectors", "is_lead"): {"是": "yes", "否": "no"},
    ("inspectors", "status"): import_inspectors.STATUS_WORDS,
    ("inspections", "kind"): import_inspections.KIND_WORDS,
    ("inspections", "is_on_site"): {"是": "yes", "否": "no"},
    ("inspections", "is_lead_based"): {"是": "yes", "否": "no"},
}

_HEAD = Font(bold=True, color="FFFFFF")
_REQUIRED = PatternFill("solid", start_color="9C2F2F")
_OPTIONAL = PatternFill("solid", start_color="2F5D8A")
_SAMPLE = PatternFill("solid", start_color="FFF4CC")
_THIN = Border(*(Side(style="thin", color="C8C8C8") for _ in range(4)))
_WRAPPED = Alignment(wrap_text=True, vertical="top")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guide:
    """What a template says of a column; `choices` is empty where anything may stand."""

    column: Column
    what: str
    form: str
    examples: tuple[str, ...]
    choices: tuple[str, ...]

    @property
    def heading(self) -> str:
        return self.column.headings[0] + ("（必填）" if self.column.is_required else "")

    @property
    def is_several(self) -> bool:
        return self.column.field in _SEVERAL


async def make_template(office: Office, kind: str) -> bytes:
    """The template of a kind of list, as an xlsx, with the drop-downs of this office.

    Raises
    ------
    NotFoundError
        There is no such kind.
    """
    if kind not in KINDS:
        raise NotFoundError(
            "template.unknown",
            "there is no template {kind}; expected one of {expected}",
            kind=kind[:40],
            expected=", ".join(KINDS),
        )
    today, districts = office.today(), tuple((await load_districts()).values())
    known = (await load_rule_book(office)).record_kinds_on(today) - set(LIST_KINDS)
    rules = await load_fact_rules(office)
    words = {
        "kind": (*sorted(known), *LIST_KINDS),
        "procedure": rules.procedures(),
        "severity": rules.class_names(),
    }
    text, guides = _describe(KINDS[kind], districts, words, today)
    book = Workbook()
    sheet = book.active
    sheet.title = text["title"]
    _write_list(sheet, guides)
    _write_choices(book, sheet, guides)
    _write_notes(book.create_sheet(SHEET_OF_NOTES), text, guides)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@cache
def _load_texts() -> dict[str, Any]:
    source = files("agency_credit.services").joinpath("reference_data/templates.toml")
    return tomllib.loads(source.read_text("utf-8"))


def _describe(
    kind: Kind, districts: tuple[str, ...], words: Mapping[str, tuple[str, ...]], today: date
) -> tuple[dict[str, Any], list[_Guide]]:
    text = _load_texts()[kind.name]
    places = {
        "district": next(iter(districts), ""),
        "kind": next(iter(words["kind"]), ""),
        "today": today.isoformat(),
        "past": (today - timedelta(30)).isoformat(),
        "year": str(today.year - 1),
    }
    choices = {
        ("agencies", "practice_line"): ("专利", "商标"),
        ("practitioners", "practice_line"): ("专利", "商标"),
        ("agencies", "area"): districts,
        ("inspectors", "areas"): districts,
        **{("records", field): listed for field, listed in words.items()},
        **{place: _first_words(meanings) for place, meanings in _LIST_WORDS.items()},
    }
    guides = []
    for column in kind.columns:
        said = text["fields"][column.field]
        guides.append(
            _Guide(
                column=column,
                what=said["what"],
                form=said.get("format") or _form_of(column, choices.get((kind.name, column.field), ())),
                examples=tuple(example.format(**places) for example in said["examples"]),
                choices=choices.get((kind.name, column.field), ()),
            )
        )
    return text, guides


def _first_words(words: Words) -> tuple[str, ...]:
    """One word for every meaning, the first."""
    chosen: dict[str, str] = {}
    for word, meaning in words.items():
        chosen.setdefault(meaning, word)
    return tuple(chosen.values())


def _form_of(column: Column, choices: tuple[str, ...]) -> str:
    if choices:
        return "从下拉列表中选择"
    if column.field in _DAYS:
        return "日期，如 2026-03-30"
    if column.field in _COUNTS:
        return "整数"
    return f"文本，不超过 {column.max_length} 字"


def _write_list(sheet: Worksheet, guides: list[_Guide]) -> None:
    for place, guide in enumerate(guides, start=1):
        letter, is_day = get_column_letter(place), guide.column.field in _DAYS
        form = "yyyy-mm-dd" if is_day else "0" if guide.column.field in _COUNTS else "@"
        dimension = sheet.column_dimensions[letter]
        dimension.number_format = form
        dimension.width = min(34, max(12, 2 * len(guide.heading) + 3))
        head = sheet.cell(row=1, column=place, value=guide.heading)
        head.font, head.border = _HEAD, _THIN
        head.fill = _REQUIRED if guide.column.is_required else _OPTIONAL
        head.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        head.comment = _comment(guide)
        for row, example in enumerate(guide.examples, start=2):
            cell = sheet.cell(row=row, column=place)
            if example:
                cell.value = _value_of(guide, example)
            cell.number_format, cell.fill, cell.border = form, _SAMPLE, _THIN
    sheet.row_dimensions[1].height = 32
    sheet.freeze_panes = "A2"


def _value_of(guide: _Guide, example: str) -> str | int | date:
    if guide.column.field in _DAYS:
        return date.fromisoformat(example)
    return int(example) if guide.column.field in _COUNTS else example


def _comment(guide: _Guide) -> Comment:
    example = next((text for text in guide.examples if text), "可留空")
    need = "必填" if guide.column.is_required else "可不填"
    comment = Comment(f"{guide.what}\n{need}。\n格式：{guide.form}\n示例：{example}", "agency-credit")
    comment.width, comment.height = 300, 130
    return comment


def _write_choices(book: Workbook, sheet: Worksheet, guides: Iterable[_Guide]) -> None:
    """Drop-downs; their words stand in a hidden sheet, for a rule itself holds 255 characters."""
    listed = [(place, guide) for place, guide in enumerate(guides, start=1) if guide.choices]
    if not listed:
        return
    store = book.create_sheet(_SHEET_OF_CHOICES)
    store.sheet_state = "hidden"
    for column, (place, guide) in enumerate(listed, start=1):
        for row, word in enumerate(guide.choices, start=1):
            store.cell(row=row, column=column, value=word).number_format = "@"
        letter = get_column_letter(column)
        rule = DataValidation(
            type="list",
            formula1=f"={_SHEET_OF_CHOICES}!${letter}$1:${letter}${len(guide.choices)}",
            allow_blank=True,
        )
        rule.showErrorMessage = not guide.is_several
        rule.errorTitle, rule.error = "不在列表中", f"“{guide.column.headings[0]}”请从下拉列表中选择。"
        target = get_column_letter(place)
        rule.add(f"{target}2:{target}{N_ROWS + 1}")
        sheet.add_data_validation(rule)


def _write_notes(sheet: Worksheet, text: Mapping[str, Any], guides: Iterable[_Guide]) -> None:
    lines = [
        f"{text['title']}：填写说明",
        "黄色的两行是虚构的示例，填写前请删除；留在表中的示例行会被录入，导入时有提醒。",
        f"导入前须已导入：{text['needs']}",
        "深红色列名为必填。代码、证号所在的列已设为文本格式，请勿改动，以免电子表格软件丢失位数。",
        "可以增加其他列，导入时不读取；列的次序可以改变，列名请保留。",
        *text["notes"],
    ]
    for row, line in enumerate(lines, start=1):
        sheet.cell(row=row, column=1, value=line).alignment = Alignment(vertical="top")
    sheet.cell(row=1, column=1).font = Font(bold=True, size=14)
    first = len(lines) + 2
    for place, title in enumerate(("列", "是否必填", "填什么", "怎么填", "可选的词", "举例"), start=1):
        cell = sheet.cell(row=first, column=place, value=title)
        cell.font, cell.fill, cell.border = _HEAD, _OPTIONAL, _THIN
    for row, guide in enumerate(guides, start=first + 1):
        need = "必填" if guide.column.is_required else "可不填"
        example = next((word for word in guide.examples if word), "")
        values = (guide.column.headings[0], need, guide.what, guide.form, "、".join(guide.choices), example)
        for place, value in enumerate(values, start=1):
            cell = sheet.cell(row=row, column=place, value=value)
            cell.number_format, cell.alignment, cell.border = "@", _WRAPPED, _THIN
    for letter, width in zip("ABCDEF", (26, 10, 52, 30, 40, 30), strict=True):
        sheet.column_dimensions[letter].width = width
