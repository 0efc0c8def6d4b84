"""The papers of an inspection, from what is known of it (docs/legal-sources.md, 3.2, 4.2, 5).

They are in Chinese, the language of the procedure, whatever the language of the pages; hence their words are
here and not in the catalogues.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from agency_credit.database.tables import Agency, Inspector
from agency_credit.domain.day import OFFICE_ZONE, day_in_china
from agency_credit.domain.errors import NotFoundError, RefusedError
from agency_credit.domain.role import AGENCY, Actor
from agency_credit.inspection.follow_up_states import FollowUpStep
from agency_credit.services.arrivals import arrival_path, load_code
from agency_credit.services.desk_results import load_desk_inspections
from agency_credit.services.draw_draft import load_draw_row
from agency_credit.services.follow_up import StepView, load_follow_ups
from agency_credit.services.inspection_counts import load_tallies
from agency_credit.services.inspection_sheet import InspectionSheet, load_sheet
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.paper_press import draw_code, print_pages
from agency_credit.services.reference import load_parameter
from agency_credit.services.scope_words import is_scope


class PaperKind(StrEnum):
    """A paper, by the name of its template."""

    APPROVAL = "approval"
    NOTICE = "notice"
    ADVICE = "advice"
    RECORD = "record"
    RESULT = "result"


TITLES: Mapping[PaperKind, str] = MappingProxyType(
    {
        PaperKind.APPROVAL: "行政检查审批表",
        PaperKind.NOTICE: "行政检查通知书",
        PaperKind.ADVICE: "随机抽查告知书",
        PaperKind.RECORD: "随机抽查检查记录表",
        PaperKind.RESULT: "检查结果告知书",
    }
)
_METHODS = {"written": "书面检查", "on-site": "实地检查", "online": "网络监测"}
_WITH_RESULT = ("reviewed", "published")
_FOLLOWING: Mapping[str, str] = MappingProxyType(
    {
        FollowUpStep.ORDERED: "责令改正",
        FollowUpStep.PENALTY: "作出行政处罚决定",
        FollowUpStep.HANDED_OVER: "移送",
    }
)
_LATER = "见后续处置文书"
_NONE = "无"
_BLANK = "　"
_COPY = "本件为机构在工作台打印的副本，内容以打印当日的记录为准；与送达的原件不一致的，以原件为准。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A PDF under the name of its file."""

    name: str
    content: bytes


def papers_of(state: str) -> tuple[PaperKind, ...]:
    """The papers that an inspection in this state can have."""
    return tuple(kind for kind in PaperKind if kind is not PaperKind.RESULT or state in _WITH_RESULT)


async def print_paper(office: Office, actor: Actor, inspection: int, kind: PaperKind, base: str) -> Paper:
    """A paper of an inspection.

    Parameters
    ----------
    base
        Where this service is reached, such as ``"http://10.1.2.3:8000"``; the codes lead there.

    Raises
    ------
    ForbiddenError
        The actor neither sits on the team nor reads draws.
    RefusedError
        The result notice of an inspection whose result nobody reviewed yet.
    """
    sheet = await load_sheet(office, actor, inspection)
    return await _print(office, actor, [sheet], kind, base, f"{sheet.draw or inspection}-{sheet.agency.uscc}")


async def print_papers(office: Office, actor: Actor, draw: str, kind: PaperKind, base: str) -> Paper:
    """A paper for every inspection of a draw, one after the other; of results, those that are there.

    Raises
    ------
    NotFoundError
        There is nothing to print.
    """
    row = await load_draw_row(draw)
    items = await load_desk_inspections(office, row["id"])
    open_items = [item for item in items if item.state != "closed"]  # of an agency that is gone, no paper
    sheets = [await load_sheet(office, actor, item.inspection) for item in open_items]
    if kind is PaperKind.RESULT:
        sheets = [sheet for sheet in sheets if _has_result(sheet)]
    if not sheets:
        raise NotFoundError("paper.none", "the draw {draw} has no inspection with this paper", draw=draw)
    return await _print(office, actor, sheets, kind, base, draw)


async def print_copy(
    office: Office, actor: Actor, sheet: InspectionSheet, kind: PaperKind, base: str
) -> Paper:
    """A copy for the agency itself: it says so, and has no code that lets a team note its arrival."""
    async with operation(office, actor, "paper.copy", f"{sheet.inspection}/{kind}", roles=AGENCY) as op:
        page = await _page(office, sheet, base, op.at)
    page |= {"codes": page["codes"][:1], "copy": _COPY}
    content = await asyncio.to_thread(print_pages, kind, TITLES[kind], sheet.office, [page], op.at)
    return Paper(name=f"{TITLES[kind]}（副本）.pdf", content=content)


async def _print(
    office: Office, actor: Actor, sheets: Sequence[InspectionSheet], kind: PaperKind, base: str, name: str
) -> Paper:
    if kind is PaperKind.RESULT and not all(map(_has_result, sheets)):
        raise RefusedError(
            "paper.no-result", "the result was not reviewed yet; its notice can be printed after that"
        )
    async with operation(office, actor, "paper.print", f"{name}/{kind}", roles=None) as op:
        pages = [await _page(office, sheet, base, op.at) for sheet in sheets]
        op.details["pages"] = len(pages)
    content = await asyncio.to_thread(print_pages, kind, TITLES[kind], sheets[0].office, pages, op.at)
    return Paper(name=f"{name}-{TITLES[kind]}.pdf", content=content)


def _has_result(sheet: InspectionSheet) -> bool:
    return sheet.state in _WITH_RESULT


async def _page(office: Office, sheet: InspectionSheet, base: str, at: datetime) -> dict[str, Any]:
    """All that the templates ask for; each takes what it needs."""
    details = sheet.form.details if sheet.form else None
    methods = details.methods if details else ()
    return {
        "number": f"{sheet.draw or '线索检查'} · 第{sheet.inspection}号",
        "office": sheet.office,
        "authority": sheet.authority,
        "agency": sheet.agency.name,
        "uscc": sheet.agency.uscc,
        "address": sheet.agency.address,
        "origin": _origin(sheet),
        "reason": _reason(sheet),
        "basis": [text for text in sheet.basis if not is_scope(text)],
        "entrustment": sheet.entrustment or _NONE,
        "methods": "、".join(_METHODS[method] for method in methods) or _BLANK,
        "count": await _count(office, sheet),
        "items": list(dict.fromkeys(line.title for line in sheet.lines)),
        "team": await _team(sheet),
        "when": _written(sheet.form.inspected_on) if sheet.form else _BLANK,
        "date": _written(day_in_china(at)),
        "codes": [asdict(code) for code in await _codes(sheet, base)],
        "following": await _following(sheet),
        **_findings(sheet),
    }


def _findings(sheet: InspectionSheet) -> dict[str, Any]:
    """What was entered; blank lines to write on where nothing was."""
    form = sheet.form
    details = form.details if form else None
    place = details.place if details else ""
    return {
        "visit": "，".join(filter(None, (_written(form.inspected_on), place))) if form else _BLANK,
        "lines": [asdict(line) for line in sheet.lines],
        "outcome": "；".join(sheet.texts) or _BLANK,
        "findings": (form.findings or _NONE) if form else _BLANK,
        "remarks": (details.agency_remarks or _NONE) if details else _BLANK,
        "digest": sheet.form_digest,
        "version": sheet.form_version,
        "sent": [f"{member.name}（{member.sent_by}指派）" for member in sheet.sent],
        "confirmations": [f"{one.name}于{_written_at(one.at)}确认上述摘要" for one in sheet.confirmations],
        "published": f"{_written(day_in_china(sheet.published_on))}公布"
        if sheet.published_on
        else "尚未公布",
    }


async def _following(sheet: InspectionSheet) -> str:
    """What comes of a problem: the papers of its follow-up; before it is opened, that there will be some."""
    views = await load_follow_ups(sheet.inspection)
    if not views:
        wanted = (await load_parameter("follow_up_categories")).value.split()
        is_due = sheet.form is not None and not set(wanted).isdisjoint(sheet.form.categories)
        return _LATER if is_due else _NONE
    papers = [_following_paper(step) for step in views[-1].steps if step.step in _FOLLOWING]
    return "；".join(papers or [_LATER]) + ("；已处理完毕" if views[-1].is_closed else "")


def _following_paper(step: StepView) -> str:
    until = f"，限于{_written(step.due_on)}前改正" if step.due_on else ""
    number = f"（{step.document}）" if step.document else ""
    return f"{_written(step.on)}{_FOLLOWING[step.step]}{step.body}{number}{until}"


def _origin(sheet: InspectionSheet) -> str:
    if sheet.stream == "lead":
        return "线索检查"
    kind = "依法应当实地检查（不经抽取）" if sheet.stream == "mandatory" else "“双随机、一公开”抽查"
    return f"{kind}，{sheet.draw_title}（{sheet.draw}）"


def _reason(sheet: InspectionSheet) -> str:
    if sheet.stream == "lead":
        return "本机关收到有关线索"
    if sheet.stream == "mandatory":
        return "你单位属于依法应当实地检查的对象，检查人员经公开抽取确定"
    return "经“双随机、一公开”抽取，你单位被确定为检查对象"


async def _count(office: Office, sheet: InspectionSheet) -> str:
    row = await Agency.select(Agency.id).where(Agency.uscc == sheet.agency.uscc).first()
    assert row is not None, "an inspection is of an agency"
    tallies = await load_tallies(office, office.today().year)
    n = len(tallies[row["id"]].visits) if row["id"] in tallies else 0
    return f"{n}次（含其他机关）"


async def _team(sheet: InspectionSheet) -> list[dict[str, str]]:
    ids = [seat.inspector for seat in sheet.team if seat.inspector is not None]
    rows = await Inspector.select(Inspector.id, Inspector.organisation).where(Inspector.id.is_in(ids or [0]))
    organisations = {row["id"]: row["organisation"] for row in rows}
    drawn = [
        {
            "role": seat.role,
            "name": seat.name or _BLANK,
            "certificate": seat.certificate or _BLANK,
            "organisation": organisations.get(seat.inspector or 0, _BLANK),
        }
        for seat in sheet.team
    ]
    sent = [
        {
            "role": f"{member.role}（指派）",
            "name": member.name,
            "certificate": member.certificate,
            "organisation": member.sent_by,
        }
        for member in sheet.sent
    ]
    return drawn + sent


async def _codes(sheet: InspectionSheet, base: str) -> list[Any]:
    unit = sheet.agency.uscc
    proof = f"/draws/{sheet.draw}/units/{unit}" if sheet.draw else f"/agencies/{unit}"
    entry = arrival_path(sheet.inspection, await load_code(sheet.inspection))
    return [
        draw_code("公众：查看并验算", base + proof),
        draw_code("检查人员：到场扫码、录入结果", base + entry),
    ]


def _written(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _written_at(at: datetime) -> str:
    local = at.astimezone(OFFICE_ZONE)
    return f"{_written(local.date())}{local:%H:%M}"
