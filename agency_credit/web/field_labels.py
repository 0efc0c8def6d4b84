"""What the words of inspections, follow-ups and notices are called on a page."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

FIELD_LABELS: Mapping[str, Mapping[str, str]] = {
    "method": {
        "written": msgid("on paper"),
        "on-site": msgid("on the spot"),
        "online": msgid("on the network"),
    },
    "answer": {
        "met": msgid("met"),
        "not-met": msgid("not met"),
        "not-applicable": msgid("not applicable"),
    },
}
"""Merged into `LABELS`."""
