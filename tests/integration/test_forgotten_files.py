"""What was forgotten is in no file either: not in the next backup, not in the file of the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agency_credit.database.tables import CreditRecord, SealedRecord
from agency_credit.services import backup_box
from agency_credit.services.backup import make_backup, make_key_backup
from agency_credit.services.backup_box import BoxReader
from agency_credit.services.backup_lines import read_lines
from agency_credit.services.import_file import import_file
from agency_credit.services.log_fsck import check_log
from agency_credit.services.office import Office, close_office, open_office
from agency_credit.services.people import load_actor
from agency_credit.services.restore import Target, restore_backup
from agency_credit.services.sealed_archive import open_sealed
from agency_credit.settings import Settings
from tests.backups import OPENER, OWNER
from tests.conftest import PACKS, Clock
from tests.databases import KINDS, Databases
from tests.integration.forgotten import DOCUMENT, HEAD, LIST, Told, shows, tell_everywhere
from tests.integration.test_forgetting import forget


@pytest.fixture(autouse=True)
def cheap_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive keys with the least effort."""
    monkeypatch.setattr(backup_box, "SCRYPT_N", 2)


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Settings]:
    """An empty place of either kind to restore into."""
    with databases.blank(request.param, tmp_path / "elsewhere") as settings:
        yield settings


@pytest.fixture
async def told(office: Office, clock: Clock) -> Told:
    """A record that got everywhere."""
    return await tell_everywhere(office, clock)


@pytest.fixture
def embedded(databases: Databases, tmp_path: Path) -> Settings:
    """A fresh database in a file."""
    return databases.fresh("sqlite", tmp_path)


def lines_of(file: Path) -> list[bytes]:
    """What is inside a backup."""
    with file.open("rb") as box:
        return [line for line, _ in read_lines(BoxReader(box, OPENER))]


async def test_the_next_backup_holds_only_what_is_sealed_and_comes_back(
    there: Settings, told: Told, tmp_path: Path, clock: Clock
) -> None:
    office, old, new, keys = told.world.office, tmp_path / "old", tmp_path / "new", tmp_path / "keys"
    await make_backup(office, OWNER, old, OPENER)
    assert sum(map(shows, lines_of(old))) > 5
    number = await forget(told.world, told.commitment)
    await make_backup(office, OWNER, new, OPENER)
    await make_key_backup(office, OWNER, keys, OPENER)
    assert [line for line in lines_of(new) if shows(line)] == []
    await close_office(office)
    target = Target(folder=there.data, database=there.database)
    await restore_backup(keys, OPENER, target, actor=OWNER, clock=clock)
    await restore_backup(new, OPENER, target, actor=OWNER, clock=clock)
    again = await open_office(there, clock=clock, packs_folder=PACKS)
    assert again.log_state.fork is None
    assert (await check_log([s.verifier for s in again.keys.load_log_signers()])).faults == []
    auditor = await load_actor("auditor")
    assert auditor is not None
    opened = await open_sealed(again, auditor, number, "复核修复决定")
    assert {DOCUMENT} == {p.columns["document_number"] for p in opened.pieces if p.table == "credit_record"}
    n_records = await CreditRecord.count().where(CreditRecord.kind != "")
    report = await import_file(again, told.world.drafter, "records", "一月.csv", (HEAD + LIST).encode())
    assert (report.new, report.forgotten) == (0, 1)
    assert await CreditRecord.count().where(CreditRecord.kind != "") == n_records > 0
    assert not await CreditRecord.exists().where(CreditRecord.document_number == DOCUMENT)
    await close_office(again)


async def test_an_older_backup_is_not_taken_without_a_decision(
    there: Settings, told: Told, tmp_path: Path, clock: Clock
) -> None:
    office, old, keys = told.world.office, tmp_path / "old", tmp_path / "keys"
    await make_backup(office, OWNER, old, OPENER)
    await forget(told.world, told.commitment)
    head = (office.keys.folder / "checkpoint").read_text()
    await make_key_backup(office, OWNER, keys, OPENER)
    await close_office(office)
    target = Target(folder=there.data, database=there.database, older=True)
    await restore_backup(keys, OPENER, target, actor=OWNER, clock=clock)
    await restore_backup(old, OPENER, target, actor=OWNER, clock=clock, head=head)
    again = await open_office(there, clock=clock, packs_folder=PACKS)
    assert again.log_state.fork is not None
    assert not await SealedRecord.exists()
    await close_office(again)


async def test_the_file_of_the_embedded_database_is_rid_of_it(embedded: Settings, clock: Clock) -> None:
    office = await open_office(embedded, clock=clock, packs_folder=PACKS)
    told = await tell_everywhere(office, clock)
    file = embedded.database_file
    files = [file, file.with_name(f"{file.name}-wal")]
    assert any(shows(path.read_bytes()) for path in files)
    await forget(told.world, told.commitment)
    assert [path.name for path in files if shows(path.read_bytes())] == []
    await close_office(office)
    assert not shows(file.read_bytes())
