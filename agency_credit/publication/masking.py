"""Personal data in texts: finding it and masking it, in one place.

What must never be published is refused (`check_publishable`); free text that people typed is shown
with its numbers masked (`mask_personal_numbers`); what goes out is looked at again (`web/gate.py`). No rule
on the exact masking pattern was found (PIPL asks for necessity, arts 6 and 28-30), so the patterns here
follow common practice.

A number counts however it is written: full-width digits, blanks, dots, hyphens or invisible characters
between its groups. A longer row of digits that contains one is none, but for the country code before it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from stdnum.cn import uscc

from agency_credit.domain.errors import RefusedError

Kind = Literal["identity", "mobile", "landline"]
IN_ENTRIES: frozenset[Kind] = frozenset({"identity", "mobile"})
"""What docs/spec/log.md keeps out of entries."""
ALL: frozenset[Kind] = frozenset({"identity", "mobile", "landline"})

_INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff"
# A stroke is no gap: the 130th draw of a year and the credit code of a unit stand so in the log.
_GAP = f"[ .\u00b7_()\uff08\uff09\u00a0\u2002-\u200a\u2010-\u2015\u3000\uff0d\uff0e{_INVISIBLE}-]"
# At least ten digits, with at most three characters between two of them; X ends an identity number.
_ROW = re.compile(
    f"[0-9\uff10-\uff19](?:{_GAP}{{0,3}}[0-9\uff10-\uff19]){{9,}}(?:{_GAP}{{0,3}}[Xx\uff38\uff58])?"
)
_FULL_WIDTH = str.maketrans("０１２３４５６７８９Ｘｘ", "0123456789XX", "")
_SHOWN_DIGITS = re.compile("[0-9Xx\uff10-\uff19\uff38\uff58]")
_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})")
_BYTES = re.compile("(?:%[0-9A-Fa-f]{2})+")
_HALVES = re.compile("[\ud800-\udfff]")
_SPACE = re.compile("[ \u00a0\u2002-\u200a\u3000]")

# Digests, nonces and keys are long rows of hexadecimal digits, no numbers of telephones.
_HEX = frozenset("0123456789abcdefABCDEF")
_HEX_LENGTHS = (16, 32)

# First two digits of GB/T 2260; 9 opens the identity number of a foreign permanent resident.
_PROVINCES = frozenset(
    str(code)
    for first, n in ((11, 5), (21, 3), (31, 7), (41, 6), (50, 5), (61, 5), (71, 1), (81, 3))
    for code in range(first, first + n)
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # ISO 7064 MOD 11-2
_CHECKS = "10X98765432"
_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_MOBILE_GROUPS = frozenset({(11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (4, 3, 4), (1,) * 11})
_AREA = re.compile(r"010|02[0-57-9]|0[3-9][0-9]{2}", re.ASCII)
_LOCAL = re.compile(r"[2-9][0-9]{6,7}", re.ASCII)
# Fifteen digits have no check digit, so they count only where the text says what they are.
_OLD_IDENTITY_GROUPS = frozenset({(15,), (6, 6, 3), (6, 9), (1,) * 15})
_SAID = re.compile("身份|证件号")
_COUNTRY = re.compile(r"(?:00)?86(?=1[3-9])", re.ASCII)
_BEFORE = 24
_MOST_GROUPS = 6

# The quick look at bytes: each pattern begins with a literal, which a search jumps to.
_ASCII_GAPS = b" ._/()-"
_QUICK_SAID = re.compile("(?:身份|证件号)".encode() + rb"[^0-9]{0,96}[0-9][0-9 .-]{14}")
_QUICK_MOBILE = re.compile(rb"1[3-9][0-9]{9}")
_QUICK_BIRTH = (
    re.compile(rb"19(?<=[0-9]{6}19)[0-9]{2}[01][0-9][0-3][0-9]{4}"),
    re.compile(rb"20(?<=[0-9]{6}20)[0-9]{2}[01][0-9][0-3][0-9]{4}"),
)
_QUICK_LANDLINE = re.compile(rb"0(?:10|2[0-57-9]|[3-9][0-9]{2})[ ()_-]{1,3}[2-9][0-9]{6}")
_ODD_SIGN = (  # gaps and invisible signs that are not ASCII, and full-width X, by their first byte
    (rb"\xef", rb"(?:\xbc[\x88\x89\x8d\x8e\xb8]|\xbd\x98|\xbb\xbf|\xb8[\x80-\x8f])"),
    (rb"\xe2", rb"(?:\x80[\x82-\x95\xaa-\xae]|\x81[\xa0-\xa4\xa6-\xa9])"),
    (rb"\xe3", rb"\x80\x80"),
    (rb"\xc2", rb"[\xa0\xad\xb7]"),
)
_ODD_OR_DIGIT = rb"[0-9Xx]|" + b"|".join(first + rest for first, rest in _ODD_SIGN)
_QUICK_ODD = (  # full-width digits anywhere, odd signs between digits
    re.compile(rb"\xef\xbc[\x90-\x99]"),
    *(
        re.compile(
            rb"%(first)b(?:(?<=[0-9]%(first)b)|(?<=[0-9][ ._/()-]%(first)b)|(?<=[0-9][ ._/()-]{2}%(first)b))"
            rb"%(rest)b(?=[ ._/()-]{0,2}(?:%(next)b))"
            % {b"first": first, b"rest": rest, b"next": _ODD_OR_DIGIT}
        )
        for first, rest in _ODD_SIGN
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalNumber:
    """A number of a person in a text, from `start` to before `end`; `digits` are its ASCII digits."""

    kind: Kind
    start: int
    end: int
    digits: str


def is_identity_number(number: str) -> bool:
    """Whether `number` is an 18-digit identity number: place, date of birth and check digit fit.

    A unified social credit code has 18 characters too; one that is valid and names a province where
    such a code names it is not taken for an identity number.
    """
    number = re.sub(r"[ -]", "", number).upper()
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number) or not (number[:2] in _PROVINCES or number[0] == "9"):
        return False
    if _CHECKS[sum(w * int(digit) for w, digit in zip(_WEIGHTS, number, strict=False)) % 11] != number[17]:
        return False
    is_credit_code = number[2:4] in _PROVINCES and uscc.is_valid(number)
    return _is_birthday(number[6:14]) and not is_credit_code


def find_personal_numbers(text: str) -> list[PersonalNumber]:
    """The personal numbers in `text`, in their order; none overlaps another."""
    return [number for row in _ROW.finditer(text) for number in _find_in_row(text, row)]


def readings(text: str) -> list[str]:
    """`text`, and what it says where references of HTML, escapes of JSON and of addresses are read.

    Whoever types a number in such a way would have a page that is held back, did the entry not see it too.
    """
    found = [text]
    for read in (html.unescape, _read_escapes, _read_address):
        found += [reading for one in tuple(found) if (reading := read(one)) not in found]
    return found


def _read_escapes(text: str) -> str:
    """A text with the escapes of JSON read; halves of characters are none."""
    if "\\u" not in text:
        return text
    read = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return _HALVES.sub("\ufffd", read)


def _read_address(text: str) -> str:
    """A text with the signs read that an address writes as bytes, such as ``%20``."""

    def read(match: re.Match[str]) -> str:
        return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "replace")

    return _BYTES.sub(read, text) if "%" in text else text


def may_hold_personal_number(data: bytes) -> bool:
    """Whether a text in UTF-8 is worth a closer look; most pages are not, and this takes a third of the time.

    Where it is not, `find_personal_numbers` finds nothing but perhaps an identity number of 15 digits
    with other digits between it and the word that says so.
    """
    if any(odd.search(data) for odd in (*_QUICK_ODD, _QUICK_LANDLINE, _QUICK_SAID)):
        return True
    joined = data.translate(None, _ASCII_GAPS)
    if any(birth.search(joined) for birth in _QUICK_BIRTH):
        return True
    latin = ""
    for match in _QUICK_MOBILE.finditer(joined):
        latin = latin or joined.decode("latin-1")
        if not _is_in_digest(latin, match.start(), match.end()):
            return True
    return False


def find_personal_number(
    text: str, kinds: Collection[Kind] = ALL, allowed: Collection[str] = ()
) -> Kind | None:
    """Kind of the first personal number in any reading of `text`; None: there is none.

    Parameters
    ----------
    allowed
        Digits of telephone numbers that the office publishes itself.
    """
    found = [number for reading in readings(text) for number in find_personal_numbers(reading)]
    return next((n.kind for n in found if n.kind in kinds and n.digits not in allowed), None)


def check_publishable(text: str, kinds: Collection[Kind] = ALL, allowed: Collection[str] = ()) -> None:
    """Refuse a text that holds an identity number or a telephone number of the `kinds`.

    Raises
    ------
    RefusedError
        With the kind of the number, never the number itself.
    """
    kind = find_personal_number(text, kinds, allowed)
    if kind == "identity":
        raise RefusedError(
            "entry.identity-number",
            "the text holds an identity number, which is never published; take it out and try again",
        )
    if kind == "mobile":
        raise RefusedError(
            "entry.mobile-number",
            "the text holds a mobile telephone number, which is never published; take it out and try again",
        )
    if kind == "landline":
        raise RefusedError(
            "entry.landline-number",
            "the text holds a telephone number, which is never published; take it out and try again",
        )


def mask_personal_numbers(text: str) -> str:
    """`text` with personal numbers masked but for their ends: ``138****8000``.

    Where one stands in another reading of it alone, that reading is given back.
    """
    for reading in readings(text)[1:]:
        if find_personal_numbers(reading):
            return mask_personal_numbers(reading)
    while found := find_personal_numbers(text):  # what a mask leaves may stand beside other digits
        for number in reversed(found):
            text = text[: number.start] + _mask(number) + text[number.end :]
    return text


def mask_name(name: str) -> str:
    """A person's name with all but its first character masked: ``王**``."""
    return name[:1] + "*" * (len(name) - 1)


def mask_telephone(number: str) -> str:
    """A telephone number of any kind with all but its first three and last two characters masked."""
    return number[:3] + "*" * (len(number) - 5) + number[-2:] if len(number) > 7 else "*" * len(number)


def _mask(number: PersonalNumber) -> str:
    digits = number.digits
    if number.kind == "mobile":
        return f"{digits[:3]}****{digits[-4:]}"
    if number.kind == "landline":
        return f"{digits[:3]}{'*' * (len(digits) - 5)}{digits[-2:]}"
    return f"{digits[:6]}{'*' * (len(digits) - 10)}{digits[-4:]}"


@dataclass(frozen=True, slots=True)
class _Group:
    """Digits that stand together; `gap`: what stands between them and the group before."""

    start: int
    end: int
    digits: str
    gap: str


def _find_in_row(text: str, row: re.Match[str]) -> Iterator[PersonalNumber]:
    groups = [part for group in _groups_of(row) for part in _without_country(text, group)]
    first = 0
    while first < len(groups):
        found = _find_from(text, groups, first)
        if found is None:
            first += 1
            continue
        kind, n = found
        those = groups[first : first + n]
        digits = "".join(group.digits for group in those)
        yield PersonalNumber(kind=kind, start=those[0].start, end=those[-1].end, digits=digits)
        first += n


def _groups_of(row: re.Match[str]) -> list[_Group]:
    """Rows of digits between gaps; invisible characters are no gap between digits, nor before X."""
    groups: list[_Group] = []
    start = last = -1
    digits = ""
    gap_before = ""
    at, text = row.start(), row[0]
    for place in (match.start() for match in _SHOWN_DIGITS.finditer(text)):
        between = re.sub(f"[{_INVISIBLE}]", "", text[last + 1 : place]) if last >= 0 else ""
        if start >= 0 and (not between or text[place] in "Xx\uff38\uff58"):
            digits += text[place]
        else:
            if start >= 0:
                groups.append(_Group(at + start, at + last + 1, digits.translate(_FULL_WIDTH), gap_before))
            start, digits, gap_before = place, text[place], between
        last = place
    groups.append(_Group(at + start, at + last + 1, digits.translate(_FULL_WIDTH), gap_before))
    return groups


def _without_country(text: str, group: _Group) -> Sequence[_Group]:
    """A group that begins with +86 or 0086 and a mobile number as two: the country code hides no number."""
    country = _COUNTRY.match(group.digits)
    is_said = group.digits.startswith("00") or text[group.start - 1 : group.start] in ("+", "\uff0b")
    if country is None or not is_said:
        return (group,)
    places = [place.start() for place in _SHOWN_DIGITS.finditer(text, group.start, group.end)]
    start = places[country.end()]
    return (
        _Group(group.start, start, country[0], group.gap),
        _Group(start, group.end, group.digits[country.end() :], ""),
    )


def _find_from(text: str, groups: Sequence[_Group], first: int) -> tuple[Kind, int] | None:
    """What number begins with this group, and how many groups it takes; the longest first."""
    found: tuple[Kind, int] | None = None
    digits, lengths = "", list[int]()
    for group in groups[first:]:
        digits += group.digits
        lengths.append(len(group.digits))
        if len(digits) > 18:
            break
        if (kind := _kind_of(text, groups, first, digits, tuple(lengths))) is not None:
            found = kind, len(lengths)
    return found


def _kind_of(
    text: str, groups: Sequence[_Group], first: int, digits: str, lengths: tuple[int, ...]
) -> Kind | None:
    start, end = groups[first].start, groups[first + len(lengths) - 1].end
    is_single = set(lengths[:-1]) == {1} and lengths[-1] <= 2  # X goes with the digit before it
    is_grouped = len(lengths) <= _MOST_GROUPS or is_single
    if len(digits) == 18:
        return "identity" if is_grouped and is_identity_number(digits) else None
    if len(digits) == 15 and lengths in _OLD_IDENTITY_GROUPS:
        is_said = _SAID.search(text, max(0, start - _BEFORE), start) is not None
        is_old = digits[:2] in _PROVINCES and digits.isdecimal() and _is_birthday("19" + digits[6:12])
        return "identity" if is_said and is_old else None
    if _MOBILE.fullmatch(digits) and lengths in _MOBILE_GROUPS:
        return None if _is_in_digest(text, start, end) else "mobile"
    if len(lengths) == 2 and _is_landline(groups, first):
        return "landline"
    return None


def _is_landline(groups: Sequence[_Group], first: int) -> bool:
    """An area code and a local number that begins at 2 and is no day; nothing hangs on before it."""
    area, local = groups[first], groups[first + 1]
    hangs_on = bool(area.gap) and not _SPACE.search(area.gap)
    is_day = len(local.digits) == 8 and local.digits[:2] in ("19", "20") and _is_day(local.digits)
    fits = _AREA.fullmatch(area.digits) and _LOCAL.fullmatch(local.digits)
    return bool(fits) and not hangs_on and not is_day and "." not in local.gap and "/" not in local.gap


def _is_in_digest(text: str, start: int, end: int) -> bool:
    """Whether the digits are part of a row of hexadecimal digits as long as digests and nonces are."""
    first, last = start, end
    while first > 0 and text[first - 1] in _HEX:
        first -= 1
    while last < len(text) and text[last] in _HEX:
        last += 1
    n = last - first
    return n > end - start and (n == _HEX_LENGTHS[0] or n >= _HEX_LENGTHS[1])


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def _is_birthday(digits: str) -> bool:
    return int(digits[:4]) >= 1900 and _is_day(digits)
