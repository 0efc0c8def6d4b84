"""Rotate the key that signs the public log."""

from __future__ import annotations

from agency_credit.database import lock_log
from agency_credit.domain.entry import EntryType
from agency_credit.domain.role import SYSTEM_ADMINISTRATOR, Actor
from agency_credit.publication.note import format_verifier_key
from agency_credit.services.log import load_log_keys
from agency_credit.services.office import Office
from agency_credit.services.operation import operation


async def rotate_log_key(office: Office, actor: Actor) -> str:
    """Put a new key beside the present one: an entry, then both sign for 90 days (item 6).

    1. Take the key that an interrupted rotation left in the key file, else make one.
    2. The log says that it signs from now on; without that entry it never does.

    Returns
    -------
    str
        The new verifier key.

    Raises
    ------
    ForbiddenError
        The actor is no system administrator.
    """
    async with operation(office, actor, "key.rotate", "log", roles=SYSTEM_ADMINISTRATOR) as op:
        await lock_log()
        used = await load_log_keys(office)
        unused = office.keys.load_log_signers()[len(used) :]  # 1
        fresh = unused[0] if unused else office.keys.append_log_key()
        body = {"new": format_verifier_key(fresh.verifier), "old": used[-1].text}
        await op.append_entry(EntryType.KEY_ROTATED.value, fresh.name, body)  # 2
        op.details["key"] = body["new"]
    return body["new"]
