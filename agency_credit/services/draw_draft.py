"""The draft of a draw: the plan as an office writes it, before anything is frozen.

A draft is the protocol's plan (draw-protocol.md, section 2) with two differences: a commitment of this
office is still empty (it is made when the draw is announced), and beside the plan stands the scope, from
which the frame is built. It is saved faulty or not; `draft_faults` says what is missing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, cast

import msgspec

from agency_credit.database.tables import Draw, DrawStep
from agency_credit.domain.canonical import format_canonical
from agency_credit.domain.errors import InputError, NotFoundError, RefusedError
from agency_credit.domain.role import DRAFTER, Actor
from agency_credit.services.draft_sections import changed_sections, note_saved
from agency_credit.services.draft_strata import find_rule, suggest_basis, suggest_take
from agency_credit.services.draw_store import person_of
from agency_credit.services.draw_task import Partner, PlannedTask, Unplanned, join_bodies, join_items
from agency_credit.services.frame import ANNUAL_CAP, FrameScope, load_stratification
from agency_credit.services.items import load_own_items
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.reference import load_parameter
from agency_credit.services.supervision import find_value, load_profile

NO_COMMITMENT = "0" * 64
"""Stands for a commitment not made yet while a draft is checked."""


AuthorityLevel = Literal["county", "city", "province", "nation"]


class PlanDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of `plan.json` that the office writes; `draw` and `protocol` are ours.

    Parameters
    ----------
    entropy
        Sources; a commitment without value (null) is made by this office's server.
    """

    title: str
    authority: str
    basis: list[str]
    items: list[str]
    entrustment: str | None
    publication: Literal["at-once", "after-inspection"]
    strata: list[dict[str, Any]]
    rounding: Literal["up", "down", "nearest"]
    selection: Literal["ticket", "pareto"]
    reserves: int
    seats: list[dict[str, Any]]
    entropy: list[dict[str, Any]]
    supplements: str | None = None


class DrawDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A plan and the scope of its frame.

    Parameters
    ----------
    authority_level
        Level of the implementing body; a city or county needs an entrustment for patent agencies
        (docs/legal-sources.md, 0.5).
    inspector_limit
        Most targets for an inspector who has no limit of his own.
    replaces
        The voided draw that this one repeats; None: a first attempt.
    task, unplanned
        The row of the annual plan that it carries out, or why it carries out none.
    partners
        The other bodies of a joint draw; the plan then names them all.
    missing
        Of a supplementary draw: the seats of the original's teams that it fills, from 0, ascending.
    """

    plan: PlanDraft
    scope: FrameScope
    authority_level: AuthorityLevel
    inspector_limit: int
    replaces: str | None = None
    task: PlannedTask | None = None
    unplanned: Unplanned | None = None
    partners: list[Partner] = []
    missing: list[int] = []

    @property
    def bodies(self) -> str:
        """`authority` of the plan: every body that inspects."""
        return join_bodies(self.plan.authority, self.partners)


async def suggest_draft(office: Office) -> DrawDraft:
    """A draft to start from: this office, all agencies, today's strata with the profile's numbers."""
    name = (await load_parameter("office_name")).value
    level = (await load_parameter("office_level")).value
    profile = await load_profile(office)
    cap = find_value(profile, ANNUAL_CAP)
    scope = FrameScope(
        practice_lines=["patent", "trademark"],
        areas=[],
        annual_cap=cap.value if cap else None,
    )
    strata = (await load_stratification(office, scope, by_size=False)).strata
    rules = {item.stratum: find_rule(profile, item.stratum) for item in strata}
    items = await load_own_items(office.today(), scope.practice_lines)
    plan = PlanDraft(
        title=f"{office.today().year}年代理机构“双随机、一公开”抽查",
        authority=name,
        basis=[*sorted({item.basis for item in items}), *sorted(suggest_basis(rules.values()))],
        items=[item.title for item in items],
        entrustment=None,
        publication="after-inspection",
        strata=[{"stratum": name, "take": suggest_take(rule)} for name, rule in rules.items()],
        rounding="up",
        selection="ticket",
        reserves=1,
        seats=[{"role": "组长", "skills": ["lead"]}, {"role": "检查员", "skills": []}],
        entropy=[{"kind": "commitment", "party": name, "commitment": None}],
    )
    return DrawDraft(
        plan=plan,
        scope=scope,
        authority_level=cast("AuthorityLevel", level),
        inspector_limit=6,
    )


async def draft_draw(office: Office, actor: Actor, draft: DrawDraft) -> str:
    """Save a new draft; the identifier it got, such as ``3703-2026-001``."""
    prefix = f"{(await load_parameter('office_code')).value}-{office.today().year}-"
    async with operation(office, actor, "draw.draft", prefix, roles=DRAFTER) as op:
        rows = await Draw.select(Draw.draw).where(Draw.draw.like(f"{prefix}%"))
        tails = [row["draw"].removeprefix(prefix) for row in rows]
        serials = [int(tail) for tail in tails if tail.isdecimal()]  # the prefix may hold a % or _
        draw = f"{prefix}{max(serials, default=0) + 1:03d}"
        op.details["draw"] = draw
        await Draw.insert(
            Draw(
                draw=draw,
                title=draft.plan.title,
                authority=draft.bodies,
                draft_json=format_draft(draft),
                drafted_by=person_of(actor),
                drafted_at=op.at,
                changed_at=op.at,
            )
        )
    return draw


async def change_draft(office: Office, actor: Actor, draw: str, draft: DrawDraft) -> None:
    """Replace a draft that has not been announced, all of its sections at once."""
    async with operation(office, actor, "draw.change", draw, roles=DRAFTER) as op:
        row = await load_draw_row(draw)
        await refuse_frozen(row)
        changed = changed_sections(parse_draft(row["draft_json"].encode()), draft)
        await write_draft(row["id"], draft, op.at)
        await note_saved(row["id"], changed, person_of(actor), op.at)


async def refuse_frozen(row: dict[str, Any]) -> None:
    """Refuse to change a draw of which a step was made.

    Raises
    ------
    RefusedError
        The draw was announced; its plan can no longer be changed.
    """
    if await DrawStep.exists().where(DrawStep.draw == row["id"]):
        raise RefusedError(
            "draw.frozen",
            "the plan of {draw} was announced and can no longer be changed; void it and draft a new one",
            draw=row["draw"],
            link=f"/admin/draws/{row['draw']}",
        )


async def write_draft(draw: int, draft: DrawDraft, at: datetime) -> None:
    """Put `draft` in the place of the one before; inside the use case that changes it."""
    await Draw.update(
        {
            Draw.title: draft.plan.title,
            Draw.authority: draft.bodies,
            Draw.draft_json: format_draft(draft),
            Draw.changed_at: at,
        }
    ).where(Draw.id == draw)


async def load_draw_row(draw: str) -> dict[str, Any]:
    """The row of a draw; raises NotFoundError for an unknown identifier."""
    row = await Draw.select().where(Draw.draw == draw).first()
    if row is None:
        raise NotFoundError("draw.unknown", "there is no draw {draw}", draw=draw)
    return row


async def load_draft(draw: str) -> DrawDraft:
    """The draft behind a draw."""
    return parse_draft((await load_draw_row(draw))["draft_json"].encode())


def format_draft(draft: DrawDraft) -> str:
    """Canonical JSON of a draft."""
    return format_canonical(msgspec.to_builtins(draft)).decode()


def parse_draft(content: bytes) -> DrawDraft:
    """A draft from JSON; raises InputError that names the key at fault."""
    try:
        return msgspec.json.decode(content, type=DrawDraft)
    except msgspec.MsgspecError as error:
        raise InputError("draft.json", "the draft cannot be read: {error}", error=str(error)) from error


def format_plan_of(draw: str, draft: DrawDraft, commitments: dict[int, str], scope_words: str = "") -> bytes:
    """`plan.json` of a draft, with this office's commitments by the index of their source.

    `scope_words`: whom it is about, for its bases.
    """
    plan: dict[str, Any] = {"draw": draw, "protocol": "double-random/1", **msgspec.to_builtins(draft.plan)}
    plan["authority"] = draft.bodies
    plan["items"] = join_items(draft.plan.authority, draft.plan.items, draft.partners)
    if scope_words:
        plan["basis"] = [*plan["basis"], scope_words]
    plan["strata"] = sorted(plan["strata"], key=lambda item: str(item.get("stratum")))
    plan["entropy"] = [
        {**source, "commitment": commitments[index]} if index in commitments else source
        for index, source in enumerate(plan["entropy"])
    ]
    return format_canonical(plan)


def own_sources(draft: DrawDraft) -> list[int]:
    """Indexes of the commitments that this office's server has to make."""
    return [
        index
        for index, source in enumerate(draft.plan.entropy)
        if source.get("kind") == "commitment" and not source.get("commitment")
    ]
