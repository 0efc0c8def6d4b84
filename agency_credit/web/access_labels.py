"""What the words about logins of agencies are called."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

ACCESS_LABELS: Mapping[str, Mapping[str, str]] = {
    "access_state": {
        "none": msgid("No login"),
        "open": msgid("Letter sent"),
        "late": msgid("Letter too old"),
        "people": msgid("Has logins"),
    },
}
"""Merged into `LABELS`."""

ACCESS_ACTIONS: Mapping[str, str] = {
    "activation.issue": msgid("Issue activation codes"),
    "activation.print": msgid("Print a letter with an activation code"),
    "activation.cancel": msgid("Cancel an activation code"),
    "activation.end-seats": msgid("End seats at an agency's desk"),
    "desk.activate": msgid("Open a login for an agency with a code"),
    "desk.join": msgid("Add an agency to one's login"),
    "desk.invite": msgid("Make a code for a further person of the agency"),
    "desk.cancel-code": msgid("Cancel a code for a person of the agency"),
    "desk.change-right": msgid("Change somebody's right at the agency's desk"),
    "desk.end-seat": msgid("End somebody's seat at the agency's desk"),
}
"""Merged into the actions of `LABELS`."""
