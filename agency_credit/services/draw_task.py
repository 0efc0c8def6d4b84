"""What a draw carries out and with whom: a row of the annual plan or a reason for none; other bodies.

`plan.json` has fixed keys (draw-protocol.md, section 2). Several bodies therefore stand in its `authority`,
joined by ``；``, each of its `items` is prefixed with its body, and a seat is bound to a body by a skill.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

JOINT = "；"
"""Between the bodies of a joint draw."""
_BODY_SKILL = "机关："
MOST_OF_BODY = 60
"""Characters of a body's name, so that its skill keeps within the 64 of the protocol."""


class PlannedTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A row of the annual plan of a year."""

    year: int
    row: int


class Unplanned(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why a draw carries out no row of a plan; public."""

    kind: Literal["lead", "ad-hoc"]
    reason: str


class Partner(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Another body of a joint draw and the items it inspects, by title."""

    name: str
    items: list[str]


class BodyItems(msgspec.Struct, frozen=True, kw_only=True):
    """The items that one body inspects."""

    body: str
    items: list[str]


def skill_of(body: str) -> str:
    """The skill that binds a seat to a body."""
    return f"{_BODY_SKILL}{body}"


def join_bodies(own: str, partners: Iterable[Partner]) -> str:
    """`authority` of the plan: all bodies, this office first."""
    return JOINT.join([own, *(partner.name for partner in partners)])


def join_items(own: str, items: Sequence[str], partners: Sequence[Partner]) -> list[str]:
    """`items` of the plan; in a joint draw each with its body in front."""
    if not partners:
        return list(items)
    return [
        *(f"{own}：{item}" for item in items),
        *(f"{partner.name}：{item}" for partner in partners for item in partner.items),
    ]


def split_items(authority: str, items: Sequence[str]) -> list[BodyItems]:
    """The items of a plan by body, in the plan's order; what names no body belongs to all."""
    bodies = authority.split(JOINT)
    if len(bodies) == 1:
        return [BodyItems(body=authority, items=list(items))]
    found: dict[str, list[str]] = {body: [] for body in bodies}
    for item in items:
        body, _, title = item.partition("：")
        if body in found and title:
            found[body].append(title)
        else:
            found.setdefault(authority, []).append(item)
    return [BodyItems(body=body, items=titles) for body, titles in found.items() if titles]


def skills_with_body(
    skills: Iterable[str], organisation: str, own: str, partners: Sequence[Partner]
) -> list[str]:
    """The skills of an inspector in a draw; in a joint one his body's among them.

    Whoever belongs to no other body of the draw serves for this office, which keeps his roster.
    """
    if not partners:
        return sorted(skills)
    names = {partner.name for partner in partners}
    return sorted({*skills, skill_of(organisation if organisation in names else own)})
