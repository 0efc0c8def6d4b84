"""One use case, one transaction, one audit line: the frame around everything that changes something."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agency_credit.database import lock_log, shred, transaction
from agency_credit.database.tables import AuditLine
from agency_credit.domain.canonical import Json, format_canonical
from agency_credit.domain.errors import AgencyCreditError, ForbiddenError
from agency_credit.domain.role import Actor, Role
from agency_credit.services.audit_chain import link_line, load_chain_head
from agency_credit.services.log import NewEntry, append_log_entries, refuse_if_forked, sign_checkpoint
from agency_credit.services.office import Office


@dataclass(slots=True, kw_only=True)
class Operation:
    """A running use case; what it notes in `details` ends up in its audit line.

    Parameters
    ----------
    at
        When its turn came, never before that of the one before it; of one that was refused before, when it
        was asked for.
    """

    office: Office
    actor: Actor
    at: datetime
    details: dict[str, Json] = field(default_factory=dict)
    n_entries: int = 0
    is_shredding: bool = False

    async def append_entry(
        self, kind: str, subject: str, body: Mapping[str, Json], *, is_committed: bool = False
    ) -> int:
        """Append an entry to the public log in this transaction; its index."""
        return await self.append_entries(
            [NewEntry(kind=kind, subject=subject, body=body, is_committed=is_committed)]
        )

    async def append_entries(self, entries: Sequence[NewEntry]) -> int:
        """Append entries to the public log in this transaction; index of the first, the others follow it."""
        self.n_entries += len(entries)
        return await append_log_entries(entries, at=self.at)


@asynccontextmanager
async def operation(
    office: Office,
    actor: Actor,
    action: str,
    subject: str,
    *,
    roles: frozenset[Role] | None,
    forsaking: bool = False,
) -> AsyncIterator[Operation]:
    """Run a use case: rights, one transaction, an audit line, a signed checkpoint.

    1. Whoever has none of `roles` is refused (`None`: the use case checks by itself).
    2. Everything inside happens in one transaction, the audit line included; use cases that write take
       turns, so that what one of them has checked still holds when it writes. Everybody is refused while
       the log does not continue what was signed last, but the one who decides about that (`forsaking`).
    3. A failure rolls all of it back and leaves one audit line, written by itself.
    4. When the public log grew, a checkpoint over it is signed after the commit.
    5. Where something was forgotten, the files of the database are rid of it.

    Raises
    ------
    ForbiddenError
        The actor has none of the roles.
    UnavailableError
        The office is read-only (`agency_credit.services.fork_guard`).
    """
    done = Operation(office=office, actor=actor, at=office.now())
    try:
        if roles is not None and not roles & actor.roles:  # 1
            raise ForbiddenError(
                "role.missing",
                "{user} may not do this; it takes one of these roles: {roles}",
                user=actor.username,
                roles=", ".join(sorted(roles)),
            )
        async with transaction():  # 2
            await lock_log()
            if not forsaking:
                await refuse_if_forked(office)
            done.at = office.now()  # not when it began to wait: whoever asked meanwhile did not know it yet
            yield done
            await _append_audit(done, action, subject, "done")
    except BaseException as error:  # 3
        refused = isinstance(error, AgencyCreditError)
        done.details = {"error": error.code if isinstance(error, AgencyCreditError) else type(error).__name__}
        async with transaction():
            await lock_log()
            await _append_audit(done, action, subject, "refused" if refused else "failed")
        raise
    if done.n_entries:  # 4
        await sign_checkpoint(office, forsaking=forsaking)
    if done.is_shredding:  # 5
        await shred()


async def append_audit(
    office: Office,
    actor: Actor,
    action: str,
    subject: str,
    outcome: str,
    *,
    details: dict[str, Json] | None = None,
) -> None:
    """An audit line of its own, for what is no use case: a login, a change in the reference tables."""
    done = Operation(office=office, actor=actor, at=office.now(), details=details or {})
    async with transaction():
        await lock_log()
        await _append_audit(done, action, subject, outcome)


async def _append_audit(done: Operation, action: str, subject: str, outcome: str) -> None:
    """Add a line to the chain; the caller is the only writer until the end of his transaction."""
    details = done.details | ({"os_user": done.actor.os_user} if done.actor.os_user else {})
    line: dict[str, Any] = {
        "at": done.at,
        "actor": done.actor.username,
        "action": action,
        "subject": subject[:200],
        "outcome": outcome,
        "details_json": format_canonical(details).decode(),
    }
    chain = link_line(await load_chain_head(), line)
    await AuditLine.insert(AuditLine(**line, chain=chain))
