"""An agency in the demo: it gets in by letter, objects, has a record repaired, and takes a statement away."""

from __future__ import annotations

import io

import pyotp

from agency_credit.cli.demo_draws import instant
from agency_credit.cli.demo_story import Account, Story
from agency_credit.domain.role import Actor, DeskRight, Role, find_seat
from agency_credit.inspection.objection_states import Verdict
from agency_credit.inspection.repair_states import RepairStep
from agency_credit.scoring.periods import Requirement
from agency_credit.services.activation import NewLogin, activate, join_desk
from agency_credit.services.activation_codes import NewCode
from agency_credit.services.agency_access import issue_codes
from agency_credit.services.agency_desk import load_desk_records
from agency_credit.services.agency_statement import Extent, issue_statement
from agency_credit.services.case_files import CaseUpload, clean_case_files
from agency_credit.services.desk_people import invite_to_desk
from agency_credit.services.desk_results import load_desk_inspections
from agency_credit.services.objection_basis import Proposal
from agency_credit.services.objections import (
    decide_objection,
    extend_objection,
    open_objection,
    propose_verdict,
)
from agency_credit.services.register import load_latest_ratings
from agency_credit.services.repair_eligibility import load_eligibility
from agency_credit.services.repairs import (
    RepairApplication,
    RepairProposal,
    apply_for_repair,
    decide_repair,
    propose_repair,
)
from agency_credit.services.replies import ReplyTarget, publish_reply, submit_reply
from agency_credit.services.sessions import Visitor
from agency_credit.services.totp import confirm_totp, load_enrolment
from agency_credit.web.i18n import msgid

MANAGER, CLERK = ("agency01", "王海燕"), ("agency02", "李敏")
OBJECTED, OBJECTED_LATER = "代理非正常专利申请", "未按规定办理备案变更"
REPAIRED, TO_REPAIR = "警告", "通报批评"
"""Kinds of the records that the agency objects to, and has repaired; see `seeds.population.SHOWN_RECORDS`."""


async def let_in(story: Story, uscc: str) -> None:
    """A letter of the office opens the first login of an agency; its manager lets a second person in."""
    story.step(
        msgid("Send an agency a letter; with the code in it, it opens a login for its own desk"),
        at=instant(10, 9, 9),
        page="/admin/activation",
    )
    (code,) = await issue_codes(story.office, await story.actor("security"), [uscc])
    story.tell(code.agency, uscc)
    manager = await _activate(story, code, *MANAGER)
    await _activate(
        story, await invite_to_desk(story.office, manager, uscc, CLERK[1], DeskRight.CLERK), *CLERK
    )


async def let_in_at(story: Story, draw: str) -> str:
    """A letter to an agency that was drawn gives the same manager a seat there: one login, several desks."""
    drawn = [item for item in await load_desk_inspections(story.office) if item.draw == draw]
    item = next(item for item in drawn if item.closing is None and not item.is_team_short)
    manager = await story.actor(MANAGER[0])
    story.step(
        msgid("A drawn agency gets a letter too; one login serves several agencies"),
        at=instant(10, 16, 10),
        page=f"/desk/{item.uscc}/inspections",
    )
    story.tell(item.agency, item.uscc)
    if find_seat(manager, item.uscc) is None:  # it may have been drawn itself
        (code,) = await issue_codes(story.office, await story.actor("security"), [item.uscc])
        await join_desk(story.office, manager, code.uscc, code.code, Visitor())
    return item.uscc


async def object_and_repair(story: Story, uscc: str) -> None:
    """An objection is upheld and a repair granted, each by two people; the public page follows at once."""
    drafter, approver = await story.actor("drafter"), await story.actor("approver")
    record, before = await _record_of(story, OBJECTED), await _tiers(story)
    story.step(
        msgid("The agency objects to a record; one person examines, another decides: the record goes"),
        at=instant(11, 9, 10),
        page=f"/desk/{uscc}/objections",
    )
    grounds = "该 7 件申请已于立案前全部主动撤回，委托人出具了研发证明，请予复核。"
    proof = CaseUpload(name="撤回通知.png", media_type="image/png", content=_picture("WITHDRAWN"))
    objection = await open_objection(story.office, await _clerk(story), uscc, record, grounds, [proof])
    story.clock.go_to(instant(11, 10, 9))
    await extend_objection(story.office, drafter, objection, "需请专利审查部门协助核查涉案申请的撤回时间。")
    story.clock.go_to(instant(11, 12, 9))
    reasons = "经核查，涉案申请均在立案前撤回，原认定依据不足，予以撤销。"
    await propose_verdict(story.office, drafter, objection, Proposal(verdict=Verdict.UPHELD, reasons=reasons))
    story.clock.go_to(instant(11, 12, 15))
    await decide_objection(story.office, approver, objection)
    story.tell(f"/agencies/{uscc}", f"/admin/objections/{objection}", f"{before} → {await _tiers(story)}")
    story.step(
        msgid("It asks for the repair of another record; granted, the record leaves everything at once"),
        at=instant(11, 12, 16),
        page=f"/desk/{uscc}/repairs",
    )
    before, repair = await _tiers(story), await _apply(story, uscc, REPAIRED)
    story.clock.go_to(instant(11, 13, 9))
    granted = RepairProposal(verdict=RepairStep.GRANTED, reason="罚款已缴清，材料齐全，已经核实。")
    await propose_repair(story.office, drafter, repair, granted)
    story.clock.go_to(instant(11, 13, 15))
    await decide_repair(story.office, approver, repair, RepairStep.GRANTED)
    story.tell(f"/agencies/{uscc}", f"/admin/repairs/{repair}", f"{before} → {await _tiers(story)}")


async def leave_open(story: Story, uscc: str) -> None:
    """What waits for the office when the story ends, and a statement that the agency shows to others."""
    story.step(
        msgid("The agency objects once more and asks for another repair; both wait for the office"),
        at=instant(11, 20, 10),
        page="/admin/objections",
    )
    record = await _record_of(story, OBJECTED_LATER)
    grounds = "地址变更后已在规定期限内提交备案变更申请，附系统回执，请予核对。"
    proof = CaseUpload(name="提交回执.png", media_type="image/png", content=_picture("RECEIPT"))
    await open_objection(story.office, await _clerk(story), uscc, record, grounds, [proof])
    await _apply(story, uscc, TO_REPAIR)
    await _reply(story, uscc, OBJECTED_LATER, "本机构已按时报送，正在申请核对。", is_published=True)
    await _reply(story, uscc, TO_REPAIR, "备案变更已于当月补办完毕。", is_published=False)
    code = await issue_statement(story.office, await _clerk(story), uscc, Extent.PUBLIC)
    story.step(
        msgid("It issues a statement of its credit; whoever is shown it can check it"),
        page=f"/statements/{code}",
    )


async def _reply(story: Story, uscc: str, kind: str, text: str, *, is_published: bool) -> None:
    """A public reply of the agency to a record; it waits for the office, or stands on the public page."""
    target = ReplyTarget(kind="record", key=await _record_of(story, kind))
    number = await submit_reply(story.office, await _clerk(story), uscc, target, text)
    if is_published:
        await publish_reply(story.office, await story.actor("publisher"), number)


async def _activate(story: Story, code: NewCode, username: str, name: str) -> Actor:
    """Open a login with the code of a letter, with an authenticator; its recovery codes are kept."""
    password = f"demo-{username}-2026"
    login = NewLogin(username=username, display_name=name, password=password)
    await activate(story.office, code.uscc, code.code, login, Visitor())
    actor = await story.actor(username)
    secret = (await load_enrolment(story.office, actor)).secret
    now = pyotp.TOTP(secret).at(int(story.clock().timestamp()))
    recovery = tuple(await confirm_totp(story.office, actor, now))
    story.accounts.append(
        Account(username=username, password=password, role=Role.AGENCY, name=name, recovery=recovery)
    )
    return actor


async def _clerk(story: Story) -> Actor:
    return await story.actor(CLERK[0])


async def _record_of(story: Story, kind: str) -> str:
    """Commitment of the newest record of this kind in the file of the agency."""
    (seat,) = (await _clerk(story)).seats
    records = await load_desk_records(story.office, seat.agency_id, story.office.today())
    return next(record.record for record in records if record.kind == kind)


async def _tiers(story: Story) -> str:
    """The tiers of the agency as they are public now."""
    (seat,) = (await _clerk(story)).seats
    latest = await load_latest_ratings([seat.agency_id])
    return "/".join(rating["tier"] for _, rating in sorted(latest.items()))


async def _apply(story: Story, uscc: str, kind: str) -> int:
    """Ask for the repair of the record of this kind, with everything that its conditions ask for."""
    record = await _record_of(story, kind)
    declared = (await load_eligibility(story.office, uscc, record)).declared
    proof = CaseUpload(name="履行证明.png", media_type="image/png", content=_picture("PAID"))
    files = await clean_case_files(story.office, [proof])
    to_prove = [
        check.term.key
        for check in declared
        if check.term.condition.requires not in (None, Requirement.PLEDGE)
    ]
    wanted = RepairApplication(
        declared=frozenset(check.term.key for check in declared),
        pledge="本机构承诺依法依规执业，如实报送信息，接受社会监督。",
        statement="决定书规定的义务已全部履行，内部管理制度已经完善。",
        files=dict.fromkeys(to_prove, files),
    )
    return await apply_for_repair(story.office, await _clerk(story), uscc, record, wanted)


def _picture(word: str) -> bytes:
    """A sheet that says that it proves nothing: files of cases are documents and pictures."""
    from PIL import Image, ImageDraw

    sheet = Image.new("RGB", (480, 320), "white")
    ImageDraw.Draw(sheet).text((40, 140), f"DEMO - {word}", fill="black", font_size=36)
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()
