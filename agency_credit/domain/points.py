"""Points are integers in thousandths ("millipoints"); people read and write them as decimals."""

from __future__ import annotations

import re

from agency_credit.domain.errors import InputError

THOUSANDTHS = 1000
_DECIMAL = re.compile(r"([+-]?)([0-9]{1,9})(?:\.([0-9]{1,3}))?", re.ASCII)


def parse_points(text: str) -> int:
    """Thousandths of a point from a decimal such as ``"-60"`` or ``"89.99"``.

    Raises
    ------
    InputError
        Not a plain decimal with at most nine digits before and three after the point.
    """
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise InputError(
            "points.decimal", "{text} is no number of points; write it like -60 or 89.99", text=repr(text)
        )
    sign, whole, thousandths = found.groups()
    size = int(whole) * THOUSANDTHS + int((thousandths or "").ljust(3, "0"))
    return -size if sign == "-" else size


def format_points(millipoints: int) -> str:
    """Shortest decimal of `millipoints`: ``-60000`` is ``"-60"``, ``100001`` is ``"100.001"``."""
    whole, rest = divmod(abs(millipoints), THOUSANDTHS)
    decimals = f".{rest:03d}".rstrip("0").rstrip(".")
    return f"{'-' if millipoints < 0 else ''}{whole}{decimals}"
