"""What the words of the database are called on a page; each is translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

LABELS: Mapping[str, Mapping[str, str]] = {
    "practice_line": {
        "patent": msgid("Patent agency"),
        "trademark": msgid("Trademark agency"),
    },
    "agency_status": {
        "in_force": msgid("In force"),
        "suspended": msgid("Suspended"),
        "cancelled": msgid("Cancelled"),
        "revoked": msgid("Revoked"),
    },
    "list_status": {
        "none": msgid("On no list"),
        "abnormal": msgid("On the abnormal list"),
        "serious": msgid("On the serious list"),
    },
    "step": {
        "drafted": msgid("Drafted"),
        "announced": msgid("Announced"),
        "approved": msgid("Approved"),
        "drawn": msgid("Drawn"),
        "published": msgid("Published"),
        "named": msgid("Inspectors named"),
        "voided": msgid("Voided"),
    },
    "stream": {
        "drawn": msgid("Drawn by lot"),
        "mandatory": msgid("Mandatory, not by lot"),
    },
    "place": {
        "drawn": msgid("Drawn"),
        "reserve": msgid("Reserve"),
        "not_drawn": msgid("Not drawn"),
        "mandatory": msgid("Mandatory, not by lot"),
        "excluded": msgid("Excluded from the lottery"),
    },
    "void_reason": {
        "nonce-missing": msgid("A committed value was not opened"),
        "nonce-wrong": msgid("A committed value does not match its commitment"),
        "event-missing": msgid("A public event did not take place as announced"),
        "frame-wrong": msgid("The frame was wrong"),
        "ordered": msgid("Ordered by a court or a superior body"),
        "stated": msgid("Withdrawn before the first public value"),
    },
    "line_state": {
        "counting": msgid("Counts"),
        "not-yet": msgid("Does not count yet"),
        "not-collected": msgid("From before records are collected"),
        "expired": msgid("No longer counts"),
        "capped": msgid("The clause counts already"),
        "not-valued": msgid("Not yet valued"),
        "withdrawn": msgid("Withdrawn"),
        "repaired": msgid("Repaired"),
        "unmatched": msgid("No clause speaks of it"),
    },
    "publication": {
        "at-once": msgid("at once"),
        "after-inspection": msgid("after the inspections"),
    },
    "selection": {
        "ticket": msgid("equal probabilities within a stratum"),
        "pareto": msgid("probabilities nearly proportional to size"),
    },
    "rounding": {
        "up": msgid("rounded up"),
        "down": msgid("rounded down"),
        "nearest": msgid("rounded to the nearest whole number, halves up"),
    },
    "form": {
        "ssq": msgid("Double Colour Ball"),
        "dlt": msgid("Super Lotto"),
        "digits": msgid("decimal digits"),
        "dice": msgid("dice"),
        "drand": msgid("drand beacon"),
        "text": msgid("text"),
    },
    "role": {
        "drafter": msgid("Drafter"),
        "approver": msgid("Approver"),
        "auditor": msgid("Auditor"),
        "administrator": msgid("Administrator"),
        "inspector": msgid("Inspector"),
    },
    "import_kind": {
        "agencies": msgid("Agencies"),
        "practitioners": msgid("Practitioners"),
        "records": msgid("Credit records"),
        "inspectors": msgid("Inspectors"),
        "recusals": msgid("Recusals"),
    },
    "level": {
        "county": msgid("County or district"),
        "city": msgid("City"),
        "province": msgid("Province"),
        "nation": msgid("Nation"),
    },
    "section": {
        "what": msgid("What is inspected, and on what basis"),
        "frame": msgid("Whom the draw is about"),
        "strata": msgid("How many are drawn"),
        "teams": msgid("Teams"),
        "entropy": msgid("Where chance comes from"),
    },
    "task": {
        "draw.finish": msgid("Finish the draft and announce it"),
        "draw.approve": msgid("Check and approve the draw"),
        "draw.values": msgid("Enter the public values and draw"),
        "draw.publish": msgid("Publish the draw"),
        "void.confirm": msgid("Decide on voiding the draw"),
        "result.enter": msgid("Inspect and enter the result"),
        "result.mend": msgid("Mend the returned result"),
        "result.review": msgid("Review the result"),
        "result.publish": msgid("Publish the result"),
        "rating.run": msgid("Rate the agencies without a tier"),
        "recusal.approve": msgid("Approve recusals"),
    },
    "next": {
        "finish": msgid("Finish the draft, check the answers, announce"),
        "approve": msgid("A second person approves"),
        "values": msgid("Enter the values of the sources"),
        "draw": msgid("Draw"),
        "inspect": msgid("The teams inspect; each result is reviewed by a second person"),
        "publish": msgid("Publish"),
        "names": msgid("Tell who served"),
        "none": msgid("Nothing: this draw is complete"),
    },
    "result_state": {
        "open": msgid("No result yet"),
        "entered": msgid("Waits for review"),
        "returned": msgid("Returned"),
        "reviewed": msgid("Reviewed"),
        "published": msgid("Published"),
    },
    "skill": {
        "lead": msgid("may lead a team"),
        "patent": msgid("patents"),
        "trademark": msgid("trademarks"),
    },
    "outcome": {
        "done": msgid("Done"),
        "refused": msgid("Refused"),
        "failed": msgid("Failed"),
    },
}
