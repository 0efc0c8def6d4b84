"""What is called what around the gate, replies and clocks."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

GATE_LABELS: Mapping[str, Mapping[str, str]] = {
    "case_kind": {
        "objection": msgid("Objections"),
        "repair": msgid("Applications for repair"),
    },
}

GATE_ACTIONS: Mapping[str, str] = {
    "answer.blocked": msgid("A public page was held back"),
}
"""Among the actions of the audit lines."""

GATE_NOTICES: Mapping[str, str] = {
    "answer.blocked": msgid("A public page was held back: it may hold personal data"),
}
"""Among the kinds of notices."""
