"""The draws of the demo: one voided, one from plan to result, one that waits for its numbers."""

from __future__ import annotations

import secrets
from datetime import datetime

import msgspec

from agency_credit.cli.demo_story import Story
from agency_credit.domain.day import OFFICE_ZONE
from agency_credit.sampling import commitment
from agency_credit.services.draw_draft import DrawDraft, change_draft, draft_draw, own_sources, suggest_draft
from agency_credit.services.draw_steps import announce_draw, approve_draw, enter_value, run_draw
from agency_credit.services.draw_task import PlannedTask
from agency_credit.services.draw_void import confirm_void, request_void
from agency_credit.web.i18n import format_instant, msgid

OTHER_BODY = "淄博市审计局"
INSPECTOR_LIMIT = 5
YEAR, ROW = 2026, 1
"""The task of the annual plan that the draws carry out."""

EVENTS = (
    ("ssq", "双色球第2026118期（演示，期号与开奖号码为虚构）"),
    ("digits", "公证人员监督下公开掷十面骰二十次（演示，点数为虚构）"),
    ("dlt", "超级大乐透第26117期（演示，期号与开奖号码为虚构）"),
)
VALUES = ("03 07 12 18 25 31 + 09", "27200638232795031253", "04 11 17 23 35 + 02 09")


def instant(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of the demo's autumn."""
    return datetime(2026, month, day, hour, minute, tzinfo=OFFICE_ZONE)


FIRST_EVENTS = (instant(10, 13, 21, 15), instant(10, 14, 10), instant(10, 14, 21, 25))
NEXT_EVENTS = (instant(11, 26, 21, 15), instant(11, 27, 10), instant(11, 28, 21, 25))


async def void_a_draw(story: Story) -> str:
    """A draw that is announced and then voided by two people; its identifier."""
    drafter, approver = await story.actor("drafter"), await story.actor("approver")
    story.step(msgid("Draft a first draw and announce it"), at=instant(10, 9, 10), page="/draws")
    draft = await _make_draft(story, "2026年代理机构“双随机、一公开”抽查", FIRST_EVENTS)
    draw = await draft_draw(story.office, drafter, draft)
    await announce_draw(story.office, drafter, draw)
    story.step(
        msgid("{draw}: void it before any number is known, by two people, for a stated reason"),
        at=instant(10, 12, 9),
        page=f"/draws/{draw}",
        draw=draw,
    )
    reason = "方案遗漏了另一机关的封存数，重新拟定。"
    await request_void(story.office, drafter, draw, "stated", reason)
    await confirm_void(story.office, approver, draw)
    return draw


async def play_draw(story: Story, replaces: str) -> str:
    """A draw from its plan to its result, in place of the voided one; its identifier."""
    drafter, approver = await story.actor("drafter"), await story.actor("approver")
    nonce = secrets.token_hex(32)
    draw, draft = await _draft_with_other_body(story, nonce, replaces)
    story.step(
        msgid("{draw}: announce; frame, roster, recusals and plan are frozen, commitments made"),
        at=instant(10, 12, 15),
        page=f"/draws/{draw}",
        draw=draw,
    )
    fingerprint = await announce_draw(story.office, drafter, draw)
    story.say(msgid("digest of the announcement, in the public log: {digest}"), digest=fingerprint)
    story.step(
        msgid("{draw}: a second person approves"),
        at=instant(10, 12, 16, 30),
        page=f"/admin/draws/{draw}",
        draw=draw,
    )
    await approve_draw(story.office, approver, draw)
    await _enter_values(story, draw, draft, nonce)
    story.step(
        msgid("{draw}: draw, once and only once"),
        at=instant(10, 15, 9, 30),
        page=f"/admin/draws/{draw}",
        draw=draw,
    )
    await run_draw(story.office, approver, draw)
    return draw


async def announce_next(story: Story) -> str:
    """A draw that is announced and waits for its second person and its numbers; its identifier."""
    drafter = await story.actor("drafter")
    story.step(
        msgid("Draft the next draw; whoever was inspected this year is left out, with the reason"),
        at=instant(11, 23, 9, 30),
        page="/admin/draws",
    )
    title = "2026年第二次代理机构“双随机、一公开”抽查"
    draft = await _make_draft(story, title, NEXT_EVENTS, annual_cap=1)
    draw = await draft_draw(story.office, drafter, draft)
    story.step(
        msgid("{draw}: announce; it waits for its approver, and for its numbers from {time} on"),
        at=instant(11, 23, 10),
        page=f"/draws/{draw}",
        draw=draw,
        time=format_instant(story.tongue, NEXT_EVENTS[0]),
    )
    await announce_draw(story.office, drafter, draw)
    return draw


async def _make_draft(
    story: Story, title: str, events: tuple[datetime, ...], annual_cap: int | None = None
) -> DrawDraft:
    """The draft that the office is offered, with its profile's numbers, and this demo's public events."""
    suggested = await suggest_draft(story.office)
    public = [
        {"at": at.isoformat(), "event": f"{at:%Y-%m-%d} {name}", "form": form, "kind": "public"}
        for (form, name), at in zip(EVENTS, events, strict=True)
    ]
    plan = msgspec.structs.replace(
        suggested.plan,
        title=title,
        entrustment="鲁知函〔2026〕12号（演示）",
        entropy=[*public, *suggested.plan.entropy],
    )
    return msgspec.structs.replace(
        suggested,
        plan=plan,
        scope=msgspec.structs.replace(suggested.scope, annual_cap=annual_cap or suggested.scope.annual_cap),
        inspector_limit=INSPECTOR_LIMIT,
        task=PlannedTask(year=YEAR, row=ROW),
    )


async def _draft_with_other_body(story: Story, nonce: str, replaces: str) -> tuple[str, DrawDraft]:
    """Save a draft, then the commitment of another body: it is made for the identifier of the draw."""
    drafter = await story.actor("drafter")
    story.step(
        msgid("Draft the draw that replaces {draw}; {party} commits itself to a number of its own"),
        at=instant(10, 12, 14),
        page="/admin/draws",
        draw=replaces,
        party=OTHER_BODY,
    )
    first = await _make_draft(story, "2026年代理机构“双随机、一公开”抽查（重新拟定）", FIRST_EVENTS)
    draw = await draft_draw(story.office, drafter, first)
    committed = commitment(draw, OTHER_BODY, nonce)
    source = {"commitment": committed, "kind": "commitment", "party": OTHER_BODY}
    plan = msgspec.structs.replace(first.plan, entropy=[*first.plan.entropy, source])
    draft = msgspec.structs.replace(first, plan=plan, replaces=replaces)
    await change_draft(story.office, drafter, draw, draft)
    return draw, draft


async def _enter_values(story: Story, draw: str, draft: DrawDraft, nonce: str) -> None:
    """Public values as they become known, the other body's number last; ours the server keeps."""
    drafter = await story.actor("drafter")
    story.step(
        msgid("{draw}: enter the numbers as they become known (made up, as everything here)"),
        at=FIRST_EVENTS[0],
        page=f"/admin/draws/{draw}/values",
        draw=draw,
    )
    known_at = [*FIRST_EVENTS, instant(10, 15, 9)]
    own = own_sources(draft)
    foreign = [index for index in range(len(draft.plan.entropy)) if index not in own]
    for source, value, at in zip(foreign, (*VALUES, nonce), known_at, strict=True):
        story.clock.go_to(at)
        await enter_value(story.office, drafter, draw, source, value)
        who = draft.plan.entropy[source].get("event") or OTHER_BODY
        story.tell(format_instant(story.tongue, at), who, value)
