"""What the words of inspections, follow-ups and notices are called on a page."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.desk_labels import DESK_NOTICES
from agency_credit.web.gate_labels import GATE_NOTICES
from agency_credit.web.i18n import msgid
from agency_credit.web.objection_labels import OBJECTION_ACTIONS, OBJECTION_FIELDS, OBJECTION_NOTICES
from agency_credit.web.repair_labels import REPAIR_ACTIONS, REPAIR_FIELDS, REPAIR_NOTICES, REPAIR_TASKS

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
    "follow_up_step": {
        "ordered": msgid("Rectification ordered"),
        "rechecked": msgid("Checked again"),
        "penalty": msgid("Administrative penalty"),
        "handed-over": msgid("Handed over to another body"),
        "replied": msgid("The other body replied"),
        "noted": msgid("Noted"),
        "close-asked": msgid("Closing asked for"),
        "close-refused": msgid("Not closed"),
        "closed": msgid("Closed"),
    },
    "notice": {
        **DESK_NOTICES,
        **OBJECTION_NOTICES,
        **REPAIR_NOTICES,
        **GATE_NOTICES,
        "team.assigned": msgid("You were drawn into a team"),
        "result.confirm": msgid("A record waits for your confirmation"),
        "result.review": msgid("A result waits for its review"),
        "result.returned": msgid("A result came back"),
        "result.rejected": msgid("An inspection was not accepted"),
        "result.publish": msgid("A result can be published"),
        "result.published": msgid("A result was published"),
        "result.withdraw": msgid("A result is to be taken down"),
        "recusal.decide": msgid("An agency asks that an inspector steps back"),
        "recusal.granted": msgid("A recusal was granted"),
        "seats.fill": msgid("A seat is empty: a supplementary draw is due"),
        "recusal.refused": msgid("A recusal was refused"),
        "desk.ordered": msgid("Something has to be put right by a day"),
        "follow-up.opened": msgid("A follow-up was opened"),
        "follow-up.due": msgid("What was ordered is due"),
        "follow-up.close": msgid("A follow-up waits to be closed"),
        "follow-up.close-refused": msgid("A follow-up stays open"),
        "follow-up.closed": msgid("A follow-up was closed"),
    },
    "deadline": {
        "objection.answer": msgid("Answer the objection"),
        **REPAIR_TASKS,
        "result.publish": msgid("Publish the result"),
        "result.withdraw": msgid("Take the result down"),
        "follow-up.due": msgid("See that it was put right"),
        "follow-up.close": msgid("Decide whether the follow-up is closed"),
        "draw.approve": msgid("Check and approve the draw"),
        "draw.values": msgid("Enter the public values and draw"),
        "draw.draw": msgid("Draw"),
        "draw.publish": msgid("Publish the draw"),
        "draw.names": msgid("Tell who served"),
        "draw.finish": msgid("Finish the draft and announce it"),
    },
}
"""Merged into `LABELS`."""

FIELD_ACTIONS: Mapping[str, str] = {
    **OBJECTION_ACTIONS,
    **REPAIR_ACTIONS,
    "result.confirm": msgid("Confirm a result as a member of its team"),
    "photograph.add": msgid("Add a photograph to an inspection"),
    "recusal.apply": msgid("Write down that an agency asks for a recusal"),
    "recusal.decide": msgid("Decide on a recusal that an agency asked for"),
    "result.withdraw-ask": msgid("Ask to take a result down"),
    "result.withdraw": msgid("Take a result down"),
    "follow-up.open": msgid("Open a follow-up"),
    "follow-up.ordered": msgid("Rectification ordered"),
    "follow-up.rechecked": msgid("Checked again"),
    "follow-up.penalty": msgid("Administrative penalty"),
    "follow-up.handed-over": msgid("Handed over to another body"),
    "follow-up.replied": msgid("The other body replied"),
    "follow-up.noted": msgid("Noted"),
    "follow-up.close-asked": msgid("Closing asked for"),
    "follow-up.close-refused": msgid("Not closed"),
    "follow-up.closed": msgid("Closed"),
    "result.rejected": msgid("Do not accept an inspection"),
}
"""Among the actions of the audit lines."""

RECORD_FIELDS: Mapping[str, str] = {
    **OBJECTION_FIELDS,
    **REPAIR_FIELDS,
    "advised_at": msgid("Told of its rights"),
    "agency_remarks": msgid("Remarks of the agency"),
    "annulled_on": msgid("Day of the decision that annuls it"),
    "applied_on": msgid("Asked on"),
    "to_body": msgid("Body it was handed over to"),
    "decision": msgid("Reason of the decision"),
    "due_on": msgid("To be put right by"),
    "recusal_reason": msgid("Reason that the agency gives"),
    "step": msgid("What was done"),
    "text": msgid("In words"),
    "correction_reason": msgid("Why the published result is corrected"),
    "materials": msgid("Materials taken"),
    "methods": msgid("How it was inspected"),
    "new_photographs": msgid("Photographs"),
    "new_signed_pages": msgid("The record signed on paper"),
    "photographs": msgid("Photographs"),
    "place": msgid("Place"),
    "signed_pages": msgid("The record signed on paper"),
}
"""Among the fields of forms."""
