"""What the words of rule files are called on a page."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

RULE_LABELS: Mapping[str, Mapping[str, str]] = {
    "rule_type": {
        "rating": msgid("Rating rules"),
        "duties": msgid("Duties and penalties"),
        "periods": msgid("Disclosure and repair periods"),
        "profile": msgid("Supervision by tier"),
    },
    "rule_subject": {
        "patent-agency": msgid("Patent agencies"),
        "patent-practitioner": msgid("Patent practitioners"),
        "trademark-agency": msgid("Trademark agencies"),
        "trademark-practitioner": msgid("Trademark practitioners"),
    },
    "rule_state": {
        "in-force": msgid("in force today"),
        "later": msgid("not in force yet"),
        "ended": msgid("no longer in force"),
    },
    "rule_step": {
        "file": msgid("whole file"),
        "values": msgid("single values"),
    },
    "counting_rule": {
        "per-case": msgid("each case"),
        "per-year": msgid("once a year, the heaviest case"),
        "once": msgid("once, the heaviest case"),
    },
    "life_start": {
        "decided": msgid("from the decision"),
        "entered": msgid("from the entry into the evaluation"),
    },
    "range_rule": {
        "assessed": msgid("the authority sets each case; until then nothing counts"),
        "ceiling": msgid("the authority sets each case; until then the most counts"),
    },
    "published": {
        "yes": msgid("published"),
        "no": msgid("not published"),
        "normally-not": msgid("normally not published"),
    },
    "period_start": {
        "decision": msgid("from the decision"),
        "conduct-end": msgid("from the end of the conduct"),
        "publication": msgid("from the publication"),
    },
    "penalty_on": {
        "agency": msgid("the agency"),
        "responsible-person": msgid("the responsible person"),
        "practitioner": msgid("the practitioner"),
    },
    "rule_unit": {
        "working-days": msgid("working days"),
        "days": msgid("days"),
        "months": msgid("months"),
        "years": msgid("years"),
        "times-a-year": msgid("times a year"),
        "yes-no": msgid("yes or no"),
    },
    "rule_section": {
        "clauses": msgid("Clause"),
        "groups": msgid("Group"),
        "tiers": msgid("Tier"),
        "periods": msgid("Class"),
        "values": msgid("Value"),
        "supervision": msgid("Supervision"),
        "mandatory": msgid("Mandatory inspection"),
        "caveats": msgid("Caveat"),
        "": msgid("The file"),
    },
    "rule_field": {
        "points": msgid("points"),
        "points_up_to": msgid("points, at most"),
        "points_from": msgid("points, at least"),
        "base.points": msgid("base"),
        "status": msgid("status"),
        "source": msgid("source"),
        "within.rule": msgid("what decides within the range"),
        "within.status": msgid("status of what decides"),
        "within.source": msgid("source of what decides"),
        "counting.rule": msgid("counting rule"),
        "counting.cap": msgid("cap"),
        "cap": msgid("cap"),
        "life.from": msgid("counts from"),
        "life.months": msgid("counts for months"),
        "severity.class": msgid("class of severity"),
        "repair.allowed": msgid("can be repaired"),
        "repair.after_months": msgid("repair after months"),
        "citation.article": msgid("article"),
        "citation.annex": msgid("annex"),
        "wording.zh": msgid("Chinese wording"),
        "wording.en": msgid("English wording"),
        "title.zh": msgid("Chinese title"),
        "title.en": msgid("English title"),
        "document": msgid("document number"),
        "promulgated_on": msgid("promulgated on"),
        "effective_from": msgid("in force from"),
        "repealed_on": msgid("repealed on"),
        "from": msgid("from"),
        "above": msgid("above"),
        "below": msgid("below"),
        "up_to": msgid("up to"),
        "value": msgid("value"),
        "fraction": msgid("share drawn"),
        "minimum": msgid("least number drawn"),
        "priority": msgid("priority"),
        "min_months": msgid("least months"),
        "max_months": msgid("most months"),
        "records": msgid("words of records"),
    },
    "verdict": {
        "approved": msgid("approved"),
        "rejected": msgid("rejected"),
        "withdrawn": msgid("taken back"),
    },
}
