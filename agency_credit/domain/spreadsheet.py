"""The one place that keeps a cell of ours from becoming a formula when a spreadsheet program opens it."""

from __future__ import annotations

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), also in full width."""
_BLANK = " \u00a0\u3000"
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def format_harmless_cell(value: object) -> str:
    """`value` as the text of a cell; what would be a formula gets an apostrophe in front, a number does not.

    The apostrophe is what spreadsheet programs themselves take for "this is text".
    """
    text = "" if value is None else str(value)
    is_formula = text.lstrip(_BLANK).startswith(_FORMULA) and _NUMBER.fullmatch(text) is None
    return f"'{text}" if is_formula else text
