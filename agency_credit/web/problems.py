"""One mapping from errors to HTTP: RFC 9457 problems for programs, pages for people."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap

from agency_credit.domain.errors import (
    AgencyCreditError,
    Fault,
    FaultsError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    VerificationError,
)
from agency_credit.publication.masking import Kind
from agency_credit.web.i18n import Language, msgid, translate, translate_error
from agency_credit.web.observed import request_fields
from agency_credit.web.templating import language_of, localise, render

LOGIN = "/admin/login"
CONFIRM = "/admin/confirm"
_logger = logging.getLogger("agency_credit.web")

_STATUS: tuple[tuple[type[AgencyCreditError], HTTPStatus], ...] = (
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (InputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (RefusedError, HTTPStatus.CONFLICT),
    (VerificationError, HTTPStatus.CONFLICT),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
)
_STATUS_OF_CODE = {
    "session.required": HTTPStatus.UNAUTHORIZED,
    "session.throttled": HTTPStatus.TOO_MANY_REQUESTS,
}
_TITLES = {
    400: msgid("The request cannot be read"),
    401: msgid("Please log in"),
    403: msgid("This is not allowed"),
    404: msgid("There is no such page"),
    405: msgid("This address does not take that"),
    409: msgid("This does not go together with what is there"),
    413: msgid("What was sent is too large"),
    422: msgid("Something in the request has to be mended"),
    429: msgid("Too many requests"),
    500: msgid("Something went wrong on our side"),
    503: msgid("The service cannot do this at the moment"),
}
_DETAILS = {
    404: msgid("Check the address, or start from the search."),
    405: msgid("Use one of the methods named in the header Allow."),
    413: msgid("Send a smaller file."),
    500: msgid("Nothing was changed half way. Try again later; the fault has been recorded."),
}
_FOR_PROGRAMS = ("/api/", "/log/", "/healthz", "/readyz", "/metrics")


BLOCKED_TITLE = msgid("This page was held back: it may hold personal data; the administrators have been told")
BLOCKED_DETAIL = msgid("Nothing of it is shown. Come back once it has been looked at.")
ECHO_DETAIL = msgid(
    "The address or the search holds an identity or telephone number. Take it out and try again."
)


class OutgoingBlockedError(Exception):
    """A file on its way into an archive holds a personal number of this kind."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self.kind: Kind = kind


class ProblemFault(msgspec.Struct, kw_only=True):
    """One of several faults: where, a stable code, what to do."""

    at: str
    code: str
    message: str
    severity: str


class Problem(msgspec.Struct, kw_only=True):
    """A problem of RFC 9457; `code` is stable, `detail` is in the language of the path."""

    title: str
    status: int
    detail: str
    code: str
    instance: str
    type: str = "about:blank"
    link: str | None = None
    faults: list[ProblemFault] = msgspec.field(default_factory=list)


def status_of(error: AgencyCreditError) -> HTTPStatus:
    """The HTTP status of an error of ours."""
    special = _STATUS_OF_CODE.get(error.code)
    return special or next(status for kind, status in _STATUS if isinstance(error, kind))


def is_for_program(path: str) -> bool:
    """Whether the reader of this path is a program: problems then, not pages."""
    return path.startswith(_FOR_PROGRAMS) or path.endswith((".json", ".csv"))


def answer_error(request: Request[Any, Any, Any], error: AgencyCreditError) -> Response[Any]:
    """The answer to an error of ours; whoever is not logged in is led to the login page."""
    status, path = status_of(error), request.scope["path"]
    language = language_of(request)
    if status == HTTPStatus.UNAUTHORIZED and not is_for_program(path):
        query = request.scope["query_string"].decode("latin-1")  # a code that was scanned stands there
        back = f"{path}?{query}" if query else path
        target = urlencode({"next": back}) if request.method == "GET" else ""
        return Redirect(localise(language, LOGIN) + (f"?{target}" if target else ""), status_code=303)
    if not is_for_program(path):
        if error.code == "session.stale":
            return _ask_password(request, path)
        if error.code == "account.unfinished":
            return Redirect(localise(language, str(error.params["link"])), status_code=303)
    faults = error.faults if isinstance(error, FaultsError) else ()
    link = error.params.get("link")
    return _answer(
        request,
        status=status,
        code=error.code,
        detail=translate_error(language, error),
        faults=[_format_fault(language, fault) for fault in faults],
        link=str(link) if link else None,
    )


def _ask_password(request: Request[Any, Any, Any], path: str) -> Response[Any]:
    """The page that asks for the password again; a form that was sent goes along and is sent from there."""
    if request.method == "GET":
        target = urlencode({"next": path})
        return Redirect(localise(language_of(request), CONFIRM) + f"?{target}", status_code=303)
    carried = request.state.get("stale_form") or []
    return render(
        "confirm.html", status_code=HTTPStatus.FORBIDDEN, next_path=path, carried=carried, faults=[]
    )


def answer_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """The answer to an error of the framework: no such route, a value of the wrong kind, too large."""
    language = language_of(request)
    if isinstance(error, ValidationException):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _answer(
            request,
            status=status,
            code="request.value",
            detail=translate(language, "some values cannot be used; change them or leave them out"),
            faults=_framework_faults(error),
        )
    status = HTTPStatus(error.status_code)
    detail = _DETAILS.get(
        status, _DETAILS[500] if status >= 500 else msgid("Check the address and what was sent.")
    )
    answer = _answer(request, status=status, code=f"http.{status.value}", detail=translate(language, detail))
    answer.headers.update(error.headers or {})
    return answer


def answer_fault_of_ours(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The answer to what nobody foresaw: recorded here, not told outside."""
    fields = request_fields(request.method, request.scope["state"])
    fields["route"] = request.scope.get("path_template") or fields["route"]
    _logger.error("unhandled error", exc_info=error, extra={"fields": fields})
    detail = translate(language_of(request), _DETAILS[500])
    return _answer(request, status=HTTPStatus.INTERNAL_SERVER_ERROR, code="http.500", detail=detail)


def answer_blocked(request: Request[Any, Any, Any]) -> Response[Any]:
    """The answer in place of one that holds a personal number: nothing of it, not even the address."""
    return _answer(
        request,
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code="answer.blocked",
        detail=translate(language_of(request), BLOCKED_DETAIL),
        title=translate(language_of(request), BLOCKED_TITLE),
        is_addressed=False,
    )


def answer_echo(request: Request[Any, Any, Any]) -> Response[Any]:
    """The answer to a request that itself holds a personal number, which the page would repeat."""
    return _answer(
        request,
        status=HTTPStatus.BAD_REQUEST,
        code="request.personal-number",
        detail=translate(language_of(request), ECHO_DETAIL),
        is_addressed=False,
    )


def _answer_blocked_file(request: Request[Any, Any, Any], error: OutgoingBlockedError) -> Response[Any]:
    request.scope["state"]["blocked"] = error.kind  # the gate, further out, tells the administrators
    return answer_blocked(request)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    AgencyCreditError: answer_error,
    HTTPException: answer_http,
    OutgoingBlockedError: _answer_blocked_file,
    Exception: answer_fault_of_ours,
}


def _format_fault(language: Language, fault: Fault) -> ProblemFault:
    return ProblemFault(
        at=fault.at, code=fault.code, message=translate_error(language, fault), severity=fault.severity
    )


def _framework_faults(error: ValidationException) -> list[ProblemFault]:
    extra = error.extra if isinstance(error.extra, list) else []
    return [
        ProblemFault(
            at=str(item.get("key", "")),
            code="request.value",
            message=str(item.get("message", "")),
            severity="error",
        )
        for item in extra
        if isinstance(item, dict)
    ]


def _answer(
    request: Request[Any, Any, Any],
    *,
    status: HTTPStatus,
    code: str,
    detail: str,
    faults: list[ProblemFault] | None = None,
    link: str | None = None,
    title: str = "",
    is_addressed: bool = True,
) -> Response[Any]:
    path = request.scope["path"]
    title = title or translate(
        language_of(request), _TITLES.get(status, _TITLES[500 if status >= 500 else 400])
    )
    problem = Problem(
        title=title,
        status=status,
        detail=detail,
        code=code,
        instance=path if is_addressed else "",
        link=link,
        faults=faults or [],
    )
    headers = {"Retry-After": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    if is_for_program(path):
        return Response(
            msgspec.json.encode(problem),
            status_code=status,
            media_type="application/problem+json",
            headers=headers,
        )
    page = render("problem.html", status_code=status, problem=problem)
    page.headers.update(headers)
    return page
