"""What the words of inspections are called: how far a result is, what befell a team after the draw."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

TEAM_LABELS: Mapping[str, Mapping[str, str]] = {
    "result_state": {
        "open": msgid("No result yet"),
        "entered": msgid("Waits for its team to confirm"),
        "confirmed": msgid("Waits for review"),
        "returned": msgid("Returned"),
        "rejected": msgid("Not accepted"),
        "reviewed": msgid("Reviewed"),
        "published": msgid("Published"),
        "withdrawn": msgid("Withdrawn"),
        "closed": msgid("Closed: the agency is gone"),
    },
    "reserve_reason": {
        "closed": msgid("It does not exist any more"),
        "moved": msgid("It has moved out of the area of this draw"),
        "cancelled": msgid("Its filing or licence is cancelled"),
        "unreachable": msgid("Nobody could be reached"),
    },
    "seat_reason": {
        "recusal": msgid("Recused"),
        "absence": msgid("Absent"),
        "left": msgid("Left the office"),
        "area": msgid("Not sent to this area"),
    },
    "team_action": {
        "reserve": msgid("Call a reserve"),
        "emptied": msgid("Somebody leaves his seat"),
        "seated": msgid("A supplementary draw filled the seat"),
        "unseated": msgid("The supplementary draw was voided, the seat is empty again"),
        "sent": msgid("Another body sends a member without lot"),
        "dismissed": msgid("Somebody who was sent leaves again"),
    },
    "team_change": {
        "emptied": msgid("Somebody left his seat"),
        "seated": msgid("A supplementary draw filled the seat"),
        "unseated": msgid("The supplementary draw was voided, the seat is empty again"),
        "sent": msgid("Another body sent a member without lot"),
        "dismissed": msgid("Somebody who was sent left again"),
    },
    "sent_member": {
        "sent_by": msgid("Body that sends him"),
        "certificate": msgid("Certificate number"),
        "name": msgid("Name of the member"),
        "role": msgid("Role in the team"),
        "document": msgid("Document and legal basis"),
    },
}
