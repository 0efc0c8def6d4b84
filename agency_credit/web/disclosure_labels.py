"""What the words of a record's disclosure are called."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

DISCLOSURE_LABELS: Mapping[str, Mapping[str, str]] = {
    "record_category": {
        "": msgid("not stated"),
        "penalty": msgid("Administrative penalty"),
        "list": msgid("Public list"),
        "discipline": msgid("Discipline of the association"),
        "inspection": msgid("Inspection"),
        "annual-report": msgid("Annual report"),
        "praise": msgid("Praise"),
        "other": msgid("Other information"),
    },
    "record_procedure": {
        "": msgid("not stated"),
        "ordinary": msgid("ordinary procedure"),
        "summary": msgid("summary procedure"),
    },
    "sanction": {
        "warning": msgid("Warning"),
        "criticism": msgid("Circulated criticism"),
        "fine": msgid("Fine"),
        "confiscation": msgid("Confiscation"),
        "licence-held": msgid("Licence held"),
        "downgrade": msgid("Grade lowered"),
        "licence-revoked": msgid("Licence revoked"),
        "restriction": msgid("Business restricted"),
        "suspension": msgid("Business suspended"),
        "closure": msgid("Ordered to close"),
        "trade-bar": msgid("Barred from the trade"),
        "detention": msgid("Detention"),
        "other": msgid("Other sanction"),
    },
}

DISCLOSURE_ACTIONS: Mapping[str, str] = {
    "rating.daily": msgid("Rated anew by the day"),
    "record.publish": msgid("Published records in the log"),
    "record.end-disclosure": msgid("Ended the disclosure of records"),
}
