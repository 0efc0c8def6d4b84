"""A person's decision to go on from an older or another state of the log than the one signed last."""

from __future__ import annotations

from agency_credit.domain.canonical import Json
from agency_credit.domain.errors import Fault, InputError, RefusedError
from agency_credit.domain.role import SYSTEM_ADMINISTRATOR, Actor
from agency_credit.publication.checkpoint import parse_checkpoint
from agency_credit.publication.note import parse_note
from agency_credit.services.fork_guard import FORKED, OWN, ROLLED_BACK, read_guard
from agency_credit.services.log import look_for_fork
from agency_credit.services.office import Office
from agency_credit.services.operation import operation


async def accept_fork(office: Office, actor: Actor, reason: str) -> str:
    """Give up the head in the guard file and go on from what the database holds.

    The log says so for ever: an entry with the head that was given up and the reason, so that whoever holds
    that head learns from the log itself what became of it.

    Returns
    -------
    str
        The code of what was wrong.

    Raises
    ------
    InputError
        No reason.
    RefusedError
        Nothing is wrong; or the database contradicts a head of its own, which no decision mends.
    ForbiddenError
        The actor is no system administrator.
    """
    if not reason.strip():
        raise InputError("log.reason", "say why the head that was signed is given up; everybody can read it")
    async with operation(
        office, actor, "log.accept-fork", "log", roles=SYSTEM_ADMINISTRATOR, forsaking=True
    ) as op:
        fork = await look_for_fork(office)
        if fork is None:
            raise RefusedError(
                "log.no-fork", "the log continues its last checkpoint; there is nothing to decide"
            )
        if fork.at == OWN:
            raise RefusedError(fork.code, fork.template, **fork.params)
        size, note = _read_head(fork, read_guard(office.keys.folder))
        body: dict[str, Json] = {"checkpoint": note, "reason": reason.strip(), "size": size}
        origin = office.keys.load_log_signers()[0].name
        await op.append_entry("checkpoint.forsaken", origin, body)
        op.details["was"] = fork.code
    return fork.code


def _read_head(fork: Fault, guard: str | None) -> tuple[int | None, str | None]:
    """Size and text of the head that is given up; None where the guard file holds none of this log."""
    if guard is None or fork.code not in (ROLLED_BACK, FORKED):
        return None, None
    return parse_checkpoint(parse_note(guard).text).size, guard
