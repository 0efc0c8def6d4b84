"""Codes that give a seat at the desk of an agency: made, taken once, cancelled; only digests are kept.

The office sends one by letter to an agency, for its manager; a manager makes one for each further person. Who
enters a code chooses the user name himself, so that nobody looks for user names to give seats to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agency_credit.database.tables import ActivationCode
from agency_credit.domain.canonical import digest
from agency_credit.domain.day import OFFICE_ZONE
from agency_credit.domain.errors import InputError, RefusedError
from agency_credit.domain.role import DeskRight
from agency_credit.services.operation import Operation
from agency_credit.services.totp import CODE_LETTERS, make_code

PAGE = "/activate"
OFFICE, DESK = "office", "desk"
CODE_LENGTH = 20
"""Letters of 5 bits: nobody guesses 100 bits."""
CLOSED = ("cancelled", "revoked")
"""Agencies in these states read and object; nobody new comes to their desks."""
_FORM = re.compile(f"[{CODE_LETTERS}]{{{CODE_LENGTH}}}")
_USCC = re.compile(r"[0-9A-Z]{18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCode:
    """What goes onto the letter; the code is not stored and cannot be shown again.

    Parameters
    ----------
    issued_for
        Whom a manager means it for; empty on a letter of the office.
    """

    uscc: str
    agency: str
    right: DeskRight
    issued_for: str
    code: str
    expires_at: datetime


def refuse_closed(status: str) -> None:
    """Raise RefusedError where an agency in this state gets no new people."""
    if status in CLOSED:
        raise RefusedError(
            "activation.agency-closed",
            "this agency is cancelled or revoked: its people can still log in, read and object, but nobody"
            " new gets a login; ask the office",
        )


async def append_code(
    op: Operation,
    agency: dict[str, Any],
    right: DeskRight,
    valid: timedelta,
    *,
    origin: str,
    issued_for: str = "",
) -> NewCode:
    """A new code inside the caller's operation; a letter takes the place of the one before.

    Parameters
    ----------
    agency
        Row of the agency.
    origin
        `OFFICE` or `DESK`.
    """
    refuse_closed(agency["status"])
    if origin == OFFICE:
        await cancel_codes(op, (ActivationCode.agency == agency["id"]) & (ActivationCode.origin == OFFICE))
    code = make_code(CODE_LENGTH)
    expires_at = op.at + valid
    await ActivationCode.insert(
        ActivationCode(
            agency=agency["id"],
            origin=origin,
            right=right.value,
            issued_for=issued_for,
            code_digest=_digest(code),
            created_by=op.actor.username,
            created_at=op.at,
            expires_at=expires_at,
        )
    )
    op.details["right"] = right.value
    return NewCode(
        uscc=agency["uscc"],
        agency=agency["name"],
        right=right,
        issued_for=issued_for,
        code=code,
        expires_at=expires_at,
    )


async def find_code(uscc: str, code: str) -> dict[str, Any]:
    """The row of a code, with the agency's; whoever has the right letters is told what became of it.

    Raises
    ------
    InputError
        The two do not have the form of a credit code and a code, or do not belong together.
    """
    plain = _plain(code)
    if not _USCC.fullmatch(uscc) or not _FORM.fullmatch(plain):
        raise InputError(
            "activation.form",
            "copy both from the letter: a credit code has 18 letters and digits, a code five groups of four",
        )
    agency: Any = ActivationCode.agency
    row: dict[str, Any] | None = await (
        ActivationCode.select(
            *ActivationCode.all_columns(),
            agency.uscc.as_alias("uscc"),
            agency.name.as_alias("agency_name"),
            agency.status.as_alias("status"),
        )
        .where((ActivationCode.code_digest == _digest(code)) & (agency.uscc == uscc))
        .first()
    )
    if row is None:
        raise InputError(
            "activation.unknown",
            "the credit code and the code do not belong together; copy both from the letter, or ask for a"
            " new code",
        )
    return row


async def check_code(op: Operation, row: dict[str, Any]) -> None:
    """Refuse a code that is no longer good, inside the caller's operation: of two at once one comes first.

    Raises
    ------
    InputError
        It was used, cancelled or is too old.
    RefusedError
        The agency gets no new people.
    """
    now = await ActivationCode.select().where(ActivationCode.id == row["id"]).first()
    assert now is not None, "codes are never removed"
    if now["used_at"] is not None:
        raise InputError(
            "activation.used",
            "this code was used on {day}, it is good once; log in with the user name chosen then, or ask for"
            " a new code",
            day=_day(now["used_at"]),
        )
    if now["cancelled_at"] is not None:
        raise InputError(
            "activation.cancelled",
            "this code was cancelled on {day}, perhaps because a newer letter was sent; use that one, or ask"
            " for a new code",
            day=_day(now["cancelled_at"]),
        )
    if now["expires_at"] <= op.at:
        raise InputError(
            "activation.late",
            "this code was good until {day} only; ask for a new code",
            day=_day(now["expires_at"]),
        )
    refuse_closed(row["status"])


async def spend_code(op: Operation, row: dict[str, Any], username: str) -> None:
    """Use a code up that `check_code` let through in the same operation."""
    await ActivationCode.update({ActivationCode.used_at: op.at, ActivationCode.used_by: username}).where(
        ActivationCode.id == row["id"]
    )


async def cancel_codes(op: Operation, which: Any) -> int:
    """Cancel those of the open codes that fit, inside the caller's operation; how many."""
    is_open = ActivationCode.used_at.is_null() & ActivationCode.cancelled_at.is_null()
    cancelled = await (
        ActivationCode.update(
            {ActivationCode.cancelled_at: op.at, ActivationCode.cancelled_by: op.actor.username}
        )
        .where(is_open & which)
        .returning(ActivationCode.id)
    )
    return len(cancelled)


async def cancel_codes_by(op: Operation, username: str, agency: int | None = None) -> int:
    """Cancel what a person made for others and nobody used, at one desk or at all; how many."""
    which = (ActivationCode.created_by == username) & (ActivationCode.origin == DESK)
    return await cancel_codes(op, which if agency is None else which & (ActivationCode.agency == agency))


def is_code_of(row: dict[str, Any], code: str) -> bool:
    """Whether these are the letters of the code in this row."""
    return bool(row["code_digest"] == _digest(code))


def _plain(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter not in "-－— \u3000")


def _digest(code: str) -> str:
    return digest(f"activation {_plain(code)}".encode())


def _day(at: datetime) -> str:
    return at.astimezone(OFFICE_ZONE).date().isoformat()
