"""One answer a key: what a program sends again with the same ``Idempotency-Key`` is not done again.

After the IETF draft "The Idempotency-Key HTTP Header Field". A key is claimed, in a transaction of its
own, before anything is done, and the claim becomes the answer afterwards.

The claim of a process that was killed counts for `LONGEST_STEP`; then the key is free again. A step of a
draw cannot be taken twice even so, the database holds that. A draft, a value, a result may then be there
twice, when the process was killed between its commit and the storing of its answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from piccolo.columns.combination import And

from agency_credit.database import transaction
from agency_credit.database.tables import IdempotentAnswer
from agency_credit.domain.errors import ConflictError, InputError
from agency_credit.domain.role import Actor
from agency_credit.services.draw_store import person_of
from agency_credit.services.office import Office

KEPT = timedelta(hours=24)
"""A program that was cut off tries again within minutes, or the next morning; nobody counts on more."""
LONGEST_STEP = timedelta(minutes=5)
"""Far above the seconds that the longest step takes, short enough for a person to wait."""
LONGEST_KEY = 128
_KEY = re.compile(rf"[\x20-\x7e]{{1,{LONGEST_KEY}}}")
_RUNNING = 0
"""In the place of the status while there is no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A key in use by a request that is being worked on; `at` tells it from a later claim of the same."""

    person: int
    key: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """An answer as it was given."""

    status: int
    content_type: str
    body: bytes


async def claim_key(office: Office, actor: Actor, key: str, request: str) -> Claim | KeptAnswer:
    """Claim a key, or find the answer that it got before.

    Parameters
    ----------
    request
        SHA-256 in hex of what was asked.

    Raises
    ------
    InputError
        ``idempotency.key``: no key; ``idempotency.reused``: the key of another request.
    ConflictError
        ``idempotency.running``: the first request with this key is still being worked on.
    """
    if not _KEY.fullmatch(key):
        raise InputError(
            "idempotency.key",
            "an Idempotency-Key has 1 to {n} printable ASCII characters; choose another",
            n=LONGEST_KEY,
        )
    claim = Claim(person=person_of(actor), key=key, at=office.now())
    try:
        async with transaction():
            await _delete_old(claim.at)
            known = await IdempotentAnswer.select().where(_is_of(claim)).first()
            if known is None:
                await _insert(claim, request)
                return claim
    except ConflictError as error:  # two at once on PostgreSQL: the other one's claim was committed first
        raise _running() from error
    if known["request"] != request:
        raise InputError(
            "idempotency.reused", "this Idempotency-Key belongs to another request; choose a new one"
        )
    if known["status"] == _RUNNING:
        raise _running()
    return KeptAnswer(status=known["status"], content_type=known["content_type"], body=known["body"])


async def keep_answer(claim: Claim, answer: KeptAnswer) -> None:
    """Keep the answer to the request of this claim, unless the claim has run out meanwhile."""
    async with transaction():
        await IdempotentAnswer.update(
            {
                IdempotentAnswer.status: answer.status,
                IdempotentAnswer.content_type: answer.content_type,
                IdempotentAnswer.body: answer.body,
            }
        ).where(_is_of(claim) & (IdempotentAnswer.at == claim.at))


async def release_key(claim: Claim) -> None:
    """Give a key back: what was asked for could not be done, and may be tried again."""
    async with transaction():
        await IdempotentAnswer.delete().where(_is_of(claim) & (IdempotentAnswer.at == claim.at))


async def _delete_old(now: datetime) -> None:
    is_dead = (IdempotentAnswer.status == _RUNNING) & (IdempotentAnswer.at < now - LONGEST_STEP)
    await IdempotentAnswer.delete().where((IdempotentAnswer.at < now - KEPT) | is_dead)


async def _insert(claim: Claim, request: str) -> None:
    await IdempotentAnswer.insert(
        IdempotentAnswer(
            person=claim.person,
            key=claim.key,
            request=request,
            status=_RUNNING,
            content_type="",
            body=b"",
            at=claim.at,
        )
    )


def _is_of(claim: Claim) -> And:
    return (IdempotentAnswer.person == claim.person) & (IdempotentAnswer.key == claim.key)


def _running() -> ConflictError:
    return ConflictError(
        "idempotency.running",
        "the first request with this Idempotency-Key is still being worked on; ask again in a moment",
    )
