"""Personal data in full: only for a reason, and only after an audit line says who saw what of whom.

Everything else shows it masked. Whoever adds a page with personal data adds its fields here.
"""

from __future__ import annotations

from dataclasses import dataclass

from agency_credit.domain.errors import InputError
from agency_credit.domain.role import APPROVER, DRAFTER, Actor
from agency_credit.publication.masking import mask_name, mask_telephone
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.register import load_agency_row

UNMASKERS = DRAFTER | APPROVER
FIELDS = ("head", "telephone")
MIN_REASON, MAX_REASON = 4, 200
"""Characters of a reason: fewer say nothing, and it stands in an audit line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Who speaks for an agency; `is_masked`: not as stored."""

    head: str
    telephone: str
    is_masked: bool


async def load_contact(uscc: str) -> Contact:
    """The contact of an agency, masked.

    Raises
    ------
    NotFoundError
        No agency has this code.
    """
    row = await load_agency_row(uscc)
    return Contact(head=mask_name(row["head"]), telephone=mask_telephone(row["telephone"]), is_masked=True)


async def unmask_contact(office: Office, actor: Actor, uscc: str, reason: str) -> Contact:
    """The contact of an agency in full, once the line that says so is written.

    Raises
    ------
    InputError
        No reason in words.
    NotFoundError
        No agency has this code.
    ForbiddenError
        The actor neither drafts nor approves.
    """
    async with operation(office, actor, "personal.unmask", uscc, roles=UNMASKERS) as op:
        if not MIN_REASON <= len(reason.strip()) <= MAX_REASON:
            raise InputError(
                "unmask.reason",
                "say in {least} to {most} characters what the personal data is needed for; it goes into the"
                " audit line",
                least=MIN_REASON,
                most=MAX_REASON,
            )
        row = await load_agency_row(uscc)
        op.details.update(fields=" ".join(FIELDS), reason=reason.strip())
    return Contact(head=row["head"], telephone=row["telephone"], is_masked=False)
