"""What comes after a draw in the demo: a reserve called for a unit that is gone, a problem handed on."""

from __future__ import annotations

from datetime import timedelta

from agency_credit.cli.demo_draws import instant
from agency_credit.cli.demo_story import Story
from agency_credit.inspection.follow_up_states import FollowUpStep, NewStep
from agency_credit.services.changes import decide_change
from agency_credit.services.desk_results import load_desk_inspections
from agency_credit.services.follow_up import append_follow_up_step, load_follow_ups
from agency_credit.services.reserve_call import plan_call
from agency_credit.services.result_store import path_of
from agency_credit.services.team import call_reserve
from agency_credit.web.i18n import msgid

OTHER_BODY = "淄博市市场监管综合行政执法支队（演示）"
DAYS_TO_MEND = 15


async def call_a_reserve(story: Story, draw: str) -> None:
    """Two people close the inspection of a unit that is no more, and its reserve takes over the team."""
    drafter, approver = await story.actor("drafter"), await story.actor("approver")
    drawn = [item for item in await load_desk_inspections(story.office) if item.draw == draw]
    for gone in drawn:
        if gone.stream == "drawn" and (await plan_call(draw, gone.uscc, story.clock())).called is not None:
            break
    else:  # a small frame may leave no reserve at all
        return
    story.step(
        msgid("{draw}: a drawn agency turns out to be closed; two people call the next reserve"),
        at=instant(10, 16, 9),
        page=f"/admin/draws/{draw}",
        draw=draw,
    )
    number = await call_reserve(
        story.office, drafter, draw, gone.uscc, "closed", "登记机关已核准注销，通知书退回（演示）"
    )
    await decide_change(story.office, approver, number, "approved")
    story.tell(gone.agency, f"/draws/{draw}/units/{gone.uscc}")


async def hand_over(story: Story, draw: str) -> None:
    """A problem is ordered to be put right, then handed over to another body; it stays open."""
    numbers = {item.inspection for item in await load_desk_inspections(story.office) if item.draw == draw}
    view = next(view for view in await load_follow_ups() if view.inspection in numbers)
    path = path_of(view.inspection)
    story.step(
        msgid("A problem that was found is followed up: put right by a day"),
        at=instant(11, 17, 9),
        page=path,
    )
    today = story.office.today()
    order = NewStep(
        step=FollowUpStep.ORDERED,
        on=today,
        due_on=today + timedelta(days=DAYS_TO_MEND),
        document="淄知责改〔2026〕3号（演示）",
        text="限期建立利益冲突审查制度，公示从业人员信息。",
    )
    await append_follow_up_step(story.office, await story.actor("drafter"), view.inspection, order)
    story.step(
        msgid("Part of it is handed over to {body}, whose reply is waited for"),
        at=instant(11, 20, 9),
        page=path,
        body=OTHER_BODY,
    )
    over = NewStep(
        step=FollowUpStep.HANDED_OVER,
        on=story.office.today(),
        document="淄知移〔2026〕1号（演示）",
        body=OTHER_BODY,
        text="从业人员信息涉嫌虚假，移送线索和材料三份。",
    )
    await append_follow_up_step(story.office, await story.actor("approver"), view.inspection, over)
