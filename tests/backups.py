"""What tests of backups share: who makes them, what opens them, boxes with made-up content."""

from __future__ import annotations

from pathlib import Path

from agency_credit.domain.role import OPERATOR, Actor
from agency_credit.services.backup_box import BoxWriter, Opener
from agency_credit.services.backup_lines import LineWriter

OWNER = Actor(username="operator", roles=OPERATOR)
OPENER = Opener(passphrase="correct horse battery")


def write_box(path: Path, lines: list[object], opener: Opener = OPENER) -> None:
    """A file that opens with the passphrase and holds whatever somebody made up."""
    with path.open("wb") as file:
        writer = LineWriter(BoxWriter(file, opener))
        for line in lines:
            writer.write(line)
        writer.finish()
