"""The annual cap and the days until publication stand in the profile alone, dated and decided by two people."""

import json
from datetime import UTC, datetime
from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

from agency_credit.domain.canonical import format_canonical

ID = "2026-11-27T12:30:03:000000"
VERSION = "1.38.0"
DESCRIPTION = "one place for the annual cap and the days until publication"

KEYS = {"annual_cap": "annual-cap", "publication_working_days": "results-published"}
"""What the office entered beside the profile, and what the profile calls it."""
GONE = (*KEYS, "annual_cap_basis")


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_move)
    return manager


async def _move() -> None:
    """Numbers that the office entered become a step of the profile of its area, as two people would make it."""
    run = engine_finder().run_ddl
    rows = await run('SELECT "key", "value" FROM "legal_parameter"')
    values = {row["key"]: row["value"].strip() for row in rows or ()}
    for instrument, known in await _find_profiles(values.get("office_code", "")):
        entered = {
            name: int(values[key])
            for key, name in KEYS.items()
            if values.get(key, "").isdecimal() and known.get(name) != int(values[key])
        }
        if entered:
            await _append_step(instrument, entered, values.get("office_name") or "office")
    for key in GONE:
        await run(f"DELETE FROM \"legal_parameter\" WHERE \"key\" = '{key}'")


async def _append_step(instrument: str, entered: dict[str, int], office: str) -> None:
    now = datetime.now(UTC)
    day = now.date().isoformat()
    amendments: list[Any] = [
        {
            "value": name,
            "number": number,
            "source": "/admin/reference",
            "entered_by": office,
            "entered_on": day,
        }
        for name, number in entered.items()
    ]
    content = format_canonical(amendments).decode().replace("'", "''")
    await engine_finder().run_ddl(
        'INSERT INTO "rule_version" '
        '("instrument", "number", "kind", "content", "applies_from", "origin", "known_at") '
        f"SELECT '{instrument}', MAX(\"number\") + 1, 'values', '{content}', '{day}', 'office', "
        f"'{now:%Y-%m-%d %H:%M:%S}+00:00' FROM \"rule_version\" WHERE \"instrument\" = '{instrument}'"
    )


async def _find_profiles(code: str) -> list[tuple[str, dict[str, Any]]]:
    """Id and values of the profiles of the narrowest area around the office."""
    rows = await engine_finder().run_ddl(
        'SELECT "instrument", "content" FROM "rule_version" WHERE "kind" = \'file\' ORDER BY "number"'
    )
    files = {row["instrument"]: json.loads(row["content"]) for row in rows or ()}
    areas = {
        name: file.get("area", "")
        for name, file in files.items()
        if file.get("type") == "profile" and code.startswith(file.get("area", ""))
    }
    narrowest = max(map(len, areas.values()), default=0)
    return [
        (name, {value["key"]: value.get("value") for value in files[name].get("values", ())})
        for name, area in sorted(areas.items())
        if len(area) == narrowest
    ]
