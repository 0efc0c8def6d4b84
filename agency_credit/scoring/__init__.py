"""Scoring: rule packs and credit records make ledgers, scores and tiers.

Pure: files are handed in as bytes, the day as a date.
"""

from agency_credit.scoring.answers import ledger_answer, rule_pack_answer
from agency_credit.scoring.explain import Sentence, explain_ledger, explain_line
from agency_credit.scoring.in_force import find_gaps, find_overlaps, rule_pack_in_force
from agency_credit.scoring.ledger import score_ledger
from agency_credit.scoring.rulepack import Caveat, RulePack, known_record_kinds, parse_rule_pack
from agency_credit.scoring.tiers import score_of, tier_of

__all__ = [
    "Caveat",
    "RulePack",
    "Sentence",
    "explain_ledger",
    "explain_line",
    "find_gaps",
    "find_overlaps",
    "known_record_kinds",
    "ledger_answer",
    "parse_rule_pack",
    "rule_pack_answer",
    "rule_pack_in_force",
    "score_ledger",
    "score_of",
    "tier_of",
]
