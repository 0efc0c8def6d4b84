"""Personal data in texts: finding it and masking it, in one place.

What must never be published is refused (`check_publishable`); free text that people typed is shown
with its numbers masked (`mask_personal_numbers`). No rule on the exact masking pattern was found
(PIPL asks for necessity, arts 6 and 28-30), so the patterns here follow common practice.
"""

from __future__ import annotations

import re
from datetime import date

from stdnum.cn import uscc

from agency_credit.domain.errors import RefusedError

# 18 digits, the last may be X, perhaps written in groups (GB 11643: place, birth, order, check).
_IDENTITY = re.compile(r"(?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx](?![0-9A-Za-z])", re.ASCII)
# 11 digits beginning 13 to 19, perhaps in groups of 3, 4 and 4.
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)", re.ASCII)
# Digests, nonces and keys are long runs of hexadecimal digits, no numbers of persons.
_DIGEST = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{32,}(?![0-9A-Za-z])")

# First two digits of GB/T 2260; 9 opens the identity number of a foreign permanent resident.
_PROVINCES = frozenset(
    str(code)
    for first, n in ((11, 5), (21, 3), (31, 7), (41, 6), (50, 5), (61, 5), (71, 1), (81, 3))
    for code in range(first, first + n)
)
_FULL_WIDTH = str.maketrans("０１２３４５６７８９Ｘｘ－\u3000", "0123456789Xx- ")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # ISO 7064 MOD 11-2
_CHECKS = "10X98765432"


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
    try:
        born = date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    except ValueError:
        return False
    is_credit_code = number[2:4] in _PROVINCES and uscc.is_valid(number)
    return born.year >= 1900 and not is_credit_code


def find_personal_number(text: str) -> str | None:
    """Kind of the first personal number in `text`: ``"identity"``, ``"mobile"`` or None.

    Full-width digits count as digits.
    """
    text = _DIGEST.sub(" ", text.translate(_FULL_WIDTH))
    if any(is_identity_number(match[0]) for match in _IDENTITY.finditer(text)):
        return "identity"
    return "mobile" if _MOBILE.search(text) else None


def check_publishable(text: str) -> None:
    """Refuse a text that holds an identity number or a mobile telephone number.

    Raises
    ------
    RefusedError
        With the kind of the number, never the number itself.
    """
    kind = find_personal_number(text)
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


def mask_personal_numbers(text: str) -> str:
    """`text` with identity and mobile numbers masked but for their ends: ``138****8000``."""

    def mask_identity(match: re.Match[str]) -> str:
        return f"{match[0][:6]}********{match[0][-4:]}" if is_identity_number(match[0]) else match[0]

    text = _IDENTITY.sub(mask_identity, text.translate(_FULL_WIDTH))
    return _MOBILE.sub(lambda match: f"{match[0][:3]}****{match[0][-4:]}", text)


def mask_name(name: str) -> str:
    """A person's name with all but its first character masked: ``王**``."""
    return name[:1] + "*" * (len(name) - 1)


def mask_telephone(number: str) -> str:
    """A telephone number of any kind with all but its first three and last two characters masked."""
    return number[:3] + "*" * (len(number) - 5) + number[-2:] if len(number) > 7 else "*" * len(number)
