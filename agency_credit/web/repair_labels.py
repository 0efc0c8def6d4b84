"""What the words of applications for repair are called on a page."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

REPAIR_LABELS: Mapping[str, Mapping[str, str]] = {
    "repair_step": {
        "applied": msgid("Applied for"),
        "returned": msgid("Returned for completion"),
        "amended": msgid("Completed and handed in again"),
        "proposed": msgid("Decision proposed"),
        "sent-back": msgid("Proposal sent back"),
        "granted": msgid("Repair granted"),
        "refused": msgid("Repair refused"),
        "withdrawn": msgid("Taken back by the agency"),
    },
    "repair_standing": {
        "met": msgid("Met, by the registers"),
        "unmet": msgid("Not met, by the registers"),
        "declared": msgid("To be declared and proved"),
        "open": msgid("Not known; the office judges"),
    },
    "repair_reason": {
        "duties-open": msgid("Duties are not fully performed"),
        "harm-open": msgid("Harm or bad effects are not removed"),
        "evidence": msgid("What was sent does not prove it"),
        "false": msgid("Something that was sent is false"),
        "unmet": msgid("A condition of the law is not met"),
        "other": msgid("Another reason"),
    },
}

REPAIR_TASKS: Mapping[str, str] = {
    "repair.propose": msgid("Examine the application for repair"),
    "repair.decide": msgid("Decide on the application for repair"),
}
"""What waits for a person of the office, also by when."""

REPAIR_NOTICES: Mapping[str, str] = {
    "repair.applied": msgid("An agency applies for repair"),
    "repair.amended": msgid("An application for repair was completed"),
    "repair.returned": msgid("Your application for repair has to be completed"),
    "repair.withdrawn": msgid("An application for repair was taken back"),
    "repair.decide": msgid("A decision on repair was proposed"),
    "repair.sent-back": msgid("A proposed decision on repair came back"),
    "repair.granted": msgid("Repair was granted"),
    "repair.refused": msgid("Repair was refused"),
}

REPAIR_ACTIONS: Mapping[str, str] = {
    "repair.apply": msgid("Apply for repair"),
    "repair.amend": msgid("Complete an application for repair"),
    "repair.withdraw": msgid("Take an application for repair back"),
    "repair.return": msgid("Return an application for repair"),
    "repair.propose": msgid("Propose a decision on repair"),
    "repair.decide": msgid("Decide on repair"),
}
"""Of audit lines."""

REPAIR_FIELDS: Mapping[str, str] = {
    "pledge": msgid("Public pledge"),
    "statement": msgid("How the conditions were met"),
    "reason_code": msgid("Reason of the refusal"),
    "next_on": msgid("May ask again from"),
    "next_reason": msgid("Why from this day on"),
}
