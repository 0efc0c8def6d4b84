"""The end of the demo's draw: inspections, results, publication, and three verifications."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

from agency_credit.cli.demo_draws import instant
from agency_credit.cli.demo_story import Story
from agency_credit.domain.errors import VerificationError
from agency_credit.sampling import compute_draw, parse_files, parse_reveal
from agency_credit.services.desk_results import DeskInspection, load_desk_inspections
from agency_credit.services.publish_draw import publish_draw
from agency_credit.services.result_review import return_result, review_result
from agency_credit.services.result_store import load_latest_result
from agency_credit.services.results import confirm_result, enter_result
from agency_credit.verification import verify_draw, verify_files
from agency_credit.web.i18n import msgid, translate
from agency_credit.web.labels import LABELS

FINDINGS: tuple[tuple[Sequence[str], str], ...] = (
    (["1"], ""),
    (["1"], ""),
    (["B"], "未公示2025年度从业人员信息。"),
    (["1"], ""),
    (["E"], "备案地址与实际经营地址不一致，经责令已办理变更。"),
    (["1"], ""),
    (["6"], "登记住所无人办公，电话多次无人接听。"),
    (["A", "B"], "未建立利益冲突审查制度，从业人员信息未公示，待后续处理。"),
)
"""What is found, by turns: categories of the result, and the words."""


async def inspect(story: Story, draw: str) -> None:
    """The teams inspect, each member confirms what one entered, a second person reviews it."""
    inspections = [
        item
        for item in await load_desk_inspections(story.office)
        if item.draw == draw and item.closing is None  # of an agency that is gone, a reserve is inspected
    ]
    story.step(
        msgid("{draw}: {n} agencies are inspected; members of the teams enter what they found"),
        at=instant(10, 19, 9),
        page="/admin/inspections",
        draw=draw,
        n=len(inspections),
    )
    for turn, item in enumerate(inspections):
        seats = "  ".join(f"{seat.role} {seat.name or '—'}" for seat in item.seats)
        stream = translate(story.tongue, LABELS["stream"][item.stream])
        story.tell(item.agency, item.stratum, stream, seats)
        story.clock.go_to(_visit_at(turn))
        await _enter(story, item, turn)
    story.step(
        msgid("{draw}: a second person reviews the results; one goes back and comes again"),
        at=instant(11, 9, 9),
        page="/admin/results",
        draw=draw,
    )
    approver = await story.actor("approver")
    for turn, item in enumerate(inspections):
        if not _has_team(item):
            continue
        if turn == 2:
            await return_result(story.office, approver, item.inspection, "请写明未公示的是哪些信息。")
            await _enter(story, item, turn)
        await review_result(story.office, approver, item.inspection)


async def publish(story: Story, draw: str) -> None:
    """Publish the draw, its results with it."""
    story.step(
        msgid("{draw}: publish the draw and its results"),
        at=instant(11, 16, 10),
        page=f"/draws/{draw}",
        draw=draw,
    )
    await publish_draw(story.office, await story.actor("publisher"), draw)


def verify(story: Story, draw: str) -> None:
    """Verify what was published, three times over, from its files alone.

    Raises
    ------
    VerificationError
        One of the three does not confirm the result.
    """
    folder = story.office.settings.bundles / draw
    story.step(
        msgid("{draw}: verify from the published files alone ({folder})"),
        page=f"/draws/{draw}/bundle.zip",
        draw=draw,
        folder=folder,
    )
    contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    faults = "; ".join(f"{fault.check}: {fault.message}" for fault in verify_files(contents))
    _require("agency_credit.verification", faults)
    story.say(msgid("the verifier inside this program: verified"))
    command = [sys.executable, "-I", "-S", verify_draw.__file__, str(folder)]
    alone = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    _require("verify_draw.py", alone.stdout + alone.stderr if alone.returncode else "")
    story.say(msgid("verify_draw.py by itself, on the standard library alone: verified"))
    outcome = compute_draw(parse_files(contents), parse_reveal(contents["reveal.json"]))
    _require("sampling", "" if outcome.result == contents["result.json"] else "result.json")
    story.say(msgid("the draw computed once more: the same result.json, byte for byte"))
    story.say(msgid("by your own hand: agency-credit verify {folder}"), folder=folder)


def _visit_at(turn: int) -> datetime:
    """Two visits on every working day, from the Monday after the draw on."""
    days, half = divmod(turn, 2)
    weeks, day = divmod(days, 5)
    return instant(10, 19, 11 + 6 * half) + timedelta(weeks=weeks, days=day)


async def _enter(story: Story, item: DeskInspection, turn: int) -> None:
    if not _has_team(item):
        return
    categories, findings = FINDINGS[turn % len(FINDINGS)]
    await enter_result(
        story.office,
        await story.member(item.seats[0].certificate),
        item.inspection,
        inspected_on=story.office.today(),
        categories=categories,
        findings=findings,
    )
    latest = await load_latest_result(item.inspection)
    for seat in item.seats:
        member = await story.member(seat.certificate)
        await confirm_result(story.office, member, item.inspection, latest["digest"] if latest else "")


def _has_team(item: DeskInspection) -> bool:
    return not item.is_team_short


def _require(verifier: str, faults: str) -> None:
    if faults:
        raise VerificationError(
            "demo.not-verified",
            "{verifier} does not confirm the draw: {faults}",
            verifier=verifier,
            faults=faults,
        )
