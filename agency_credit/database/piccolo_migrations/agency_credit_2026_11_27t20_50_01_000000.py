"""What is appended only lets go of the rows of a record that was sealed, of these alone, and only to nothing."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import append_only, limit_lengths, one_of, refuse, unique, unless_sealed

ID = "2026-11-27T20:50:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "rows of sealed records can be emptied"

APPEND_ONLY = ("sealed_record", "sealed_place", "forgotten_record")
EMPTY, NO_LIST = "= ''", "= '[]'"
SHORTER = 'IS NOT NULL AND length(NEW."faults_json") < length(OLD."faults_json")'
BLANKED = {
    "credit_record": [
        {
            "kind": EMPTY,
            "document_number": EMPTY,
            "decided_on": "= '1970-01-01'",
            "authority": EMPTY,
            "summary": EMPTY,
            "evidence": EMPTY,
            "category": EMPTY,
            "procedure": EMPTY,
            "sanctions": EMPTY,
            "severity": EMPTY,
            "served_on": "IS NULL",
            "conduct_ended_on": "IS NULL",
            "digest": "= 'forgotten ' || OLD.\"id\"",
        }
    ],
    "rating": [
        {"score": "= 0", "tier": EMPTY, "lines_json": NO_LIST, "moved_json": NO_LIST},
        {"moved_json": NO_LIST},
    ],
    "change_request": [{"payload_json": "= '{}'", "reason": EMPTY, "applies_from": "IS NULL"}],
    "change_decision": [{"reason": EMPTY}],
    "import_run": [{"faults_json": SHORTER}],
    "case_step": [{"details_json": "IS NOT NULL"}],
}
"""What each column of a row becomes; a second set: only these, the others stay."""
DELETED = ("record_salt", "case_text", "case_file_content", "case_file")
IS_KEPT = (
    "NOT EXISTS (SELECT 1 FROM \"sealed_place\" WHERE \"place\" = '{table}' AND \"row\" = OLD.\"id\")"
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await unique("sealed_place", "place", "row", "sealed")
    await unique("sealed_record", "record")
    await unique("forgotten_record", "tag")
    await one_of("sealed_record", "reason", "repaired", "erased")
    for table in APPEND_ONLY:
        await append_only(table)
        await limit_lengths(table)
    for table, blanks in BLANKED.items():
        await unless_sealed(table, blanks=blanks)
    for table in ("record_event", "record_publication"):
        await unless_sealed(table, is_deleted=True)
    for table in DELETED:
        message = f"rows of {table} go with a record that is sealed"
        await refuse(table, "DELETE", "unless_sealed", message, when=IS_KEPT.replace("{table}", table))
