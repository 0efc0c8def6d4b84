"""Several processes start on an empty place at once: one makes everything, all go on."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from admin.imports import LARGEST_REQUEST as OF_IMPORTS
from admin.record_form import LARGEST_REQUEST as OF_RECORDS
from admin.rules import LARGEST_REQUEST as OF_RULES
from agency_credit.settings import Settings
from tests.databases import KINDS, Databases

N = 4
PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from agency_credit.database.tables import District, LegalParameter, RuleVersion
from agency_credit.services.office import close_office, open_office
from agency_credit.settings import Settings

async def main():
    office = await open_office(Settings(data=Path(sys.argv[1]), database=sys.argv[2] or None))
    keys = [signer.verifier.public_key.hex() for signer in office.keys.load_log_signers()]
    rows = [await table.count() for table in (District, LegalParameter, RuleVersion)]
    print(json.dumps([keys, rows, office.log_state.fork]))
    await close_office(office)

asyncio.run(main())
"""


@pytest.fixture(params=KINDS)
def blank(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a place where nothing ever started."""
    with databases.blank(request.param, tmp_path) as settings:
        yield settings


def test_processes_that_start_at_once_make_one_office(blank: Settings) -> None:
    command = [sys.executable, "-c", PROGRAM, str(blank.data), blank.database or ""]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(N)
    ]
    said = [process.communicate(timeout=240) for process in processes]
    assert [(process.returncode, err) for process, (_, err) in zip(processes, said, strict=True)] == [
        (0, "")
    ] * N
    answers = [json.loads(out) for out, _ in said]
    assert answers == [answers[0]] * N
    keys, rows, fork = answers[0]
    assert (len(keys), fork) == (1, None)
    assert min(rows) > 0


def test_the_proxy_of_the_documentation_lets_the_largest_form_through() -> None:
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
    found = re.search(r"client_max_body_size (\d+)m;", text)
    assert found is not None
    assert int(found[1]) * 2**20 == max(OF_IMPORTS, OF_RECORDS, OF_RULES)
