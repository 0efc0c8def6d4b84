"""Two people for a change, one history a rule file; a salt for each record that is there already."""

import secrets

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

from agency_credit.database.portable import append_only, check, index, limit_lengths, one_of, refuse, unique
from agency_credit.domain.canonical import digest, format_canonical

ID = "2026-11-27T06:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of rules and records that change"

UNIQUE = (
    ("change_decision", "request"),
    ("rule_version", "instrument", "number"),
    ("record_salt", "record"),
    ("record_salt", "commitment"),
)
ONE_OF = (
    ("change_request", "kind", "rule", "record"),
    ("change_decision", "verdict", "approved", "rejected", "withdrawn"),
    ("rule_version", "kind", "file", "values"),
    ("rule_version", "origin", "shipped", "office"),
    ("record_event", "event", "withdrawn", "suspended", "resumed", "assessed", "entered", "repaired"),
)
APPEND_ONLY = ("change_request", "change_decision", "rule_version", "record_event")
BY_PROPOSER = (
    "NEW.\"verdict\" IN ('approved', 'rejected') AND EXISTS (SELECT 1 FROM \"change_request\" "
    'WHERE "change_request"."id" = NEW."request" AND "change_request"."proposed_by" = NEW."by")'
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    manager.add_raw(_salt_known_records)
    return manager


async def _constrain() -> None:
    for table, *columns in UNIQUE:
        await unique(table, *columns)
    for table, column, *values in ONE_OF:
        await one_of(table, column, *values)
    for table in (*APPEND_ONLY, "record_salt"):
        await limit_lengths(table)
    for table in APPEND_ONLY:
        await append_only(table)
    await check("record_event", "order", '"until" >= "on"')
    await check("credit_record", "evidence", 'length("evidence") <= 64')  # SQLite holds no lengths by itself
    await index("credit_record", "known_at")
    await index("record_event", "known_at")
    await refuse(
        "change_decision", "INSERT", "two_people", "nobody decides what he proposed himself", when=BY_PROPOSER
    )


async def _salt_known_records() -> None:
    engine = engine_finder()
    rows = await engine.run_ddl(
        'SELECT r."id", r."authority", r."decided_on", r."document_number", r."kind", r."summary", a."uscc" '
        'FROM "credit_record" r JOIN "agency" a ON a."id" = r."agency"'
    )
    for row in rows or ():
        salt = secrets.token_bytes(32)
        body = {
            "authority": row["authority"],
            "decided_on": str(row["decided_on"]),
            "document": row["document_number"],
            "kind": row["kind"],
            "subject": row["uscc"],
            "summary": row["summary"],
        }
        commitment = digest(salt + format_canonical(body))
        literal = f"X'{salt.hex()}'" if engine.engine_type == "sqlite" else f"'\\x{salt.hex()}'::bytea"
        await engine.run_ddl(
            'INSERT INTO "record_salt" ("record", "salt", "commitment") '
            f"VALUES ({int(row['id'])}, {literal}, '{commitment}')"
        )
