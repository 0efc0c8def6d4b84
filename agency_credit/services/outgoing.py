"""What the gate over outgoing texts needs of the office: its own telephone numbers, and whom to tell."""

from __future__ import annotations

import re
from datetime import timedelta

from agency_credit.database.tables import AuditLine
from agency_credit.domain.role import SYSTEM, Role
from agency_credit.services.notices import NewNotice, append_notices, load_people_with
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.reference import load_parameter

PUBLIC_TELEPHONES = "public_telephones"
TOLD_AGAIN_AFTER = timedelta(days=1)
"""A page that is asked for again and again would fill the audit lines."""
MOST_A_DAY = 100
"""Audit lines that are never removed: whoever finds another address each time writes no more of them."""
_ACTION = "answer.blocked"
_LONGEST = 200


async def load_public_telephones() -> frozenset[str]:
    """Digits of the telephone numbers that the office publishes itself, from the reference data."""
    value = (await load_parameter(PUBLIC_TELEPHONES)).value
    numbers = (re.sub(r"[^0-9]", "", number) for number in re.split(r"[;；,，、\n]", value))
    return frozenset(number for number in numbers if number)


async def report_blocked(office: Office, kind: str, path: str) -> None:
    """Note that an answer was held back, and tell the system administrators; once a day for a kind and path,
    and `MOST_A_DAY` times at most.

    Parameters
    ----------
    kind
        ``identity``, ``mobile`` or ``landline``; never the number itself.
    path
        That was asked for; it holds no personal number.
    """
    subject = path[:_LONGEST]
    told = await (
        AuditLine.select(AuditLine.subject, AuditLine.details_json)
        .where((AuditLine.action == _ACTION) & (AuditLine.at > office.now() - TOLD_AGAIN_AFTER))
        .limit(MOST_A_DAY)
    )
    is_told = any(line["subject"] == subject and f'"{kind}"' in line["details_json"] for line in told)
    if is_told or len(told) == MOST_A_DAY:
        return
    async with operation(office, SYSTEM, _ACTION, subject, roles=None) as op:
        op.details["kind"] = kind
        notice = NewNotice(kind=_ACTION, what=subject, path="/admin/reference")
        await append_notices(op, await load_people_with(Role.SYSTEM), notice)
