"""What decides on the repair of an agency's records beside the rule packs, for all who say from when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from agency_credit.domain.citation import Status
from agency_credit.scoring import RepairBasis, RepairFacts
from agency_credit.scoring.profile import ProfileValue
from agency_credit.services.disclosure import Disclosed
from agency_credit.services.import_facts import to_facts
from agency_credit.services.office import Office
from agency_credit.services.period_tables import load_period_tables
from agency_credit.services.supervision import find_value, load_profile

DECIDED, EARLIEST, INTERVAL, AGAIN = "repair-decided", "repair-earliest", "repair-interval", "repair-again"
"""Keys of the profile's values about repair."""


async def load_repair_basis(office: Office, disclosed: Mapping[str, Disclosed], on: date) -> RepairBasis:
    """The period tables, what was stated of these records, and the months of the profile.

    Parameters
    ----------
    disclosed
        The records by their commitment (`agency_credit.services.disclosure.load_disclosures`).
    """
    return RepairBasis(
        tables=await load_period_tables(office, on),
        facts={
            name: RepairFacts(
                stated=to_facts(one.facts, is_person=one.is_person), published_on=one.row["published_on"]
            )
            for name, one in disclosed.items()
        },
        general_months=effective(await load_repair_values(office), EARLIEST),
    )


async def load_repair_values(office: Office) -> dict[str, ProfileValue]:
    """What the profile of this area says of repair, by key."""
    profile = await load_profile(office)
    found = {key: find_value(profile, key) for key in (DECIDED, EARLIEST, INTERVAL, AGAIN)}
    return {key: value for key, value in found.items() if value is not None}


def effective(values: Mapping[str, ProfileValue], key: str) -> int | None:
    """A number that may keep an agency from its right: one that nobody verified keeps nobody."""
    value = values.get(key)
    return None if value is None or value.provenance.status is Status.UNVERIFIED else value.value
