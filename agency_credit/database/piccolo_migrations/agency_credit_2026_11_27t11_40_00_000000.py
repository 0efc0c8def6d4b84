"""Three administrators in place of one, a publisher, people of an agency."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

from agency_credit.database.portable import drop_one_of, one_of

ID = "2026-11-27T11:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "roles"

ROLES = ("system", "security", "audit", "drafter", "approver", "publisher", "inspector", "agency")


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_rename)
    return manager


async def _rename() -> None:
    """An administrator goes on to open accounts; the operator of the machine names the system administrator.

    An auditor holds no other role from now on; an approver goes on to publish.
    """
    run = engine_finder().run_ddl
    await drop_one_of("person_role", "role")
    await run("UPDATE \"person_role\" SET \"role\" = 'security' WHERE \"role\" = 'administrator'")
    await run("UPDATE \"person_role\" SET \"role\" = 'audit' WHERE \"role\" = 'auditor'")
    audits = "(SELECT \"person\" FROM \"person_role\" WHERE \"role\" = 'audit')"
    await run(f"DELETE FROM \"person_role\" WHERE \"role\" <> 'audit' AND \"person\" IN {audits}")
    await run(
        "INSERT INTO \"person_role\" (\"person\", \"role\") "
        "SELECT \"person\", 'publisher' FROM \"person_role\" WHERE \"role\" = 'approver'"
    )
    await one_of("person_role", "role", *ROLES)
