"""What a member of a team has filled in so far: kept as it was typed, nobody's statement yet.

One draft a member and inspection. A draft saved from another telephone meanwhile, or a version that
another member handed in, is a conflict that is shown; nothing is overwritten unseen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agency_credit.database import lock_log, transaction
from agency_credit.database.tables import ResultDraft
from agency_credit.domain.errors import ConflictError, InputError
from agency_credit.domain.role import Actor
from agency_credit.services.draw_store import person_of
from agency_credit.services.office import Office
from agency_credit.services.result_store import load_members
from agency_credit.services.results import refuse_stranger

LONGEST_DRAFT = 200_000
"""Characters; a whole form with every text at its longest has fewer."""

Fields = Mapping[str, Sequence[str]]
"""The fields of a form as they were typed, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft of a member.

    Parameters
    ----------
    base
        The version that it was begun upon, 0: none.
    revision
        Counted from 1 with every saving.
    """

    person: int
    name: str
    base: int
    revision: int
    at: datetime
    fields: dict[str, list[str]]


async def save_draft(
    office: Office, actor: Actor, inspection: int, fields: Fields, *, base: int, revision: int
) -> int:
    """Keep what was typed.

    It is saved every few seconds and changes nothing that counts, so it leaves no audit line.

    Parameters
    ----------
    revision
        Of the draft that the form was loaded with, 0: there was none.

    Returns
    -------
    int
        The new revision.

    Raises
    ------
    ForbiddenError
        The actor does not sit on the team.
    ConflictError
        ``draft.changed``: it was saved from elsewhere since; what is stored stays.
    InputError
        It is too long.
    """
    content = json.dumps({name: list(values) for name, values in fields.items()}, ensure_ascii=False)
    if len(content) > LONGEST_DRAFT:
        raise InputError("draft.long", "the form is too long to be kept; shorten its texts")
    await refuse_stranger(actor, inspection)
    async with transaction():
        await lock_log()  # two telephones of one person at once: the second sees what the first saved
        own = await _load(inspection, person_of(actor))
        if own is not None and own.revision != revision:
            if own.fields == {name: list(values) for name, values in fields.items()}:
                return own.revision  # the answer to the first time got lost
            raise ConflictError(
                "draft.changed",
                "this draft was saved from elsewhere since; compare both before you save again",
            )
        row = ResultDraft(
            inspection=inspection,
            person=person_of(actor),
            base_version=base,
            revision=(own.revision if own else 0) + 1,
            content_json=content,
            at=office.now(),
        )
        await ResultDraft.delete().where(
            (ResultDraft.inspection == inspection) & (ResultDraft.person == person_of(actor))
        )
        await ResultDraft.insert(row)
        return int(row.revision)


async def load_drafts(actor: Actor, inspection: int) -> tuple[Draft | None, tuple[Draft, ...]]:
    """The draft of the actor, and those of the other members, the newest first; none for outsiders."""
    if actor.inspector_id is None or actor.inspector_id not in await load_members(inspection):
        return None, ()
    drafts = await _load_all(inspection)
    own = next((draft for draft in drafts if draft.person == actor.person_id), None)
    return own, tuple(draft for draft in drafts if draft.person != actor.person_id)


async def _load(inspection: int, person: int) -> Draft | None:
    return next((draft for draft in await _load_all(inspection) if draft.person == person), None)


async def _load_all(inspection: int) -> list[Draft]:
    rows = await (
        ResultDraft.select(*ResultDraft.all_columns(), ResultDraft.person.display_name.as_alias("name"))
        .where(ResultDraft.inspection == inspection)
        .order_by(ResultDraft.at, ascending=False)
    )
    return [
        Draft(
            person=row["person"],
            name=row["name"],
            base=row["base_version"],
            revision=row["revision"],
            at=row["at"],
            fields=json.loads(row["content_json"]),
        )
        for row in rows
    ]
