"""The same steps for programs: thin handlers over the services, JSON in and out.

A program logs in, keeps the cookie, and sends the token of its session in ``X-CSRF-Token``. What it
sends again with the same ``Idempotency-Key`` is not done again. Errors are RFC 9457 problems, by the one
mapping of the application.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec
from litestar import Response, Router, delete, post
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from admin.idempotency import KeepAnswers, answer_again
from admin.page import AnyRequest, TheActor, TheOffice, opened_to
from admin.session import SESSION_COOKIE, session_cookie, visitor_of
from agency_credit.domain.role import APPROVER, DRAFTER, DRAW_PEOPLE, EVERYBODY, INSPECTOR, PUBLISHER, Actor
from agency_credit.services.desk_draw import load_draw_desk
from agency_credit.services.desk_results import load_desk_inspection
from agency_credit.services.draw_draft import DrawDraft, draft_draw
from agency_credit.services.draw_steps import announce_draw, approve_draw, enter_value, run_draw
from agency_credit.services.draw_void import confirm_void, request_void
from agency_credit.services.office import Office
from agency_credit.services.publish_draw import publish_draw
from agency_credit.services.result_review import reject_result, return_result, review_result
from agency_credit.services.results import confirm_result, enter_result
from agency_credit.services.sessions import (
    close_session,
    confirm_session,
    load_longest,
    load_session,
    open_session,
)


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A user name and its password; `code` of the authenticator, or a recovery code, where there is one."""

    username: str
    password: str
    code: str = ""


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The password of whoever is logged in; `code` where there is an authenticator."""

    password: str
    code: str = ""


class SessionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Who is logged in; `csrf_token` goes into the header ``X-CSRF-Token`` of every further request."""

    username: str
    roles: list[str]
    csrf_token: str


class DrawAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Where a draw stands; `digests` are those of its frozen files, by name."""

    draw: str
    state: str
    digests: dict[str, str]


class ValueBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The value of a source, counted from 0 in the plan's order."""

    source: int
    value: str


class VoidBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why a draw is to be voided."""

    reason_code: str
    reason: str


class ResultBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The result of an inspection; `categories` are codes."""

    inspected_on: date
    categories: list[str]
    findings: str


class ReviewBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the second person says; a returned result needs a reason."""

    verdict: Literal["confirm", "return", "reject"]
    reason: str = ""


class ConfirmationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The digest of the form that a member of the team confirms."""

    digest: str


class InspectionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Where an inspection stands; `version` and `digest` are those of its newest form, 0 and "" before it."""

    inspection: int
    state: str
    due_on: date | None
    version: int
    digest: str


@post("/session", opt={"public": True})
async def open_session_json(
    request: AnyRequest, office: TheOffice, data: JSONBody[Credentials]
) -> Response[SessionAnswer]:
    """Log in; the cookie of the session comes with the answer."""
    visitor = visitor_of(request)
    token = await open_session(
        office,
        data.username,
        data.password,
        code=data.code,
        address=visitor.address,
        agent=visitor.agent,
    )
    return await _session_answer(request, office, token, 201)


@post("/session/confirm", opt=opened_to(EVERYBODY, own_account=True), status_code=200)
async def confirm_session_json(
    request: AnyRequest, office: TheOffice, data: JSONBody[Confirmation]
) -> Response[SessionAnswer]:
    """Give the password again, as some steps ask; a new cookie comes with the answer, the old one ends."""
    known = request.cookies.get(SESSION_COOKIE, "")
    token = await confirm_session(office, known, data.password, data.code, visitor_of(request))
    return await _session_answer(request, office, token, 200)


@delete("/session", opt=opened_to(EVERYBODY, own_account=True))
async def close_session_json(request: AnyRequest, office: TheOffice) -> None:
    """Log out."""
    await close_session(office, request.cookies.get(SESSION_COOKIE, ""))


@post("/api/v1/draws", opt=opened_to(DRAFTER), before_request=answer_again, middleware=[KeepAnswers()])
async def draft_json(office: TheOffice, actor: TheActor, data: JSONBody[DrawDraft]) -> DrawAnswer:
    """Save a new draft."""
    return await _draw_answer(office, actor, await draft_draw(office, actor, data))


@post("/draws/{draw:str}/announce", opt=opened_to(DRAFTER), status_code=200)
async def announce_json(office: TheOffice, actor: TheActor, draw: FromPath[str]) -> DrawAnswer:
    """Freeze and announce a draft."""
    await announce_draw(office, actor, draw)
    return await _draw_answer(office, actor, draw)


@post("/draws/{draw:str}/approve", opt=opened_to(APPROVER, fresh=True), status_code=200)
async def approve_json(office: TheOffice, actor: TheActor, draw: FromPath[str]) -> DrawAnswer:
    """Approve what was announced."""
    await approve_draw(office, actor, draw)
    return await _draw_answer(office, actor, draw)


@post("/draws/{draw:str}/values", opt=opened_to(DRAW_PEOPLE), status_code=200)
async def enter_value_json(
    office: TheOffice,
    actor: TheActor,
    draw: FromPath[str],
    data: JSONBody[ValueBody],
) -> DrawAnswer:
    """Enter the value of a source."""
    await enter_value(office, actor, draw, data.source, data.value)
    return await _draw_answer(office, actor, draw)


@post("/draws/{draw:str}/draw", opt=opened_to(DRAW_PEOPLE, fresh=True), status_code=200)
async def run_json(office: TheOffice, actor: TheActor, draw: FromPath[str]) -> DrawAnswer:
    """Draw: once and only once."""
    await run_draw(office, actor, draw)
    return await _draw_answer(office, actor, draw)


@post("/draws/{draw:str}/void", opt=opened_to(DRAW_PEOPLE, fresh=True), status_code=200)
async def void_json(
    office: TheOffice,
    actor: TheActor,
    draw: FromPath[str],
    data: JSONBody[VoidBody],
) -> DrawAnswer:
    """Ask to void a draw."""
    await request_void(office, actor, draw, data.reason_code, data.reason)
    return await _draw_answer(office, actor, draw)


@post("/draws/{draw:str}/void/confirm", opt=opened_to(APPROVER, fresh=True), status_code=200)
async def confirm_void_json(office: TheOffice, actor: TheActor, draw: FromPath[str]) -> DrawAnswer:
    """Void a draw as a first person asked."""
    await confirm_void(office, actor, draw)
    return await _draw_answer(office, actor, draw)


@post("/draws/{draw:str}/publish", opt=opened_to(PUBLISHER, fresh=True), status_code=200)
async def publish_json(office: TheOffice, actor: TheActor, draw: FromPath[str]) -> DrawAnswer:
    """Publish the files of a draw."""
    await publish_draw(office, actor, draw)
    return await _draw_answer(office, actor, draw)


@post("/inspections/{inspection:int}/result", opt=opened_to(INSPECTOR), status_code=200)
async def enter_result_json(
    office: TheOffice,
    actor: TheActor,
    inspection: FromPath[int],
    data: JSONBody[ResultBody],
) -> InspectionAnswer:
    """Enter a result."""
    await enter_result(
        office,
        actor,
        inspection,
        inspected_on=data.inspected_on,
        categories=data.categories,
        findings=data.findings,
    )
    return await _inspection_answer(office, inspection)


@post("/inspections/{inspection:int}/confirmation", opt=opened_to(INSPECTOR), status_code=200)
async def confirm_json(
    office: TheOffice,
    actor: TheActor,
    inspection: FromPath[int],
    data: JSONBody[ConfirmationBody],
) -> InspectionAnswer:
    """Confirm a result under one's own account; the last member's confirmation sends it to review."""
    await confirm_result(office, actor, inspection, data.digest)
    return await _inspection_answer(office, inspection)


@post("/inspections/{inspection:int}/review", opt=opened_to(APPROVER, fresh=True), status_code=200)
async def review_json(
    office: TheOffice,
    actor: TheActor,
    inspection: FromPath[int],
    data: JSONBody[ReviewBody],
) -> InspectionAnswer:
    """Find a confirmed result in order, send it back, or do not accept the inspection."""
    if data.verdict == "return":
        await return_result(office, actor, inspection, data.reason)
    elif data.verdict == "reject":
        await reject_result(office, actor, inspection, data.reason)
    else:
        await review_result(office, actor, inspection)
    return await _inspection_answer(office, inspection)


def api_handlers() -> list[ControllerRouterHandler]:
    """All of it, below /api/v1.

    The public reads the list of draws at the path where a draft is posted. Litestar cannot join two
    routers at one path (each brings an OPTIONS handler), so that handler stands by itself.
    """
    sessions = Router(
        path="/api/v1", route_handlers=[open_session_json, confirm_session_json, close_session_json]
    )
    steps = Router(
        path="/api/v1",
        before_request=answer_again,
        middleware=[KeepAnswers()],
        route_handlers=[
            announce_json,
            approve_json,
            enter_value_json,
            run_json,
            void_json,
            confirm_void_json,
            publish_json,
            enter_result_json,
            confirm_json,
            review_json,
        ],
    )
    return [sessions, steps, draft_json]


async def _session_answer(
    request: AnyRequest, office: Office, token: str, status_code: int
) -> Response[SessionAnswer]:
    session = await load_session(office, token)
    assert session is not None, "a session that was just opened is good"
    answer = SessionAnswer(
        username=session.actor.username, roles=sorted(session.actor.roles), csrf_token=session.csrf_token
    )
    cookie = session_cookie(request, token, await load_longest())
    return Response(answer, status_code=status_code, cookies=[cookie])


async def _draw_answer(office: Office, actor: Actor, draw: str) -> DrawAnswer:
    desk = await load_draw_desk(office, actor, draw)
    return DrawAnswer(draw=draw, state=desk.state, digests=desk.digests)


async def _inspection_answer(office: Office, inspection: int) -> InspectionAnswer:
    item = await load_desk_inspection(office, inspection)
    return InspectionAnswer(
        inspection=inspection,
        state=item.state,
        due_on=item.due_on,
        version=item.version,
        digest=item.results[-1].digest if item.results else "",
    )
