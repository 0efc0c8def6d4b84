"""Pages of the console and where a form leads afterwards; who may open what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, urlencode

from litestar import Request
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from agency_credit.domain.errors import AgencyCreditError, Fault, FaultsError
from agency_credit.domain.role import Actor, Role
from agency_credit.services.office import Office

Complaint = tuple[str, AgencyCreditError | Fault]
"""A field of a form ("" for none), and what is wrong with it."""
AnyRequest = Request[Any, Any, Any]
TheOffice = NamedDependency[Office]
TheActor = NamedDependency[Actor]
TheTell = NamedDependency[Callable[[Fault], str]]
"""What a fault says, for what is no page."""
TheLabel = NamedDependency[Callable[[str, str], str]]
"""What a word of the database is called, by its kind: for what is no page."""


def opened_to(roles: frozenset[Role], *, fresh: bool = False, own_account: bool = False) -> dict[str, Any]:
    """The `opt` of a handler that people with one of `roles` may open.

    Parameters
    ----------
    fresh
        The password has to be given shortly before.
    own_account
        Also for somebody who has to finish the own account first.
    """
    return {"roles": roles, "fresh": fresh, "own_account": own_account}


def show(
    name: str, /, *, status_code: int = 200, faults: Iterable[Complaint] = (), **context: object
) -> Template:
    """The console's page `name`; with faults it says 422 and keeps what was entered."""
    complaints = list(faults)
    return Template(
        f"console/{name}.html",
        context={"is_fictional": False, "faults": complaints, **context},
        status_code=422 if complaints else status_code,
    )


def lead(
    request: AnyRequest, path: str, query: dict[str, object] | None = None, /, **segments: str
) -> Redirect:
    """See other: `path` with its ``{places}`` filled, in the language of the request."""
    filled = path.format(**{name: quote(str(value), safe="") for name, value in segments.items()})
    prefix = "/en" if request.scope["state"].get("language") == "en" else ""
    return Redirect(prefix + filled + (f"?{urlencode(query)}" if query else ""), status_code=303)


def complaints_of(error: AgencyCreditError, field: str = "") -> list[Complaint]:
    """An error by the fields of a form: each fault at its own, a single error at `field`."""
    if isinstance(error, FaultsError):
        return [(fault.at, fault) for fault in error.faults]
    return [(field, error)]


def has_role(actor: Actor, roles: frozenset[Role]) -> bool:
    """Whether the actor holds one of `roles`."""
    return bool(actor.roles & roles)
