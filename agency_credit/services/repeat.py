"""A request that a program sends again does nothing again: ``Idempotency-Key`` of the API.

1. The key is claimed before the step is taken; of two requests at once one is refused.
2. A step that fails gives its key back, so that it may be tried again.
3. The answer of a step that was taken is kept for a day and given again.

Should the machine fail between a step and the keeping of its answer, the key stays claimed: a program
then hears that the outcome is not known and looks at what is there. No step is ever taken twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from agency_credit.database import transaction
from agency_credit.database.tables import RepeatedRequest
from agency_credit.domain.errors import ConflictError, InputError
from agency_credit.domain.role import Actor
from agency_credit.services.draw_store import person_of
from agency_credit.services.office import Office

KEPT = timedelta(days=1)
MAX_KEY = 100


async def take_once(
    office: Office, actor: Actor, key: str, request: str, step: Callable[[], Awaitable[str]]
) -> str:
    """The answer of `step`, or the one it gave to the same request before.

    Parameters
    ----------
    key
        Chosen by the program, its own for each thing it wants done.
    request
        Digest of what was asked: the same key for something else is a mistake.

    Raises
    ------
    InputError
        A key that is too long, or one that was used for another request.
    ConflictError
        The first request with this key has not been answered.
    """
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise InputError("idempotency.key", "an idempotency key has 1 to {n} printable characters", n=MAX_KEY)
    person = person_of(actor)
    mine = (RepeatedRequest.person == person) & (RepeatedRequest.key == key)
    async with transaction():
        await RepeatedRequest.delete().where(RepeatedRequest.at < office.now() - KEPT)
        known = await RepeatedRequest.select().where(mine).first()
        if known is None:  # 1
            await RepeatedRequest.insert(
                RepeatedRequest(person=person, key=key, request=request, answer="", at=office.now())
            )
    if known is not None:
        return _answer_of(known["request"], known["answer"], request)
    try:
        answer = await step()
    except BaseException:
        async with transaction():
            await RepeatedRequest.delete().where(mine)  # 2
        raise
    async with transaction():
        await RepeatedRequest.update({RepeatedRequest.answer: answer}).where(mine)  # 3
    return answer


def _answer_of(known_request: str, answer: str, request: str) -> str:
    if known_request != request:
        raise InputError(
            "idempotency.reused", "this idempotency key was used for another request; choose a new one"
        )
    if not answer:
        raise ConflictError(
            "idempotency.open",
            "the first request with this key has not been answered; look at what is there, then ask again",
        )
    return answer
