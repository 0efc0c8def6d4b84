"""What a tier means here: the profile of this office's area, and what it says in words and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from agency_credit.domain.errors import RefusedError
from agency_credit.scoring import Profile
from agency_credit.scoring.profile import MandatoryRule, ProfileValue
from agency_credit.services.office import Office
from agency_credit.services.reference import load_parameter
from agency_credit.services.rule_book import load_rule_book

RESULTS_PUBLISHED = "results-published"
"""What the profile calls the working days until a result is public."""
_DIGITS = 9
"""Most decimals of a fraction (draw-protocol.md, section 0)."""


async def load_profile(office: Office) -> Profile | None:
    """The profile that holds today for the area of this office; None: there is none."""
    area = (await load_parameter("office_code")).value
    return (await load_rule_book(office)).profile_on(area, office.today())


async def load_value(office: Office, key: str) -> ProfileValue | None:
    """A clock, number or switch of the profile that holds today; None: no profile names it."""
    return find_value(await load_profile(office), key)


async def load_days(office: Office, key: str) -> int:
    """A number of working days that the profile sets.

    Raises
    ------
    RefusedError
        It does not: nobody can tell by when something is due.
    """
    rule = await load_value(office, key)
    if rule is None or rule.value is None:
        raise RefusedError(
            "profile.days",
            "the profile of this area does not say within how many working days this is due;"
            " enter {key} at /admin/rules",
            key=key,
        )
    return rule.value


def find_value(profile: Profile | None, key: str) -> ProfileValue | None:
    """As `load_value`, of a profile."""
    return next((value for value in profile.values if value.key == key), None) if profile else None


def find_mandatory(
    profile: Profile | None, practice_lines: Sequence[str], list_status: str
) -> MandatoryRule | None:
    """The rule by which an agency is inspected without lot; None: it takes part in the lottery."""
    for rule in profile.mandatory if profile else ():
        if rule.practice_line in practice_lines and list_status in rule.list_status:
            return rule
    return None


def format_fraction(fraction: str) -> str:
    """A fraction as the plan writes it, a decimal where it is one: ``1/20`` is ``0.05``, ``1/3`` stays."""
    exact = Fraction(fraction)
    scaled = exact * 10**_DIGITS
    if scaled.denominator != 1:
        return fraction
    whole, decimals = divmod(scaled.numerator, 10**_DIGITS)
    return f"{whole}.{decimals:0{_DIGITS}d}".rstrip("0").rstrip(".")


def format_share(fraction: str) -> str:
    """A fraction as people read it: ``1/20`` is ``5%``, ``1/3`` stays."""
    decimal = format_fraction(fraction)
    return decimal if "/" in decimal else f"{format_fraction(str(Fraction(decimal) * 100))}%"
