"""Two people where the design asks two, roles that exclude each other, and one code for one invitation."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import check, index, limit_lengths, one_of, refuse, unique

ID = "2026-11-27T12:20:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "two people, exclusive roles"

UNIQUE = (
    ("invitation", "code_digest"),
    ("person_totp", "person"),
    ("recovery_code", "person", "code_digest"),
    ("past_password", "person", "password_hash"),
    ("security_setting", "key"),
)
NEW_TEXT = ("invitation", "recovery_code", "past_password", "security_setting")

OTHER_ROLE = 'SELECT 1 FROM "person_role" "r" WHERE "r"."person" = NEW."person" AND "r"."role"'
EXCLUDED = (
    f"""(NEW."role" IN ('audit', 'agency') AND EXISTS ({OTHER_ROLE} <> NEW."role")) """
    f"""OR EXISTS ({OTHER_ROLE} IN ('audit', 'agency') AND "r"."role" <> NEW."role") """
    f"""OR (NEW."role" = 'system' AND EXISTS ({OTHER_ROLE} = 'security')) """
    f"""OR (NEW."role" = 'security' AND EXISTS ({OTHER_ROLE} = 'system'))"""
)
DRAW = 'SELECT 1 FROM "draw" "d" WHERE "d"."id" = NEW."draw"'
BY_AUTHOR = (
    f"""NEW."step" = 'approved' AND ("""
    f"""EXISTS ({DRAW} AND "d"."drafted_by" = NEW."by") """
    """OR EXISTS (SELECT 1 FROM "draw_step" "s" WHERE "s"."draw" = NEW."draw" AND "s"."step" = 'announced' """
    """AND "s"."by" = NEW."by") """
    """OR EXISTS (SELECT 1 FROM "audit_line" "a" JOIN "draw" "d" ON "d"."draw" = "a"."subject" """
    """JOIN "person" "p" ON "p"."username" = "a"."actor" WHERE "a"."action" = 'draw.change' """
    """AND "a"."outcome" = 'done' AND "d"."id" = NEW."draw" AND "p"."id" = NEW."by"))"""
)
NOT_ASKED_BY_ANOTHER = (
    """NEW."step" = 'voided' AND NOT EXISTS (SELECT 1 FROM "draw_void_request" "q" """
    """WHERE "q"."draw" = NEW."draw" AND "q"."requested_by" = NEW."second_by" AND "q"."requested_by" <> NEW."by")"""
)
BY_ENTERER = (
    """NEW."step" IN ('reviewed', 'returned') AND EXISTS (SELECT 1 FROM "inspection_result" "r" """
    """WHERE "r"."id" = NEW."result" AND "r"."entered_by" = NEW."by")"""
)
OTHER_PEOPLE = (
    'OLD."approved_at" IS NOT NULL AND (COALESCE(OLD."proposed_by", 0) <> COALESCE(NEW."proposed_by", 0) '
    'OR COALESCE(OLD."approved_by", 0) <> COALESCE(NEW."approved_by", 0))'
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    manager.add_raw(_ask_two_people)
    return manager


async def _constrain() -> None:
    for table, *columns in UNIQUE:
        await unique(table, *columns)
    for table in NEW_TEXT:
        await limit_lengths(table)
    await check("session", "new_length", 'length("address") <= 64 AND length("agent") <= 200')
    await check("audit_line", "new_length", 'length("chain") <= 64')
    await one_of("security_setting", "status", "found", "unverified", "entered")
    await index("audit_line", "subject")  # who changed a draft stands in its lines
    await index("audit_line", "actor")


async def _ask_two_people() -> None:
    exclude = "these roles exclude each other"
    await refuse("person_role", "INSERT", "exclude", exclude, when=EXCLUDED)
    await refuse("person_role", "UPDATE", "kept", "a role is given and taken away, never changed")
    await refuse(
        "person", "UPDATE", "name_kept", "audit lines name people by it", when='OLD."username" <> NEW."username"'
    )
    await refuse("draw_step", "INSERT", "by_author", "nobody approves the draw he prepared", when=BY_AUTHOR)
    await refuse(
        "draw_step", "INSERT", "void_alone", "a draw is voided as another person asked", when=NOT_ASKED_BY_ANOTHER
    )
    await refuse("result_step", "INSERT", "by_enterer", "nobody reviews the result he entered", when=BY_ENTERER)
    await refuse("recusal", "UPDATE", "people_kept", "an approved recusal keeps its two people", when=OTHER_PEOPLE)
    await check("recusal", "approved_whole", '("approved_by" IS NULL) = ("approved_at" IS NULL)')
