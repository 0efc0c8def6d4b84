"""What lists are called, and what becomes of their rows."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

IMPORT_LABELS: Mapping[str, Mapping[str, str]] = {
    "import_kind": {
        "agencies": msgid("Agencies"),
        "practitioners": msgid("Practitioners"),
        "records": msgid("Credit records"),
        "inspectors": msgid("Inspectors"),
        "recusals": msgid("Recusals"),
        "inspections": msgid("Inspections by other bodies"),
    },
    "row_state": {
        "all": msgid("all rows"),
        "new": msgid("new"),
        "changed": msgid("changed"),
        "same": msgid("the same as before"),
        "repeated": msgid("repeated in the file"),
        "forgotten": msgid("repaired, not taken in again"),
        "faulty": msgid("kept out"),
        "flagged": msgid("let in, flagged"),
    },
}
