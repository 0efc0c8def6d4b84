"""What the words of objections are called."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

OBJECTION_LABELS: Mapping[str, Mapping[str, str]] = {
    "objection_step": {
        "opened": msgid("opened"),
        "extended": msgid("days extended"),
        "worded": msgid("wording of the corrected record"),
        "proposed": msgid("verdict proposed"),
        "returned": msgid("verdict returned"),
        "decided": msgid("decided"),
        "withdrawn": msgid("taken back"),
    },
    "objection_state": {
        "open": msgid("being examined"),
        "proposed": msgid("waits for the decision"),
        "withdrawn": msgid("taken back"),
    },
    "objection_outcome": {
        "upheld": msgid("upheld"),
        "partly": msgid("upheld in part"),
        "rejected": msgid("not upheld"),
    },
    "media_type": {
        "application/pdf": msgid("PDF"),
        "image/jpeg": msgid("picture"),
    },
    "objection_verdict": {
        "upheld": msgid("upheld: the record is withdrawn"),
        "partly": msgid("upheld in part: the record is changed"),
        "rejected": msgid("rejected: the record stands"),
    },
}
"""Merged into `LABELS`."""

OBJECTION_NOTICES: Mapping[str, str] = {
    "objection.opened": msgid("Objection received"),
    "objection.sent": msgid("Objection sent"),
    "objection.extended": msgid("Objection: the days were extended"),
    "objection.decide": msgid("A verdict on an objection waits for its decision"),
    "objection.returned": msgid("A verdict on an objection came back"),
    "objection.decided": msgid("Objection decided"),
    "objection.withdrawn": msgid("Objection taken back"),
}
"""Among the kinds of notices."""

OBJECTION_TASKS: Mapping[str, str] = {
    "objection.propose": msgid("Examine the objection and propose a verdict"),
    "objection.decide": msgid("Decide the objection"),
}
"""Among the tasks of the office's desk."""

OBJECTION_ACTIONS: Mapping[str, str] = {
    "objection.open": msgid("Object to a record"),
    "objection.withdraw": msgid("Take an objection back"),
    "objection.extend": msgid("Extend the days of an objection"),
    "objection.propose": msgid("Propose a verdict on an objection"),
    "objection.return": msgid("Return a verdict on an objection"),
    "objection.decide": msgid("Decide an objection"),
}
"""Among the actions of the audit lines."""

OBJECTION_FIELDS: Mapping[str, str] = {
    "files": msgid("Attachments"),
    "grounds": msgid("Grounds"),
    "reasons": msgid("Reasons of the verdict"),
    "verdict": msgid("Verdict on the objection"),
}
"""Among the fields of forms."""
