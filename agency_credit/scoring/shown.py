"""The table `publication` of a rule pack: who may see what comes out (docs/spec/rule-pack.md)."""

from __future__ import annotations

from dataclasses import dataclass

from agency_credit.domain.citation import Provenance
from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring.clause_table import parse_provenance
from agency_credit.scoring.toml_table import TomlTable

SHOW_RULES = _OF_AGENCIES, _OF_PRACTITIONERS = "score_public", "shown_to_agency"
"""The rules that the table can hold, each with `allowed`, `status`, `source`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowRule:
    """Whether something may be shown, and where that stands."""

    is_allowed: bool
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What a pack says of showing; None: it says nothing, and nothing is shown.

    Parameters
    ----------
    score_public
        Of a pack for agencies: whether everybody may see scores and the points of lines. Tiers are public
        in any case.
    shown_to_agency
        Of a pack for practitioners: whether their agency may see their ratings. Nobody outside ever does.
    """

    score_public: ShowRule | None = None
    shown_to_agency: ShowRule | None = None

    @property
    def is_score_public(self) -> bool:
        """The pack says that scores are public."""
        return self.score_public is not None and self.score_public.is_allowed

    @property
    def is_shown_to_agency(self) -> bool:
        """The pack says that an agency sees its practitioners' ratings."""
        return self.shown_to_agency is not None and self.shown_to_agency.is_allowed


def parse_publication(table: TomlTable, subject: RatingSubject) -> Publication:
    """The table `publication` of a pack, where it has one; its faults are noted."""
    inner = table.optional_table("publication")
    if inner is None:
        return Publication()
    is_of_agencies = subject.value.endswith("-agency")
    unfit = _OF_PRACTITIONERS if is_of_agencies else _OF_AGENCIES
    if inner.has(unfit):
        template = "this key does not fit whom the pack rates; take it out"
        inner.fault(unfit, "rules.publication", template)
    found = Publication(
        score_public=_parse_rule(inner, _OF_AGENCIES), shown_to_agency=_parse_rule(inner, _OF_PRACTITIONERS)
    )
    inner.close()
    return found


def _parse_rule(table: TomlTable, key: str) -> ShowRule | None:
    inner = table.optional_table(key)
    if inner is None:
        return None
    rule = ShowRule(is_allowed=inner.boolean("allowed"), provenance=parse_provenance(inner))
    inner.close()
    return rule
