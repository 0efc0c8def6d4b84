"""How a record that was forgotten is known again: by a digest that takes a key outside the database."""

from __future__ import annotations

from collections.abc import Iterable

from agency_credit.database.tables import ForgottenRecord
from agency_credit.services.import_work import KEYS, in_chunks
from agency_credit.services.keys import Keys

_PURPOSE = "forgotten"


def tag_identity(keys: Keys, identity: str) -> str:
    """What stays of the identity of a record (`import_records.record_digest`) once it is forgotten."""
    return keys.tag(identity.encode(), _PURPOSE)


async def find_forgotten(keys: Keys, identities: Iterable[str]) -> frozenset[str]:
    """Those of these identities whose records are forgotten."""
    if not await ForgottenRecord.exists():
        return frozenset()
    by_tag = {tag_identity(keys, identity): identity for identity in identities}
    found: set[str] = set()
    for chunk in in_chunks(sorted(by_tag), KEYS):
        rows = await ForgottenRecord.select(ForgottenRecord.tag).where(ForgottenRecord.tag.is_in(list(chunk)))
        found |= {by_tag[row["tag"]] for row in rows}
    return frozenset(found)
