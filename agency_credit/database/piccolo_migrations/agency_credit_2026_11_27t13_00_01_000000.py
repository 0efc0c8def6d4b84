"""What holds for records of inspections: each member once, over these bytes; two people for what weighs."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import append_only, check, drop_one_of, index, limit_lengths, one_of, refuse, unique

ID = "2026-11-27T13:00:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of records of inspections"

UNIQUE = (
    ("result_confirmation", "result", "inspector"),
    ("result_confirmation", "result", "by"),
    ("result_submission", "person", "key"),
    ("result_draft", "inspection", "person"),
    ("result_withdrawal", "result"),
    ("photograph", "inspection", "source_digest"),
    ("photograph", "inspection", "digest"),
    ("photograph_content", "photograph"),
    ("recusal_application", "inspection", "inspector"),
    ("recusal_decision", "application"),
    ("follow_up", "result"),
)
ONE_OF = (
    ("result_step", "step", "confirmed", "returned", "rejected", "reviewed", "published", "withdrawn"),
    ("photograph", "kind", "photo", "signed"),
    ("recusal_decision", "verdict", "granted", "refused"),
    (
        "follow_up_step", "step", "ordered", "rechecked", "penalty", "handed-over", "replied", "noted",
        "close-asked", "close-refused", "closed",
    ),
)
APPEND_ONLY = (
    "result_confirmation", "result_submission", "result_withdrawal", "photograph", "photograph_content",
    "recusal_application", "recusal_decision", "follow_up", "follow_up_step",
)

SEATS_OF_RESULT = (
    '"inspection_seat" JOIN "inspection_result" ON "inspection_result"."inspection" = "inspection_seat"."inspection"'
)
NOT_ON_TEAM = (
    f'NOT EXISTS (SELECT 1 FROM {SEATS_OF_RESULT} WHERE "inspection_result"."id" = NEW."result" '
    'AND "inspection_seat"."inspector" = NEW."inspector")'
)
OTHER_ACCOUNT = (
    'NOT EXISTS (SELECT 1 FROM "person" WHERE "person"."id" = NEW."by" AND "person"."inspector" = NEW."inspector")'
)
OTHER_DIGEST = (
    'NOT EXISTS (SELECT 1 FROM "inspection_result" WHERE "inspection_result"."id" = NEW."result" '
    'AND "inspection_result"."digest" = NEW."digest" AND length(NEW."digest") = 64)'
)
CHANGED_SINCE = (
    'EXISTS (SELECT 1 FROM "inspection_result" "later", "inspection_result" "this" WHERE "this"."id" = NEW."result" '
    'AND "later"."inspection" = "this"."inspection" AND "later"."version" > "this"."version")'
)
UNCONFIRMED = (
    "NEW.\"step\" = 'confirmed' AND (EXISTS (SELECT 1 FROM "
    f'{SEATS_OF_RESULT} WHERE "inspection_result"."id" = NEW."result" AND NOT EXISTS (SELECT 1 FROM '
    '"result_confirmation" WHERE "result_confirmation"."result" = NEW."result" '
    'AND "result_confirmation"."inspector" = "inspection_seat"."inspector")) '
    'OR (SELECT COUNT(*) FROM "result_confirmation" WHERE "result_confirmation"."result" = NEW."result") < 2)'
)
BEFORE_CONFIRMED = (
    "NEW.\"step\" = 'reviewed' AND NOT EXISTS (SELECT 1 FROM \"result_step\" "
    "WHERE \"result_step\".\"result\" = NEW.\"result\" AND \"result_step\".\"step\" = 'confirmed')"
)
JUDGED_BY_TEAM = (
    "NEW.\"step\" IN ('returned', 'rejected', 'reviewed') AND (EXISTS (SELECT 1 FROM "
    f'{SEATS_OF_RESULT} JOIN "person" ON "person"."inspector" = "inspection_seat"."inspector" '
    'WHERE "inspection_result"."id" = NEW."result" AND "person"."id" = NEW."by") '
    'OR EXISTS (SELECT 1 FROM "result_confirmation" WHERE "result_confirmation"."result" = NEW."result" '
    'AND "result_confirmation"."by" = NEW."by") '
    'OR EXISTS (SELECT 1 FROM "inspection_result" WHERE '
    '"inspection_result"."id" = NEW."result" AND "inspection_result"."entered_by" = NEW."by"))'
)
WITHDRAWN_BY_ONE = (
    "NEW.\"step\" = 'withdrawn' AND NOT EXISTS (SELECT 1 FROM \"result_withdrawal\" WHERE "
    '"result_withdrawal"."result" = NEW."result" AND "result_withdrawal"."asked_by" <> NEW."by")'
)
DECIDED_BY_TEAM = (
    'EXISTS (SELECT 1 FROM "recusal_application" WHERE "recusal_application"."id" = NEW."application" '
    'AND ("recusal_application"."recorded_by" = NEW."by" OR EXISTS (SELECT 1 FROM "inspection_seat" JOIN "person" '
    'ON "person"."inspector" = "inspection_seat"."inspector" WHERE "person"."id" = NEW."by" '
    'AND "inspection_seat"."inspection" = "recusal_application"."inspection")))'
)
CLOSED_BY_ONE = (
    "NEW.\"step\" = 'closed' AND NOT EXISTS (SELECT 1 FROM \"follow_up_step\" \"asked\" WHERE "
    '"asked"."follow_up" = NEW."follow_up" AND "asked"."step" = \'close-asked\' AND "asked"."by" <> NEW."by")'
)
AFTER_CLOSED = (
    'EXISTS (SELECT 1 FROM "follow_up_step" "before" WHERE "before"."follow_up" = NEW."follow_up" '
    "AND \"before\".\"step\" = 'closed')"
)
REFUSED = (
    ("result_confirmation", "team", "only a member of the team confirms a result", NOT_ON_TEAM),
    ("result_confirmation", "account", "a member confirms under his own account", OTHER_ACCOUNT),
    ("result_confirmation", "digest", "the confirmation is over another form", OTHER_DIGEST),
    ("result_confirmation", "latest", "the form was changed since", CHANGED_SINCE),
    ("result_step", "confirmed", "every member of the team, two at least, confirms first", UNCONFIRMED),
    ("result_step", "reviewed", "a result is confirmed before it is reviewed", BEFORE_CONFIRMED),
    ("result_step", "two_people", "nobody judges the result of his own team", JUDGED_BY_TEAM),
    ("result_step", "withdrawn", "two people withdraw a result", WITHDRAWN_BY_ONE),
    ("recusal_decision", "two_people", "neither the team nor who recorded it decides on a recusal", DECIDED_BY_TEAM),
    ("follow_up_step", "two_people", "nobody closes a follow-up by himself", CLOSED_BY_ONE),
    ("follow_up_step", "open", "the follow-up is closed", AFTER_CLOSED),
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await drop_one_of("result_step", "step")
    for table, *columns in UNIQUE:
        await unique(table, *columns)
    for table, column, *values in ONE_OF:
        await one_of(table, column, *values)
    for table in (*APPEND_ONLY, "result_draft", "notice"):
        await limit_lengths(table)
    for table in APPEND_ONLY:
        await append_only(table)
    await check("inspection_result", "digest", 'length("digest") <= 64')  # SQLite holds no lengths by itself
    await check("follow_up_step", "order", '"due_on" >= "on"')
    await index("notice", "person", "read_at", "shown_from")
    for table, name, message, when in REFUSED:
        await refuse(table, "INSERT", name, message, when=when)
