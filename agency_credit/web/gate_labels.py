"""What is called what around the gate, replies and clocks."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

GATE_LABELS: Mapping[str, Mapping[str, str]] = {
    "reply_kind": {
        "record": msgid("a credit record"),
        "result": msgid("a result of an inspection"),
    },
    "reply_reason": {
        "name": msgid("names of persons"),
        "number": msgid("identity, telephone or account numbers"),
        "contact": msgid("an address, number or account of a person on the net"),
        "family": msgid("health, family or private life of a person"),
        "other-personal": msgid("other personal data"),
    },
    "reply_step": {
        "submitted": msgid("waits to be looked at"),
        "published": msgid("public"),
        "returned": msgid("returned: it holds personal data"),
        "withdrawn": msgid("taken back by the agency"),
    },
    "case_kind": {
        "objection": msgid("Objections"),
        "repair": msgid("Applications for repair"),
    },
}

GATE_ACTIONS: Mapping[str, str] = {
    "answer.blocked": msgid("A public page was held back"),
    "reply.publish": msgid("Publish a reply of an agency"),
    "reply.return": msgid("Return a reply of an agency"),
    "reply.send": msgid("Send a public reply"),
    "reply.withdraw": msgid("Take a public reply back"),
}
"""Among the actions of the audit lines."""

GATE_NOTICES: Mapping[str, str] = {
    "answer.blocked": msgid("A public page was held back: it may hold personal data"),
    "reply.published": msgid("Your reply is public"),
    "reply.returned": msgid("Your reply came back: it holds personal data"),
    "reply.waits": msgid("A reply of an agency waits to be looked at"),
}
"""Among the kinds of notices."""
