"""Two people for every change of a team; a seat of the lottery is filled by a draw alone."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import (
    append_only,
    check,
    drop_one_of,
    limit_lengths,
    one_of,
    refuse,
    unique,
)

ID = "2026-11-27T12:50:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of reserves and teams"

APPEND_ONLY = ("reserve_call", "team_change")
ONE_OF = (
    ("inspection", "stream", "drawn", "mandatory", "lead", "reserve"),
    ("change_request", "kind", "rule", "record", "items", "plan", "lead", "reserve", "team"),
    ("reserve_call", "reason_code", "closed", "moved", "cancelled"),
    ("team_change", "kind", "emptied", "seated", "unseated", "sent", "dismissed"),
)
UNIQUE = (
    ("reserve_call", "replaced"),
    ("reserve_call", "inspection"),
    ("reserve_call", "request"),
)
BY_LOT = '"kind" IN (\'seated\', \'unseated\')'
OF_A_SEAT = '"kind" IN (\'emptied\', \'seated\', \'unseated\')'
UNDECIDED = (
    'NEW."request" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "change_decision" WHERE '
    '"change_decision"."request" = NEW."request" AND "change_decision"."verdict" = \'approved\')'
)
NOT_DRAWN = (
    'NEW."supplement" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "draw_step" WHERE '
    '"draw_step"."draw" = NEW."supplement" AND "draw_step"."step" = \'drawn\')'
)
IS_OTHER = 'COALESCE(NEW."inspector", 0) <> COALESCE(OLD."inspector", 0)'
LAST = (
    'SELECT MAX("id") FROM "team_change" WHERE "team_change"."inspection" = NEW."inspection" '
    'AND "team_change"."seat" = NEW."seat"'
)
UNTOLD = (
    f'{IS_OTHER} AND NOT EXISTS (SELECT 1 FROM "team_change" "t" WHERE "t"."id" = ({LAST}) AND ('
    '("t"."kind" IN (\'emptied\', \'unseated\') AND "t"."inspector" = OLD."inspector" AND NEW."inspector" IS NULL) OR '
    '("t"."kind" = \'seated\' AND "t"."inspector" = NEW."inspector" AND OLD."inspector" IS NULL)))'
)
MOVED = 'NEW."inspection" <> OLD."inspection" OR NEW."seat" <> OLD."seat"'


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await drop_one_of("inspection", "stream")
    await drop_one_of("change_request", "kind")
    for table, column, *values in ONE_OF:
        await one_of(table, column, *values)
    for table, *columns in UNIQUE:
        await unique(table, *columns)
    for table in APPEND_ONLY:
        await limit_lengths(table)
        await append_only(table)
        await refuse(table, "INSERT", "two_people", "a second person has not approved this", when=UNDECIDED)
    await check("inspection", "reserve", '"stream" <> \'reserve\' OR "draw" IS NOT NULL')
    await check("team_change", "origin", f'({BY_LOT}) = ("supplement" IS NOT NULL)')
    await check("team_change", "request", f'({BY_LOT}) = ("request" IS NULL)')
    await check("team_change", "seat", f'({OF_A_SEAT}) = ("seat" IS NOT NULL)')
    await check("team_change", "who", f'({OF_A_SEAT}) = ("inspector" IS NOT NULL)')
    await refuse("team_change", "INSERT", "drawn", "only a draw fills a seat of the lottery", when=NOT_DRAWN)
    await refuse("inspection_seat", "UPDATE", "told", "no change of the team tells of this", when=UNTOLD)
    await refuse("inspection_seat", "UPDATE", "place", "a seat stays where it is", when=MOVED)
    await refuse("inspection_seat", "DELETE", "kept", "a seat is never removed")
