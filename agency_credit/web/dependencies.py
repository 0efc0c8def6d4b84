"""What a handler may ask for by name: ``office``, ``actor``, ``language``, ``label``, ``tell``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from litestar import Request
from litestar.datastructures import State

from agency_credit.domain.errors import Fault, ForbiddenError
from agency_credit.domain.role import Actor
from agency_credit.services.office import Office
from agency_credit.web.i18n import Language, translate, translate_error
from agency_credit.web.labels import LABELS
from agency_credit.web.templating import language_of


def provide_office(state: State) -> Office:
    """The open office of this application."""
    office: Office = state.office
    return office


def provide_actor(request: Request[Any, Any, Any]) -> Actor:
    """Who is logged in; a handler that asks for it has declared roles, so there is somebody."""
    actor: Actor | None = request.state.actor
    if actor is None:
        raise ForbiddenError("session.required", "log in first")
    return actor


def provide_language(request: Request[Any, Any, Any]) -> Language:
    """``"zh"`` or ``"en"``, from the path."""
    return language_of(request)


def provide_label(request: Request[Any, Any, Any]) -> Callable[[str, str], str]:
    """What a word of the database is called, by its kind, in the language of the path."""
    language = language_of(request)
    return lambda kind, value: translate(language, LABELS[kind].get(value, "{value}"), value=value)


def provide_tell(request: Request[Any, Any, Any]) -> Callable[[Fault], str]:
    """What a fault says, in the language of the path."""
    return partial(translate_error, language_of(request))
