"""The specification of the log and the code name the same types of entries."""

from __future__ import annotations

import re
from pathlib import Path

from agency_credit.domain.entry import EntryType

ROOT = Path(__file__).parents[2]
SPECIFICATION = (ROOT / "docs" / "spec" / "log.md").read_text("utf-8")


def test_the_types_of_item_4_are_those_of_the_code() -> None:
    item = next(line for line in SPECIFICATION.splitlines() if line.startswith("4. **Types.**"))
    assert re.findall(r"`([a-z_.]+)`", item.partition("Each has")[0]) == [kind.value for kind in EntryType]


def test_every_type_that_is_written_has_a_schema_and_no_other() -> None:
    written = {EntryType.KEY_ROTATED.value}
    for path in (ROOT / "agency_credit" / "services").glob("*.py"):
        written |= set(
            re.findall(r'(?:append_entry\(\s*|NewEntry\(kind=)"([a-z_.]+)"', path.read_text("utf-8"))
        )
    assert set(re.findall(r"^\| `([a-z_]+\.?[a-z_]*)` \|", SPECIFICATION, re.MULTILINE)) == written
