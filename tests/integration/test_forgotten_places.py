"""Every table that can hold text says whether a forgotten record may be in it, and what becomes of it."""

from __future__ import annotations

from piccolo.columns import Bytea, Text, Varchar

from agency_credit.database.tables import TABLES
from agency_credit.services.forgetting_places import PLACES

EMPTIED = set(PLACES)
"""Holds something of a record; what becomes of it stands in `forgetting_places` and docs/adr/0041."""

NEVER = {
    "reference data and rules, about nobody": (
        "district inspection_item result_category calendar_day legal_parameter security_setting rule_version"
        " import_column"
    ),
    "people, logins and seats": (
        "person person_role invitation person_totp recovery_code past_password session login_attempt"
        " agency_seat activation_code inspector practitioner"
    ),
    "the register of agencies; list_status is worked out anew": "agency agency_practice",
    "names records by their commitment, files by their digest, ratings by number": (
        "audit_line credit_case reply reply_step statement"
    ),
    "what a list did to agencies and people; a list of records leaves nothing here": "import_row import_undo",
    "the log: entries commit, the bodies are in log_body": "log_entry checkpoint",
    "draws: agencies, strata by tier, inspectors, chance": (
        "draw draft_section draw_file draw_step draw_void_request draw_value draw_secret draw_pseudonym"
        " reserve_call team_change recusal recusal_application recusal_decision annual_plan annual_plan_draft"
    ),
    "files of inspections, which are files of their own and have their own withdrawal": (
        "inspection inspection_seat inspection_result result_step other_inspection lead_inspection"
        " result_confirmation result_submission result_draft result_withdrawal photograph photograph_content"
        " follow_up_step arrival_code"
    ),
    "what was forgotten, sealed": "sealed_record sealed_place forgotten_record",
}


def test_every_table_with_text_is_classified_once() -> None:
    named = [name for names in NEVER.values() for name in names.split()]
    with_text = {
        table._meta.tablename
        for table in TABLES
        if any(isinstance(column, (Text, Varchar, Bytea)) for column in table._meta.columns)
    }
    assert sorted(named) == sorted(set(named)), "named twice"
    assert set(named) & EMPTIED == set()
    unknown = with_text - set(named) - EMPTIED
    assert not unknown, f"say in this test and in docs/adr/0041 what a forgotten record leaves in {unknown}"
    gone = (set(named) | EMPTIED) - {table._meta.tablename for table in TABLES}
    assert not gone, f"no such tables: {gone}"
