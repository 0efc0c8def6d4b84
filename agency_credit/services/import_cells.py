"""Cells to values, without knowing where they stand: text, days, marks of a formula, totals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime

from agency_credit.services.import_sheets import CellValue

_WIDE = {code + 0xFEE0: code for code in range(0x21, 0x7F) if chr(code).isalnum()}
"""Full-width digits and letters; Chinese punctuation such as （） stays as it is."""

_CONTROLS = (*range(0x09), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0))
_INVISIBLE = (0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF)
_TRANSLATION: dict[int, int | None] = {**_WIDE, **dict.fromkeys(_CONTROLS), **dict.fromkeys(_INVISIBLE)}

_CLEAN = re.compile(r"(?:[!-~\u3001-\u3029\u4e00-\u9fff（）](?: (?! |$))?)*")
"""Texts that are clean as they are: visible ASCII, common Han and their punctuation, single blanks within."""
_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff）〕]) +(?=[\u3400-\u9fff（〔])")
_DASHES = re.compile(r"[-‐‑‒–—―－/／\\]+")
_TELEPHONE = re.compile(r"\+[0-9][0-9 ()-]*")
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_DAY = re.compile(
    r"([0-9]{4})(?:-([0-9]{1,2})-([0-9]{1,2})|([0-9]{2})([0-9]{2}))(?:[ T]00:00(?::00(?:\.0+)?)?)?"
)
_TOTAL = re.compile(r"(合计|总计|共计|小计|总数)[:：]?[0-9]*[家个人条户]?")

_OF_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SOCIAL_CREDIT_CODE = re.compile(f"[0-9]{{8}}[{_OF_CODE}]{{10}}")
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_VALUES = {sign: value for value, sign in enumerate(_OF_CODE)}

MAX_EXACT = 10**15
"""A spreadsheet keeps 15 digits of a number; a longer code has lost its end."""


def clean_text(value: CellValue) -> str:
    """Text of a cell: one line, no padding, no invisible signs, ASCII digits and letters, Unicode NFC."""
    if type(value) is str and _CLEAN.fullmatch(value):  # most cells are
        return value
    if isinstance(value, float) and abs(value) < MAX_EXACT and value.is_integer():
        value = int(value)
    elif isinstance(value, datetime) and value.time() == datetime.min.time():
        value = value.date()
    text = unicodedata.normalize("NFC", str(value)).translate(_TRANSLATION)
    return " ".join(text.split())


def clean_code(value: CellValue) -> str:
    """Text of a code: all of it narrow, upper case, without spaces."""
    text = clean_text(value)
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).replace(" ", "").upper()


def clean_name(text: str) -> str:
    """A name without the spaces that are put between its characters to make short ones stand in line."""
    return _BETWEEN_HAN.sub("", text)


def is_nothing(text: str) -> bool:
    """Whether a text is empty or one of the dashes that stand for "nothing"."""
    return not text or _DASHES.fullmatch(text) is not None


def is_number_of_code(value: CellValue) -> bool:
    """Whether a spreadsheet made a number of a code and lost digits of it: 9.13703E+17."""
    if isinstance(value, float):
        return abs(value) >= MAX_EXACT or not value.is_integer()
    return _SCIENTIFIC.fullmatch(clean_code(value)) is not None


def is_social_credit_code(text: str) -> bool:
    """Whether a text has the form of a unified social credit code, GB 32100-2015; see `find_check_digit`."""
    return _SOCIAL_CREDIT_CODE.fullmatch(text) is not None


def find_check_digit(code: str) -> str:
    """The 18th character that the first 17 of a unified social credit code ask for (GB 32100-2015, 4.3).

    stdnum knows it too, at twenty times the cost: it cleans the code first.
    """
    total = sum(_VALUES[sign] * weight for sign, weight in zip(code, _WEIGHTS, strict=False))
    return _OF_CODE[-total % 31]


def looks_like_formula(field: str, text: str) -> bool:
    """Whether a spreadsheet would take `text` for a formula when it is opened again."""
    if text[:1].isalnum():
        return False
    first = unicodedata.normalize("NFKC", text[:1])
    if first == "+" and field == "telephone":
        return _TELEPHONE.fullmatch(text) is None
    return first in {"=", "@", "+"} or (first == "-" and field in {"name", "head"})


def is_total(row: Sequence[CellValue]) -> bool:
    """Whether a row is the total below a list: its first text says so."""
    first = next((text for text in map(clean_text, row) if text), "")
    return _TOTAL.fullmatch(first.replace(" ", "")) is not None


def parse_day(text: str) -> date | None:
    """Day written as 2026-03-30, 2026/3/30, 2026.3.30, 2026年3月30日 or 20260330; None for no such day."""
    separated = re.sub(r" ?日", "", re.sub(r" ?[./／年月-] ?", "-", text))
    match = _DAY.fullmatch(separated)
    if match is None:
        return None
    year, month, day, month_of_number, day_of_number = match.groups()
    try:
        return date(int(year), int(month or month_of_number), int(day or day_of_number))
    except ValueError:
        return None
