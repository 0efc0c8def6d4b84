"""OpenAPI at /api/v1/openapi.json; the pages for people are not part of it.

The framework describes what a handler takes and gives. What holds for all of them, the problems and the
login, is said here once, from what each route declares.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from litestar import Litestar, MediaType, Request, Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from agency_credit.web.access import CSRF_HEADER, SESSION_COOKIE

_METHODS = ("get", "post", "put", "patch", "delete")
_PROBLEM = "application/problem+json"
_ANY_READER = {
    "400": "The request cannot be read.",
    "404": "There is nothing at this address.",
    "422": "A value cannot be used; each fault says where and what to do.",
    "503": "The service cannot do this at the moment; Retry-After says when to ask again.",
}
_ANY_WRITER = {
    "401": "Nobody is logged in.",
    "403": "This person may not do it, the token is missing, or the password has to be given again.",
    "409": "It does not go together with what is there.",
    "413": "What was sent is too large.",
    "415": "The body is not JSON.",
}
_LOGIN = {"429": "Too many failed logins."}
"""Where a password is given: at the login, and where it is given again."""


def openapi_config() -> OpenAPIConfig:
    """The description of the API as JSON alone: no docs page that loads from elsewhere."""
    return OpenAPIConfig(
        title="agency-credit",
        version=version("agency-credit"),
        summary="Credit files and verifiable double-random inspections of patent and trademark agencies",
        # A router of its own path: Litestar adds a page for everything that is missing below it.
        openapi_router=Router(
            path="/api/v1/openapi.json", route_handlers=[], opt={"public": True}, include_in_schema=False
        ),
        render_plugins=[_CompleteJson(path="/", media_type=MediaType.JSON)],
        use_handler_docstrings=True,
    )


class _CompleteJson(JsonRenderPlugin):
    """Renders the description with what holds for all routes added."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The whole description."""
        return self.render_json(request, complete_schema(openapi_schema, request.app))


def complete_schema(schema: Mapping[str, Any], app: Litestar) -> dict[str, Any]:
    """The framework's description with problems and login added.

    Parameters
    ----------
    schema
        As Litestar writes it; stays as it is.
    app
        Whose routes say who may call them.
    """
    whole = copy.deepcopy(dict(schema))
    components = whole.setdefault("components", {})
    components.setdefault("schemas", {}).update(_PROBLEM_SCHEMAS)
    components["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
        "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
    }
    options = _options_by_operation(app)
    for path, method, operation in _operations(whole):
        declared = options[path, method]
        is_confirmation = path.endswith("/session/confirm")
        _complete(operation, method, frozenset(declared.get("roles") or ()), is_confirmation=is_confirmation)
        _describe_bytes(operation, declared.get("answers", ()))
    return whole


def _operations(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in schema["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _options_by_operation(app: Litestar) -> dict[tuple[str, str], Mapping[str, Any]]:
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in getattr(handler, "http_methods", ()):
                found[_as_described(route.path), method.lower()] = handler.opt
    return found


def _as_described(path: str) -> str:
    """``/draws/{draw:str}`` as OpenAPI writes it: ``/draws/{draw}``."""
    return "/".join(
        part.partition(":")[0] + "}" if part.startswith("{") else part for part in path.split("/")
    )


def _complete(
    operation: dict[str, Any], method: str, roles: frozenset[str], *, is_confirmation: bool
) -> None:
    statuses = dict(_ANY_READER)
    if method != "get":
        statuses |= _ANY_WRITER
    if method != "get" and (not roles or is_confirmation):
        statuses |= _LOGIN
    if roles:
        statuses |= {status: _ANY_WRITER[status] for status in ("401", "403")}
        keys = ["session"] if method == "get" else ["session", "csrf"]
        operation["security"] = [{key: [] for key in keys}]
        operation["x-roles"] = sorted(roles)
    else:
        operation["security"] = []
    for status, description in statuses.items():
        operation["responses"][status] = {
            "description": description,
            "content": {_PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _describe_bytes(operation: dict[str, Any], media_types: Sequence[str]) -> None:
    """A file goes out as one of several types, which the framework cannot tell."""
    if media_types:
        operation["responses"]["200"]["content"] = {kind: {"schema": {}} for kind in media_types}


_TEXT = {"type": "string"}
_PROBLEM_SCHEMAS: dict[str, Any] = {
    "ProblemFault": {
        "type": "object",
        "description": "One of several faults: where, a stable code, what to do.",
        "properties": {
            "at": _TEXT,
            "code": _TEXT,
            "message": _TEXT,
            "severity": {"type": "string", "enum": ["error", "warning"]},
        },
        "required": ["at", "code", "message", "severity"],
    },
    "Problem": {
        "type": "object",
        "description": "A problem of RFC 9457; `code` is stable, `detail` is in the language of the path.",
        "properties": {
            "type": _TEXT,
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "code": _TEXT,
            "instance": _TEXT,
            "link": {"type": ["string", "null"]},
            "faults": {"type": "array", "items": {"$ref": "#/components/schemas/ProblemFault"}},
        },
        "required": ["type", "title", "status", "detail", "code", "instance"],
    },
}
