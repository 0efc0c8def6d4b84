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
    instrument, known = await _find_profile(values.get("office_code", ""))
    today = datetime.now(UTC)
    amendments = [
        {
            "value": KEYS[key],
            "number": int(values[key]),
            "source": f"/admin/reference, {key}",
            "entered_by": values.get("office_name") or "office",
            "entered_on": today.date().isoformat(),
        }
        for key in KEYS
        if values.get(key, "").isdecimal() and known.get(KEYS[key]) != int(values[key])
    ]
    if instrument and amendments:
        content = format_canonical(amendments).decode().replace("'", "''")
        await run(
            'INSERT INTO "rule_version" ("instrument", "number", "kind", "content", "applies_from", "origin", "known_at")'
            f" SELECT '{instrument}', MAX(\"number\") + 1, 'values', '{content}', '{today.date()}', 'office', "
            f"'{today:%Y-%m-%d %H:%M:%S}+00:00' FROM \"rule_version\" WHERE \"instrument\" = '{instrument}'"
        )
    for key in GONE:
        await run(f"DELETE FROM \"legal_parameter\" WHERE \"key\" = '{key}'")


async def _find_profile(code: str) -> tuple[str, dict[str, Any]]:
    """Id and values of the profile of the narrowest area around the office."""
    rows = await engine_finder().run_ddl(
        'SELECT "instrument", "content" FROM "rule_version" WHERE "kind" = \'file\' ORDER BY "number"'
    )
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for row in rows or ():
        file = json.loads(row["content"])
        if file.get("type") == "profile" and code.startswith(file.get("area", "")):
            values = {value["key"]: value.get("value") for value in file.get("values", ())}
            found[row["instrument"]] = (file.get("area", ""), values)
    if not found:
        return "", {}
    best = max(found, key=lambda name: (len(found[name][0]), name))
    return best, found[best][1]
