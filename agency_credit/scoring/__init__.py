"""Scoring: rule files and credit records make ledgers, scores and tiers.

Pure: files are handed in as bytes, the day as a date.
"""

from agency_credit.scoring.answers import ledger_answer, outlook_answer, rule_pack_answer
from agency_credit.scoring.batch import PopulationScores, score_population
from agency_credit.scoring.bundle import RecordBody, format_rated, format_rating_bundle
from agency_credit.scoring.disclosure import (
    ChosenRows,
    DisclosureDays,
    RecordDisclosure,
    choose_rows,
    disclose,
    disclose_by,
    find_row,
    find_uncollected,
)
from agency_credit.scoring.duties import Duties
from agency_credit.scoring.explain import Sentence, explain_ledger, explain_line
from agency_credit.scoring.explain_outlook import (
    explain_expiries,
    explain_moment,
    explain_repairs,
    explain_what_if,
)
from agency_credit.scoring.in_force import find_gaps, find_overlaps, in_force_on, rule_pack_in_force
from agency_credit.scoring.instrument import Caveat, Instrument
from agency_credit.scoring.ledger import fit_assessments, score_ledger
from agency_credit.scoring.outlook import WhatIf, expiries, what_if
from agency_credit.scoring.periods import PeriodTable
from agency_credit.scoring.population import PopulationRecords, encode_population
from agency_credit.scoring.profile import Profile
from agency_credit.scoring.repair_terms import RepairBasis, RepairFacts
from agency_credit.scoring.repairs import Repair, RepairPlan, repair_days, smallest_repairs
from agency_credit.scoring.rule_file import check_collection, parse_rule_file, parse_rule_pack
from agency_credit.scoring.rulepack import RulePack, known_record_kinds
from agency_credit.scoring.tiers import score_of, tier_of
from agency_credit.scoring.timeline import Moment, Move, pack_of, score_timeline

__all__ = [
    "Caveat",
    "ChosenRows",
    "DisclosureDays",
    "Duties",
    "Instrument",
    "Moment",
    "Move",
    "PeriodTable",
    "PopulationRecords",
    "PopulationScores",
    "Profile",
    "RecordBody",
    "RecordDisclosure",
    "Repair",
    "RepairBasis",
    "RepairFacts",
    "RepairPlan",
    "RulePack",
    "Sentence",
    "WhatIf",
    "check_collection",
    "choose_rows",
    "disclose",
    "disclose_by",
    "encode_population",
    "expiries",
    "explain_expiries",
    "explain_ledger",
    "explain_line",
    "explain_moment",
    "explain_repairs",
    "explain_what_if",
    "find_gaps",
    "find_overlaps",
    "find_row",
    "find_uncollected",
    "fit_assessments",
    "format_rated",
    "format_rating_bundle",
    "in_force_on",
    "known_record_kinds",
    "ledger_answer",
    "outlook_answer",
    "pack_of",
    "parse_rule_file",
    "parse_rule_pack",
    "repair_days",
    "rule_pack_answer",
    "rule_pack_in_force",
    "score_ledger",
    "score_of",
    "score_population",
    "score_timeline",
    "smallest_repairs",
    "tier_of",
    "what_if",
]
