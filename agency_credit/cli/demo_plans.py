"""The annual plan of the demo: drafted, approved by a second person, public; its draws carry it out."""

from __future__ import annotations

from agency_credit.cli.demo_draws import YEAR, instant
from agency_credit.cli.demo_story import Story
from agency_credit.services.annual_plan import PlanRow, save_plan_row
from agency_credit.services.changes import decide_change, propose_change
from agency_credit.services.items import load_items
from agency_credit.services.plan_change import draft_plan_change
from agency_credit.services.reference import load_parameter
from agency_credit.web.i18n import msgid


async def plan_the_year(story: Story) -> None:
    """A plan with one task, drawn twice in the year."""
    drafter, approver = await story.actor("drafter"), await story.actor("approver")
    story.step(
        msgid("Draft the annual plan and hand it in"), at=instant(10, 8, 15), page=f"/admin/plans/{YEAR}"
    )
    row = PlanRow(
        row=0,
        title="专利、商标代理机构“双随机、一公开”抽查",
        body=(await load_parameter("office_name")).value,
        items=tuple(item.code for item in await load_items(story.office.today())),
        practice_lines=("patent", "trademark"),
        months=(10, 11),
        frequency=2,
        fraction="0.1",
        department="知识产权保护科",
    )
    await save_plan_row(story.office, drafter, YEAR, row)
    draft = await draft_plan_change(story.office, YEAR, "2026年度抽查计划（演示）")
    number = await propose_change(story.office, drafter, draft)
    story.step(
        msgid("A second person approves the plan; it is public at once"),
        at=instant(10, 8, 16),
        page=f"/plans/{YEAR}",
    )
    await decide_change(story.office, approver, number, "approved")
