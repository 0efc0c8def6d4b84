"""The one error tree.

An error carries a stable `code` and parameters beside an English message template, so that the
edges (web, command line) can translate it through gettext and map it in one place: to an HTTP
problem (RFC 9457) and to an exit status. The message says what to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


class AgencyCreditError(Exception):
    """Root of all errors that a caller can do something about.

    Parameters
    ----------
    code
        Stable, lower-case, dotted: ``"plan.fraction-above-one"``. Scripts rely on it.
    template
        English text with ``{named}`` places; the key of the translation catalogues.
    params
        Values for the places of the template; strings and integers only.
    """

    def __init__(self, code: str, template: str, /, **params: str | int) -> None:
        super().__init__(code, template, params)
        self.code = code
        self.template = template
        self.params = params

    def __str__(self) -> str:
        return self.template.format(**self.params)


class InputError(AgencyCreditError):
    """What was handed in is unusable: where, what was expected, what to do."""


class RefusedError(AgencyCreditError):
    """The request is well formed, but not allowed in this state."""


class ConflictError(RefusedError):
    """Somebody else was first; `params` may carry ``link``, the path of what exists."""


class ForbiddenError(AgencyCreditError):
    """This person may not do this."""


class NotFoundError(AgencyCreditError):
    """There is nothing under this identifier, or nothing this person may see."""


class UnavailableError(AgencyCreditError):
    """The machine cannot do it now (database locked, disk full); nothing was changed."""


class VerificationError(AgencyCreditError):
    """Files do not prove what they claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with what was handed in, one of several reported together.

    Parameters
    ----------
    at
        Where: ``sheet!cell``, a line number, a file and key.
    code, template, params
        As in `AgencyCreditError`.
    severity
        ``"error"`` keeps the row out; ``"warning"`` lets it in, flagged.
    """

    at: str
    code: str
    template: str
    params: dict[str, str | int] = field(default_factory=dict)
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.at}: {self.template.format(**self.params)}"


class FaultsError(InputError):
    """Several faults, all of them collected before anything is reported."""

    def __init__(self, subject: str, faults: tuple[Fault, ...]) -> None:
        super().__init__(
            "input.faults",
            "{subject}: {n} fault(s), nothing was changed; mend them and try again",
            subject=subject,
            n=len(faults),
        )
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *map(str, self.faults)])
