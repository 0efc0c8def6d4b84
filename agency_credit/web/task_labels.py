"""What waits for a person of the office, as its first page says it."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid
from agency_credit.web.objection_labels import OBJECTION_TASKS
from agency_credit.web.repair_labels import REPAIR_TASKS

TASKS: Mapping[str, str] = {
    **OBJECTION_TASKS,
    **REPAIR_TASKS,
    "draw.finish": msgid("Finish the draft and announce it"),
    "draw.approve": msgid("Check and approve the draw"),
    "draw.values": msgid("Enter the public values and draw"),
    "draw.publish": msgid("Publish the draw"),
    "draw.names": msgid("Tell who served"),
    "void.confirm": msgid("Decide on voiding the draw"),
    "result.enter": msgid("Inspect and enter the result"),
    "result.mend": msgid("Mend the returned result"),
    "result.confirm": msgid("Read and confirm the result"),
    "result.review": msgid("Review the result"),
    "result.publish": msgid("Publish the result"),
    "plan.file": msgid("Draw up the annual plan"),
    "plan.draw": msgid("Draft a draw that the plan asks for"),
    "seats.fill": msgid("Draft the supplementary draw"),
    "team.decide": msgid("Decide on a change after the draw"),
    "rating.run": msgid("Rate the agencies without a tier"),
    "recusal.approve": msgid("Approve recusals"),
    "recusal.decide": msgid("Decide whether an inspector steps back"),
    "change.decide": msgid("Decide proposed changes"),
}
