"""What the words of an agency's desk are called."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

DESK_LABELS: Mapping[str, Mapping[str, str]] = {
    "desk_right": {
        "manager": msgid("Manager"),
        "clerk": msgid("Clerk"),
        "reader": msgid("Reader"),
    },
}

DESK_ACTIONS: Mapping[str, str] = {
    "paper.copy": msgid("Print a copy of a paper at the desk"),
    "recusal.ask": msgid("Ask at the desk that an inspector steps back"),
}
"""Among the actions of the audit lines."""
