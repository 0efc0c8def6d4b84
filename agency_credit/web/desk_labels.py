"""What the words of an agency's desk are called."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

DESK_LABELS: Mapping[str, Mapping[str, str]] = {
    "own_place": {
        "drawn": msgid("Was drawn"),
        "reserve": msgid("Reserve"),
        "not_drawn": msgid("Not drawn"),
        "mandatory": msgid("Mandatory, not by lot"),
        "excluded": msgid("Excluded from the lottery"),
    },
    "statement_extent": {
        "public": msgid("What is public"),
        "full": msgid("Also what is not public"),
    },
    "desk_right": {
        "manager": msgid("Manager"),
        "clerk": msgid("Clerk"),
        "reader": msgid("Reader"),
    },
    "desk_task": {
        "alarm.filing": msgid("Renew the filing as a trademark agency"),
        "alarm.alteration": msgid("File the change"),
        "alarm.report": msgid("Submit the annual report"),
        "alarm.partners": msgid("See that there are partners or shareholders enough"),
        "alarm.certified": msgid("See that enough partners or shareholders are certified"),
        "alarm.practitioners": msgid("See that there are practitioners enough"),
        "alarm.two-agencies": msgid("A practitioner is claimed by another agency too: clear it up"),
        "case.objection": msgid("Your objection is being decided"),
        "case.repair": msgid("Your application for repair is being decided"),
        "case.returned": msgid("Complete your application for repair"),
        "follow-up": msgid("Put right what the inspection found"),
    },
}

DESK_NOTICES: Mapping[str, str] = {
    "desk.joined": msgid("Somebody joined your desk"),
    "record.added": msgid("A record is new in your credit file"),
    "record.assessed": msgid("The authority set the points of a record"),
    "record.classified": msgid("The class or days of a record were stated"),
    "record.corrected": msgid("A record was wrong and was replaced"),
    "record.entered": msgid("A record entered the evaluation"),
    "record.resumed": msgid("A record counts again"),
    "record.suspended": msgid("The effect of a record is stayed"),
    "record.withdrawn": msgid("The decision behind a record no longer stands"),
    "records.added": msgid("Several records are new in your credit file"),
    "tier.patent": msgid("Your tier as a patent agency is another"),
    "tier.trademark": msgid("Your tier as a trademark agency is another"),
}
"""Among the kinds of notices."""

DESK_ACTIONS: Mapping[str, str] = {
    "file.export": msgid("Take the file of an agency away from its desk"),
    "statement.issue": msgid("Issue a statement of credit"),
    "paper.copy": msgid("Print a copy of a paper at the desk"),
    "recusal.ask": msgid("Ask at the desk that an inspector steps back"),
}
"""Among the actions of the audit lines."""

DESK_FIELDS: Mapping[str, str] = {
    "agreed": msgid("Confirmation"),
    "allowed": msgid("Shown"),
    "category": msgid("Sort of information"),
    "conduct_ended_on": msgid("Conduct ended on"),
    "declare": msgid("Conditions of repair"),
    "extend_reason": msgid("Which unit must check, and what"),
    "extent": msgid("What it holds"),
    "issued_for": msgid("Name of the person"),
    "procedure": msgid("Procedure of the penalty"),
    "reply": msgid("Reply"),
    "return_reason": msgid("Why it is returned"),
    "return_text": msgid("What is missing"),
    "right": msgid("Right"),
    "sanctions": msgid("Sanctions of the penalty"),
    "seat": msgid("Member"),
    "served_on": msgid("Served on"),
    "severity": msgid("Class of disclosure that the authority stated"),
}
"""Among the fields of forms."""
