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
