"""Draws as the public may see them: before publication the plan and the roots, afterwards everything.

What is public when is the table of draw-protocol.md, section 1; `public_file_names` is its only reader.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import msgspec

from agency_credit.database.tables import Draw, DrawFile, DrawStep
from agency_credit.domain.errors import Fault, FaultsError, NotFoundError
from agency_credit.inspection.draw_states import has_lapsed, lateness
from agency_credit.services.draw_outcome import OutcomeView, load_outcome
from agency_credit.services.draw_task import BodyItems, PlannedTask, Unplanned, split_items
from agency_credit.services.team_views import AfterDraw, load_after_draw

WHEN_ANNOUNCED = ("plan.json", "announcement.json")
WHEN_PUBLISHED = (
    "targets.jsonl",
    "inspectors.jsonl",
    "recusals.jsonl",
    "reveal.json",
    "result.json",
    "names.jsonl",
)
STATES = ("announced", "approved", "drawn", "published", "voided")
MAX_LIMIT = 200


class DrawSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A draw in a list; `state` is its last step."""

    draw: str
    title: str
    authority: str
    state: str
    announced_at: datetime
    published_at: datetime | None


class DrawPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the list, the newest announcement first; `cursor` asks for the next one."""

    items: list[DrawSummary]
    total: int
    cursor: str | None


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a draw; `log_index` is its entry in the public log."""

    step: str
    at: datetime
    log_index: int | None
    reason_code: str
    reason: str


class SourceView(msgspec.Struct, frozen=True, kw_only=True):
    """A source of chance; `value` is None until the draw is published."""

    kind: str
    name: str
    form: str | None
    at: datetime | None
    commitment: str | None
    value: str | None


class RootView(msgspec.Struct, frozen=True, kw_only=True):
    """The root of a file of lines and how many lines it has, as announced."""

    name: str
    root: str
    size: int


class FileView(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a draw; its digest may be public before the file is."""

    name: str
    size: int
    digest: str
    is_public: bool


class DrawView(msgspec.Struct, frozen=True, kw_only=True):
    """What the public may see of a draw now; `plan` is the content of plan.json.

    `late_seconds`: how much later than 24 hours after the last public value it was drawn; None: in time.
    `after`: what happened after it was drawn.
    """

    draw: str
    title: str
    authority: str
    state: str
    steps: list[StepView]
    late_seconds: int | None
    plan: dict[str, Any]
    announcement: str
    roots: list[RootView]
    sources: list[SourceView]
    files: list[FileView]
    result_digest: str | None
    replaces: str | None
    bodies: list[BodyItems]
    task: PlannedTask | None
    unplanned: Unplanned | None
    outcome: OutcomeView | None
    after: AfterDraw


async def load_draws(*, state: str = "", cursor: str = "", limit: int = 50) -> DrawPage:
    """Draws that were announced.

    Raises
    ------
    FaultsError
        An unknown state, a cursor or limit that cannot be used.
    """
    _check_query(state, cursor, limit)
    rows = await DrawStep.select(DrawStep.draw, DrawStep.step, DrawStep.at, DrawStep.id).order_by(DrawStep.id)
    steps: dict[int, dict[str, Any]] = {}
    for row in rows:
        steps.setdefault(row["draw"], {})[row["step"]] = row
    fitting = [
        draw
        for draw, made in sorted(steps.items(), key=lambda item: -int(item[1]["announced"]["id"]))
        if state in ("", state_of(list(made)))
    ]
    ahead = [draw for draw in fitting if not cursor or steps[draw]["announced"]["id"] < int(cursor)]
    shown = ahead[:limit]
    draws = {row["id"]: row for row in await _load_rows(shown)}
    items = [_summary(draws[draw], steps[draw]) for draw in shown]
    more = len(ahead) > limit
    return DrawPage(
        items=items, total=len(fitting), cursor=str(steps[shown[-1]]["announced"]["id"]) if more else None
    )


async def load_draw(draw: str) -> DrawView:
    """A draw that was announced; its outcome only when it is published.

    Raises
    ------
    NotFoundError
        There is no such draw, or it is still a draft.
    """
    row, made = await load_announced(draw)
    names = public_file_names([step["step"] for step in made])
    files = await (
        DrawFile.select(DrawFile.name, DrawFile.digest, DrawFile.content)
        .where(DrawFile.draw == row["id"])
        .order_by(DrawFile.id)
    )
    contents = {file["name"]: bytes(file["content"]) for file in files if file["name"] in names}
    digests = {file["name"]: file["digest"] for file in files}
    plan = json.loads(contents["plan.json"])
    draft = json.loads(row["draft_json"])
    announcement = json.loads(contents["announcement.json"])
    is_published = "result.json" in contents
    values = json.loads(contents["reveal.json"])["values"] if is_published else [None] * len(plan["entropy"])
    return DrawView(
        draw=row["draw"],
        title=row["title"],
        authority=row["authority"],
        state=state_of([step["step"] for step in made]),
        steps=[_step(step) for step in made],
        late_seconds=_late_seconds(plan, made),
        plan=plan,
        announcement=digests["announcement.json"],
        roots=[
            RootView(name=f"{kind}.jsonl", root=announcement[kind]["root"], size=announcement[kind]["size"])
            for kind in ("targets", "inspectors", "recusals")
        ],
        sources=[_source(source, value) for source, value in zip(plan["entropy"], values, strict=True)],
        files=[
            FileView(
                name=name,
                size=len(contents.get(name, b"")),
                digest=digests[name] if name in contents or name == "result.json" else "",
                is_public=name in contents,
            )
            for name in (*WHEN_ANNOUNCED, *WHEN_PUBLISHED)
            if name in digests
        ],
        result_digest=digests.get("result.json"),
        replaces=draft.get("replaces"),
        bodies=split_items(plan["authority"], plan["items"]),
        task=msgspec.convert(draft.get("task"), PlannedTask | None),
        unplanned=msgspec.convert(draft.get("unplanned"), Unplanned | None),
        outcome=await load_outcome(row["id"], contents) if is_published else None,
        after=await load_after_draw(row, plan["supplements"], is_published=is_published),
    )


def has_draw_lapsed(view: DrawView, now: datetime) -> bool:
    """Whether a draw was not approved in time, so that nothing can come of it."""
    first = min((source.at for source in view.sources if source.at), default=None)
    return has_lapsed([step.step for step in view.steps], first, now)


async def load_draw_file(draw: str, name: str) -> bytes:
    """A file of a draw, as soon as it is public.

    Raises
    ------
    NotFoundError
        There is no such draw or file, or it is not public yet.
    """
    row, made = await load_announced(draw)
    file = None
    if name in public_file_names([step["step"] for step in made]):
        file = await (
            DrawFile.select(DrawFile.content)
            .where((DrawFile.draw == row["id"]) & (DrawFile.name == name))
            .first()
        )
    if file is None:
        raise NotFoundError(
            "draw.file-unpublished",
            "{draw} has no public file {name}; lists and results become public when the draw is published",
            draw=draw[:64],
            name=name[:64],
        )
    return bytes(file["content"])


async def load_public_files(draw: str) -> dict[str, bytes]:
    """All files of a published draw, by name: what the verifiers take.

    Raises
    ------
    NotFoundError
        There is no such draw, or it is not published.
    """
    row, made = await load_announced(draw)
    names = public_file_names([step["step"] for step in made])
    if "result.json" not in names:
        raise NotFoundError(
            "draw.unpublished", "{draw} is not published yet; come back after its publication", draw=draw
        )
    files = await DrawFile.select(DrawFile.name, DrawFile.content).where(DrawFile.draw == row["id"])
    return {file["name"]: bytes(file["content"]) for file in files if file["name"] in names}


async def load_announced(draw: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row of a draw and its steps in order; a draft is as unknown as what never was."""
    row = await Draw.select().where(Draw.draw == draw).first()
    made = await DrawStep.select().where(DrawStep.draw == row["id"]).order_by(DrawStep.id) if row else []
    if row is None or not made:
        raise NotFoundError(
            "draw.unknown", "there is no draw {draw}; look into the list of draws", draw=draw[:64]
        )
    return row, made


def public_file_names(steps: list[str]) -> frozenset[str]:
    """Names of the files that are public after these steps (section 1); `names.jsonl` where it exists."""
    published = WHEN_PUBLISHED if "published" in steps else ()
    return frozenset((*WHEN_ANNOUNCED, *published) if "announced" in steps else ())


def state_of(steps: list[str]) -> str:
    """The state that people see: naming the inspectors changes nothing about being published."""
    return max((step for step in steps if step in STATES), key=STATES.index)


async def _load_rows(draws: list[int]) -> list[dict[str, Any]]:
    if not draws:
        return []
    return await Draw.select(Draw.id, Draw.draw, Draw.title, Draw.authority).where(Draw.id.is_in(draws))


def _summary(row: dict[str, Any], made: dict[str, Any]) -> DrawSummary:
    return DrawSummary(
        draw=row["draw"],
        title=row["title"],
        authority=row["authority"],
        state=state_of(list(made)),
        announced_at=made["announced"]["at"],
        published_at=made["published"]["at"] if "published" in made else None,
    )


def _step(row: dict[str, Any]) -> StepView:
    return StepView(
        step=row["step"],
        at=row["at"],
        log_index=row["log_index"],
        reason_code=row["reason_code"],
        reason=row["reason"],
    )


def _late_seconds(plan: dict[str, Any], made: list[dict[str, Any]]) -> int | None:
    last = max(datetime.fromisoformat(source["at"]) for source in plan["entropy"] if "at" in source)
    late = next((lateness(last, step["at"]) for step in made if step["step"] == "drawn"), None)
    return None if late is None else -(-late // timedelta(seconds=1))


def _source(source: dict[str, Any], value: str | None) -> SourceView:
    return SourceView(
        kind=source["kind"],
        name=source.get("event") or source["party"],
        form=source.get("form"),
        at=datetime.fromisoformat(source["at"]) if "at" in source else None,
        commitment=source.get("commitment"),
        value=value,
    )


def _check_query(state: str, cursor: str, limit: int) -> None:
    faults = []
    if state not in ("", *STATES):
        known = ", ".join(STATES)
        faults.append(
            Fault(at="state", code="query.value", template="write one of {known}", params={"known": known})
        )
    if cursor and not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18):
        faults.append(Fault(at="cursor", code="query.value", template="take the cursor of the page before"))
    if not 1 <= limit <= MAX_LIMIT:
        faults.append(
            Fault(
                at="limit",
                code="query.value",
                template="ask for 1 to {most} at a time",
                params={"most": MAX_LIMIT},
            )
        )
    if faults:
        raise FaultsError("query", tuple(faults))
