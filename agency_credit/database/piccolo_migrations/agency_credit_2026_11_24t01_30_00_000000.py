"""What the database itself holds: unique rows, known words, and that published things are only appended."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import append_only, check, freeze_parent, index, limit_lengths, one_of, refuse, unique

ID = "2026-11-24T01:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints"

UNIQUE = (
    ("district", "code"),
    ("inspection_item", "code"),
    ("result_category", "code"),
    ("calendar_day", "day"),
    ("legal_parameter", "key"),
    ("agency", "uscc"),
    ("agency_practice", "agency", "practice_line"),
    ("practitioner", "certificate"),
    ("credit_record", "digest"),
    ("inspector", "certificate"),
    ("recusal", "inspector", "agency"),
    ("draw", "draw"),
    ("draw_file", "draw", "name"),
    ("draw_step", "draw", "step"),
    ("draw_secret", "draw", "source"),
    ("draw_pseudonym", "draw", "inspector"),
    ("draw_pseudonym", "draw", "pseudonym"),
    ("inspection", "draw", "agency"),
    ("inspection_seat", "inspection", "seat"),
    ("inspection_result", "inspection", "version"),
    ("result_step", "result", "step"),
    ("log_entry", "index"),
    ("log_body", "log_index"),
    ("person", "username"),
    ("person", "inspector"),
    ("person_role", "person", "role"),
    ("session", "token_hash"),
)

INDEXES = (
    ("rating", "agency", "practice_line", "rated_on"),
    ("agency_practice", "agency_code"),
    ("agency", "name"),
    ("agency", "area"),
    ("login_attempt", "username", "at"),
    ("login_attempt", "address", "at"),
    ("audit_line", "at"),
    ("checkpoint", "size"),
    ("log_entry", "subject"),
)

ONE_OF = (
    ("inspection_item", "practice_line", "patent", "trademark"),
    ("inspection_item", "item_weight", "general", "key"),
    ("inspection_item", "status", "found", "unverified", "entered"),
    ("legal_parameter", "status", "found", "unverified", "entered"),
    ("agency", "status", "in_force", "suspended", "cancelled", "revoked"),
    ("agency", "list_status", "none", "abnormal", "serious"),
    ("agency_practice", "practice_line", "patent", "trademark"),
    ("practitioner", "practice_line", "patent", "trademark"),
    ("practitioner", "status", "active", "cancelled", "left"),
    ("rating", "practice_line", "patent", "trademark"),
    ("inspector", "status", "active", "seconded", "left"),
    ("person_role", "role", "drafter", "approver", "auditor", "administrator", "inspector"),
    ("draw_step", "step", "announced", "approved", "drawn", "published", "named", "voided"),
    ("import_run", "mode", "all-or-nothing", "accept-good"),
    ("inspection", "stream", "drawn", "mandatory"),
    ("result_step", "step", "returned", "reviewed", "published"),
    ("audit_line", "outcome", "done", "refused", "failed"),
)

APPEND_ONLY = (
    "audit_line", "import_run", "credit_record", "rating", "draw_file", "draw_step", "draw_void_request",
    "draw_value", "draw_secret", "draw_pseudonym", "inspection_result", "result_step", "log_entry", "checkpoint",
)

WITH_TEXT = (
    "district", "inspection_item", "result_category", "legal_parameter", "person", "person_role", "session",
    "login_attempt", "audit_line", "import_run", "agency", "agency_practice", "practitioner", "credit_record",
    "inspector", "recusal", "rating", "draw", "draw_file", "draw_step", "draw_void_request", "draw_pseudonym",
    "inspection", "inspection_seat", "result_step", "log_entry", "checkpoint",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    for table, *columns in UNIQUE:
        await unique(table, *columns)
    for table, *columns in INDEXES:
        await index(table, *columns)
    for table, column, *values in ONE_OF:
        await one_of(table, column, *values)
    for table in WITH_TEXT:
        await limit_lengths(table)
    await check("recusal", "two_people", '"approved_by" <> "proposed_by"')
    await check("draw_step", "two_people", '"second_by" <> "by"')
    for table in APPEND_ONLY:
        await append_only(table)
    await freeze_parent("draw_step", "draw")
    announced = 'EXISTS (SELECT 1 FROM "draw_step" WHERE "draw_step"."draw" = OLD."id")'
    await refuse("draw", "UPDATE", "frozen", "an announced draw is frozen", when=announced)
    await refuse("draw", "DELETE", "kept", "a draw is never removed")
