"""Credit tiers, and who is rated."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agency_credit.domain.citation import Provenance


class RatingSubject(StrEnum):
    """Whom an instrument rates; a firm with two practice lines is rated under two instruments."""

    PATENT_AGENCY = "patent-agency"
    PATENT_PRACTITIONER = "patent-practitioner"
    TRADEMARK_AGENCY = "trademark-agency"
    TRADEMARK_PRACTITIONER = "trademark-practitioner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A credit tier and its band of scores.

    Parameters
    ----------
    name
        ``"A+"``, ``"A"``, ...
    from_millipoints
        Least score of the band, included; None: open at the bottom.
    below_millipoints
        First score above the band, excluded; None: open at the top.
    provenance
        Where the cut-offs come from.
    """

    name: str
    from_millipoints: int | None
    below_millipoints: int | None
    provenance: Provenance

    def contains(self, millipoints: int) -> bool:
        """Whether a score of `millipoints` falls into this tier."""
        return (self.from_millipoints is None or self.from_millipoints <= millipoints) and (
            self.below_millipoints is None or millipoints < self.below_millipoints
        )
