"""What may follow what from an agency's reply on: it is published or returned, for personal data alone."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from agency_credit.domain.errors import ConflictError, RefusedError


class ReplyStepName(StrEnum):
    """A step of a reply."""

    SUBMITTED = "submitted"
    PUBLISHED = "published"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class ReplyReason(StrEnum):
    """Personal data that a reply holds, for which it is returned; an opinion is no reason."""

    NAME = "name"
    NUMBER = "number"
    CONTACT = "contact"
    FAMILY = "family"
    OTHER = "other-personal"


_MAY_FOLLOW = {
    ReplyStepName.PUBLISHED: {ReplyStepName.SUBMITTED},
    ReplyStepName.RETURNED: {ReplyStepName.SUBMITTED},
    ReplyStepName.WITHDRAWN: {ReplyStepName.SUBMITTED, ReplyStepName.PUBLISHED},
}


def check_reply_step(last: ReplyStepName, step: ReplyStepName) -> None:
    """Refuse a step that may not follow the last one.

    Raises
    ------
    RefusedError
        It may not.
    """
    if last not in _MAY_FOLLOW.get(step, set()):
        raise RefusedError(
            "reply.state",
            "this reply is decided or taken back already; open it again to see how it stands",
        )


def check_new_reply(lasts: Sequence[ReplyStepName]) -> None:
    """Refuse a second reply while one waits; `lasts`: the last steps of the earlier ones to the same target.

    Raises
    ------
    ConflictError
        One waits.
    """
    if ReplyStepName.SUBMITTED in lasts:
        raise ConflictError(
            "reply.waits", "a reply waits to be looked at; take it back before you send another one"
        )
