"""What the words of items, plans, leads and counted visits are called on a page."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

PLAN_LABELS: Mapping[str, Mapping[str, str]] = {
    "item_weight": {
        "general": msgid("general item"),
        "key": msgid("key item"),
    },
    "method": {
        "written": msgid("on paper"),
        "on-site": msgid("on the spot"),
        "online": msgid("over the network"),
    },
    "lead_kind": {
        "complaint": msgid("complaint or report"),
        "transferred": msgid("transferred case"),
        "monitoring": msgid("finding in data"),
    },
    "visit_kind": {
        "draw": msgid("drawn by this office"),
        "lead": msgid("on a lead"),
        "routine": msgid("routine"),
        "special": msgid("special campaign"),
        "case": msgid("single case"),
    },
    "unplanned": {
        "lead": msgid("on leads"),
        "ad-hoc": msgid("ad hoc"),
    },
    "change_kind": {
        "items": msgid("Change of the list of inspection items"),
        "plan": msgid("Plan of a year, or its amendment"),
        "lead": msgid("Inspection on a lead"),
    },
}
