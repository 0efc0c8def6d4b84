"""A draw as the console shows it: where it stands, what comes next, who may do it, by when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from agency_credit.database.tables import Draw, DrawValue, Person
from agency_credit.domain.canonical import digest
from agency_credit.domain.plan import DrawPlan, PublicSource
from agency_credit.domain.role import Actor
from agency_credit.sampling import announced_count, parse_plan
from agency_credit.services.desk_draws import first_due_days
from agency_credit.services.desk_results import DeskInspection, load_desk_inspections
from agency_credit.services.draw_draft import DrawDraft, load_draw_row, own_sources, parse_draft
from agency_credit.services.draw_store import (
    load_files,
    load_history,
    load_steps,
    load_values,
    load_void_requests,
    tell_history,
)
from agency_credit.services.next_step import (
    Course,
    NextStep,
    Stage,
    draft_times,
    find_next,
    load_authors,
    tell_stages,
)
from agency_credit.services.office import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSource:
    """A source of chance of an announced draw.

    Parameters
    ----------
    value
        What was entered; never the number of this office, nor before publication anybody's number.
    is_open
        Whether its value may be entered now.
    n_digits
        How many digits or throws the event announced; None: other forms, or it does not say.
    readers
        Names by person of those who read the present value, the first reader first.
    """

    index: int
    kind: str
    name: str
    form: str
    commitment: str
    at: datetime
    is_own: bool
    is_entered: bool
    value: str
    is_open: bool
    n_digits: int | None = None
    readers: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawDesk:
    """An announced draw, or a draft; `plan` is None before the announcement."""

    draw: str
    title: str
    authority: str
    drafted_by: str
    drafted_at: datetime
    draft: DrawDraft
    state: str
    steps: tuple[dict[str, Any], ...]
    plan: DrawPlan | None
    digests: dict[str, str]
    sizes: dict[str, int]
    sources: tuple[DeskSource, ...]
    strata: tuple[dict[str, Any], ...]
    inspections: tuple[DeskInspection, ...]
    void_request: dict[str, Any] | None
    replaced_by: str
    next: NextStep
    is_after_first_value: bool

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The way of the draw, and where on it it stands."""
        return tell_stages(self.next.kind, self.draft.plan.publication)

    @property
    def n_done(self) -> int:
        """Inspections whose result was reviewed by a second person."""
        return sum(item.state in ("reviewed", "published") for item in self.inspections)

    @property
    def n_open(self) -> int:
        """Inspections that publication waits for."""
        return sum(item.is_waited_for for item in self.inspections)

    @property
    def n_to_visit(self) -> int:
        """Inspections that take place: those of agencies that are gone are closed."""
        return sum(item.state != "closed" for item in self.inspections)

    @property
    def n_entered_sources(self) -> int:
        """Sources whose value is there; this office's own always is."""
        return sum(source.is_entered or source.is_own for source in self.sources)

    @property
    def has_all_values(self) -> bool:
        """Whether nothing is missing for the draw."""
        return bool(self.sources) and self.n_entered_sources == len(self.sources)


async def load_draw_desk(office: Office, actor: Actor, draw: str) -> DrawDesk:
    """Everything the console shows of a draw; raises NotFoundError for an unknown one."""
    row = await load_draw_row(draw)
    draft = parse_draft(row["draft_json"].encode())
    steps = tuple(await load_steps(row["id"]))
    history = await tell_history(row, steps)
    files = await load_files(row["id"])
    plan = parse_plan(files["plan.json"]) if "plan.json" in files else None
    is_public = any(step["step"] == "published" for step in steps)
    sources = await _load_sources(office, row["id"], draft, plan, is_public=is_public) if plan else ()
    original = await load_draw_row(draft.plan.supplements) if draft.plan.supplements and plan else None
    inspections = (
        await load_desk_inspections(office, (original or row)["id"]) if "result.json" in files else ()
    )
    if original:
        inspections = tuple(item for item in inspections if draw in item.supplements)
    drafter = (
        await Person.select(Person.display_name, Person.username)
        .where(Person.id == row["drafted_by"])
        .first()
    )
    assert drafter is not None
    desk = DrawDesk(
        draw=draw,
        title=row["title"],
        authority=row["authority"],
        drafted_by=drafter["display_name"] or drafter["username"],
        drafted_at=row["drafted_at"],
        draft=draft,
        state=history.state.value,
        steps=steps,
        plan=plan,
        digests={name: digest(content) for name, content in sorted(files.items())},
        sizes={name: content.count(b"\n") for name, content in files.items()},
        sources=sources,
        strata=_strata_of(files),
        inspections=inspections,
        void_request=None if history.state == "voided" else await _find_request(actor, row["id"]),
        replaced_by=await _find_replacement(draw),
        next=NextStep(kind="none"),
        is_after_first_value=plan is not None and office.now() >= plan.first_value_at,
    )
    is_open = original is not None and (await load_history(original)).state.value != "published"
    return await _with_next(office, actor, desk, history.authors, is_original_open=is_open)


async def _with_next(
    office: Office, actor: Actor, desk: DrawDesk, authors: frozenset[int], *, is_original_open: bool
) -> DrawDesk:
    """`desk` with its next step; `authors`: who may not approve."""
    course = Course(
        state=desk.state,
        publication=desk.draft.plan.publication,
        value_times=draft_times(desk.draft.plan.entropy),
        has_all_values=desk.has_all_values,
        n_open=desk.n_open,
        is_named=any(step["step"] == "named" for step in desk.steps),
        authors=await load_authors(authors),
        due_on=first_due_days(desk.inspections).get(desk.draw),
        is_original_open=is_original_open,
    )
    return replace(desk, next=find_next(course, actor, office.now()))


async def _load_sources(
    office: Office, draw: int, draft: DrawDraft, plan: DrawPlan, *, is_public: bool
) -> tuple[DeskSource, ...]:
    values, own, now = await load_values(draw), set(own_sources(draft)), office.now()
    readers = await _load_readers(draw)
    sources = []
    for index, source in enumerate(plan.entropy):
        is_event = isinstance(source, PublicSource)
        at = source.at_instant if isinstance(source, PublicSource) else plan.first_value_at
        sources.append(
            DeskSource(
                index=index,
                kind="public" if is_event else "commitment",
                name=source.event if isinstance(source, PublicSource) else source.party,
                form=source.form.value if isinstance(source, PublicSource) else "",
                commitment="" if isinstance(source, PublicSource) else source.commitment,
                at=at,
                is_own=index in own,
                is_entered=index in values,
                value=values.get(index, "") if is_event or is_public else "",
                is_open=now >= at and index not in own,
                n_digits=announced_count(source.event, source.form)
                if isinstance(source, PublicSource)
                else None,
                readers=readers.get(index, {}),
            )
        )
    return tuple(sources)


async def _load_readers(draw: int) -> dict[int, dict[int, str]]:
    """Who read the present value of each source; whoever read another one since starts anew."""
    rows = await (
        DrawValue.select(
            DrawValue.source,
            DrawValue.value,
            DrawValue.entered_by,
            DrawValue.entered_by.display_name.as_alias("name"),
            DrawValue.entered_by.username.as_alias("username"),
        )
        .where(DrawValue.draw == draw)
        .order_by(DrawValue.id)
    )
    known: dict[int, str] = {}
    readers: dict[int, dict[int, str]] = {}
    for row in rows:
        if known.get(row["source"]) != row["value"]:
            readers[row["source"]] = {}
        known[row["source"]] = row["value"]
        readers[row["source"]][row["entered_by"]] = row["name"] or row["username"]
    return readers


async def _find_request(actor: Actor, draw: int) -> dict[str, Any] | None:
    """The request to void that the actor may confirm, else the latest."""
    asked = await load_void_requests(draw)
    others = (item for item in asked if item["requested_by"] != actor.person_id)
    return next(others, asked[0] if asked else None)


def _strata_of(files: dict[str, bytes]) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(files["result.json"])["strata"]) if "result.json" in files else ()


async def _find_replacement(draw: str) -> str:
    for row in await Draw.select(Draw.draw, Draw.draft_json).where(Draw.draft_json.like(f"%{draw}%")):
        if parse_draft(row["draft_json"].encode()).replaces == draw:
            return str(row["draw"])
    return ""
