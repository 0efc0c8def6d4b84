"""Versions of items, plans and leads are only added; two people stand behind each."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

from agency_credit.database.portable import append_only, check, drop_one_of, limit_lengths, one_of, refuse, unique

ID = "2026-11-27T12:30:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of items, plans and leads"

UNIQUE = (
    ("inspection_item", "number", "code"),
    ("annual_plan_draft", "year"),
    ("annual_plan", "year", "number"),
    ("annual_plan", "change"),
    ("lead_inspection", "inspection"),
    ("lead_inspection", "change"),
)
ONE_OF = (
    ("inspection_item", "limit_status", "found", "unverified", "entered"),
    ("inspection_item", "origin", "shipped", "office"),
    ("lead_inspection", "lead_kind", "complaint", "transferred", "monitoring"),
)
APPEND_ONLY = ("inspection_item", "annual_plan", "lead_inspection")
KINDS = ("rule", "record", "items", "plan", "lead")
STREAMS = ("drawn", "mandatory", "lead")
UNAPPROVED = (
    'NEW."change" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "change_decision" WHERE '
    '"change_decision"."request" = NEW."change" AND "change_decision"."verdict" = \'approved\')'
)
SHIPPED = (
    ("P1", "执业许可条件的保持"),
    ("P2", "合伙人、股东及法定代表人的情况"),
    ("P3", "年度报告的真实性与一致性"),
    ("P4", "列入经营异常名录的情形"),
    ("P5", "内部管理制度的建立和执行"),
    ("P6", "专利代理师的执业条件和备案"),
    ("P7", "无资质从事专利代理业务"),
    ("T1", "商标代理机构备案及其变更、延续"),
    ("T2", "内部管理制度（质量管理、利益冲突审查、恶意申请筛查、投诉处理、保密、档案）"),
    ("T3", "从业人员信息的备案"),
)
"""As they shipped before: nobody changed them, and the next start adds them again with all their columns."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_keep_items)
    manager.add_raw(_constrain)
    return manager


async def _keep_items() -> None:
    """Items that this office entered become the first version of its list, from today on."""
    run = engine_finder().run_ddl
    for code, title in SHIPPED:
        await run(f"DELETE FROM \"inspection_item\" WHERE \"code\" = '{code}' AND \"title\" = '{title}'")
    await run('UPDATE "inspection_item" SET "applies_from" = CURRENT_DATE, "known_at" = CURRENT_TIMESTAMP')


async def _constrain() -> None:
    run = engine_finder().run_ddl
    await run('DROP INDEX "inspection_item_code_unique"')
    for table, *columns in UNIQUE:
        await unique(table, *columns)
    await drop_one_of("change_request", "kind")
    await one_of("change_request", "kind", *KINDS)
    await drop_one_of("inspection", "stream")
    await one_of("inspection", "stream", *STREAMS)
    for table, column, *values in ONE_OF:
        await one_of(table, column, *values)
    for table in ("annual_plan_draft", "annual_plan", "lead_inspection"):
        await limit_lengths(table)
    await check("inspection_item", "new_lengths", 'length("fraction") <= 24 AND length("body") <= 60')
    await check("inspection_item", "known", '"applies_from" IS NOT NULL AND "known_at" IS NOT NULL')
    await check("inspection_item", "decided", '"change" IS NOT NULL OR "origin" <> \'office\'')
    await check("inspection_item", "order", '"repealed_on" >= "applies_from"')
    await check(
        "inspection",
        "lead",
        "NOT (\"draw\" IS NULL AND \"stream\" IN ('drawn', 'mandatory')) "
        "AND NOT (\"draw\" IS NOT NULL AND \"stream\" = 'lead')",
    )
    for table in APPEND_ONLY:
        await append_only(table)
        await refuse(table, "INSERT", "two_people", "it takes a change that another person approved", when=UNAPPROVED)
