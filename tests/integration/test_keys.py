"""The key files: made once, kept private, tied to the database, clear when something is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from agency_credit.database import transaction
from agency_credit.domain.errors import UnavailableError
from agency_credit.domain.role import Actor
from agency_credit.services.draw_store import append_nonce
from agency_credit.services.keys import Keys, open_keys
from agency_credit.services.log import append_log_entry, sign_checkpoint
from agency_credit.services.office import Office

CONTEXT = "nonce D1 0"


async def sign_something(office: Office) -> None:
    async with transaction():
        await append_log_entry("draw.announced", "D1", {}, at=office.now(), is_committed=False)
    await sign_checkpoint(office)


async def refusal(office: Office) -> str:
    with pytest.raises(UnavailableError) as caught:
        await open_keys(office.settings)
    assert str(caught.value)
    return caught.value.code


async def test_the_files_are_private_and_stay_the_same(office: Office) -> None:
    folder = office.settings.keys
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["log.json", "secret.json"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
    before = [path.read_bytes() for path in sorted(folder.iterdir())]
    await open_keys(office.settings)
    assert [path.read_bytes() for path in sorted(folder.iterdir())] == before


async def test_a_sealed_value_opens_in_its_own_context_alone(office: Office) -> None:
    sealed = office.keys.seal(b"nonce", CONTEXT)
    assert office.keys.unseal(sealed, CONTEXT) == b"nonce"
    assert b"nonce" not in sealed
    assert office.keys.seal(b"nonce", CONTEXT) != sealed
    for other in ("nonce D1 1", "nonce D2 0", ""):
        with pytest.raises(UnavailableError):
            office.keys.unseal(sealed, other)


async def test_bytes_that_were_never_sealed_do_not_open(office: Office) -> None:
    for sealed in (b"", b"\x01", b"\x01" + b"0" * 12, b"\x02" + b"0" * 40):
        with pytest.raises(UnavailableError):
            office.keys.unseal(sealed, CONTEXT)


async def test_a_sealed_value_with_one_bit_changed_does_not_open(office: Office) -> None:
    sealed = office.keys.seal(b"nonce", CONTEXT)
    for place in range(len(sealed)):
        with pytest.raises(UnavailableError):
            office.keys.unseal(sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :], CONTEXT)


async def test_another_office_cannot_open_it(office: Office, tmp_path: Path) -> None:
    sealed = office.keys.seal(b"nonce", CONTEXT)
    shutil.copytree(office.settings.keys, tmp_path / "copy")
    secret = json.loads((tmp_path / "copy" / "secret.json").read_bytes())
    assert Keys(folder=tmp_path / "copy").unseal(sealed, CONTEXT) == b"nonce"
    assert secret["key"] not in office.settings.data.joinpath("keys", "log.json").read_text()


async def test_keys_that_others_may_read_are_refused(office: Office) -> None:
    for name in ("log.json", "secret.json", "."):
        path = office.settings.keys / name
        mode = path.stat().st_mode
        path.chmod(mode | 0o040)
        assert await refusal(office) == "keys.open"
        path.chmod(mode)


@pytest.mark.parametrize("name", ["log.json", "secret.json"])
async def test_a_damaged_file_is_named_and_not_replaced(office: Office, name: str) -> None:
    path = office.settings.keys / name
    for content in (b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"keys":[],"origin":"x","v":1}'):
        path.write_bytes(content)
        assert await refusal(office) == "keys.damaged"
        assert path.read_bytes() == content


@pytest.mark.parametrize(("name", "key"), [("log.json", "private"), ("secret.json", "key")])
async def test_one_changed_digit_of_a_key_is_noticed(office: Office, name: str, key: str) -> None:
    path = office.settings.keys / name
    text = path.read_text()
    start = text.index(f'"{key}":"') + len(key) + 4
    path.write_text(text[:start] + ("0" if text[start] != "0" else "1") + text[start + 1 :])
    assert await refusal(office) == "keys.damaged"


async def test_a_new_secret_is_not_made_while_sealed_values_exist(office: Office, operator: Actor) -> None:
    (office.settings.keys / "secret.json").unlink()
    await open_keys(office.settings)  # nothing is sealed yet: a fresh one is right
    await seal_a_nonce(office)
    (office.settings.keys / "secret.json").unlink()
    assert await refusal(office) == "keys.missing"
    assert not (office.settings.keys / "secret.json").exists()


async def test_a_new_signing_key_is_not_made_while_checkpoints_exist(office: Office) -> None:
    await sign_something(office)
    shutil.move(office.settings.keys / "log.json", office.settings.data / "aside")
    assert await refusal(office) == "keys.missing"


async def test_the_signing_key_of_another_log_is_refused(office: Office, tmp_path: Path) -> None:
    (office.settings.keys / "log.json").rename(tmp_path / "ours")
    await open_keys(office.settings)  # nothing is signed yet: a fresh one is right
    (office.settings.keys / "log.json").rename(tmp_path / "other")
    (tmp_path / "ours").rename(office.settings.keys / "log.json")
    await sign_something(office)
    (tmp_path / "other").replace(office.settings.keys / "log.json")
    assert await refusal(office) == "keys.foreign"


async def test_what_a_killed_process_left_is_no_obstacle(office: Office) -> None:
    (office.settings.keys / ".log.json.new").write_bytes(b"half")
    office.keys.append_log_key()
    assert len(office.keys.load_log_signers()) == 2
    assert not (office.settings.keys / ".log.json.new").exists()


async def test_two_offices_have_two_origins(office: Office, tmp_path: Path) -> None:
    (office.settings.keys / "log.json").rename(tmp_path / "first")
    await open_keys(office.settings)
    first = json.loads((tmp_path / "first").read_bytes())["origin"]
    assert json.loads((office.settings.keys / "log.json").read_bytes())["origin"] != first


async def seal_a_nonce(office: Office) -> None:
    from agency_credit.database.tables import Draw, Person

    person = Person(
        username="甲", display_name="甲", password_hash="", is_active=True, created_at=office.now()
    )
    await person.save()
    draw = Draw(
        draw="D1",
        title="t",
        authority="a",
        draft_json="{}",
        drafted_by=person.id,
        drafted_at=office.now(),
        changed_at=office.now(),
    )
    await draw.save()
    await append_nonce(office, draw.id, "D1", 0, "ab" * 32)
