"""The importer's pages: sent once, shown row by row, explained, taken in, told of and undone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agency_credit.database.tables import Agency, ImportColumn, ImportRun, ImportUpload, Inspector, LogEntry
from agency_credit.domain.role import Role
from tests import world as worlds
from tests.integration.console import desk_of

FILES = Path(__file__).parents[2] / "seeds" / "data" / "office"
ROSTER = FILES / "执法检查人员名录库.xlsx"


@pytest.fixture
def settings(databases, tmp_path):
    """One database is enough: the services are tested on both."""
    return databases.fresh("sqlite", tmp_path)


@pytest.fixture
async def world(office, clock):
    return await worlds.build_world(office, clock)


async def send(desk, path, kind="inspectors", **fields):
    """Send a file; the address of its preview."""
    answer = await send_bytes(desk, path.name, path.read_bytes(), kind, **fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def send_bytes(desk, name, content, kind="inspectors", **fields):
    return await desk.send("/admin/import", {"kind": kind, **fields}, files={"file": (name, content)})


def roster(*rows, header="姓名,执法证号,单位,状态"):
    return "\n".join([header, *rows]).encode()


async def test_a_preview_stores_no_row_and_names_every_fault(world):
    before = await Inspector.count()
    async with desk_of(world.office, "drafter") as desk:
        page = await desk.open(await send(desk, ROSTER))
    assert page.status_code == 200
    assert "Sheet!B20" in page.text
    assert "只导入无误的 18 行" in page.text
    assert await Inspector.count() == before


async def test_what_was_previewed_is_taken_in_without_a_second_upload_and_twice_changes_nothing(world):
    before = await Inspector.count()
    async with desk_of(world.office, "drafter") as desk:
        path = await send(desk, ROSTER)
        first = await desk.send(f"{path}/commit", {"mode": "accept-good"})
        again = await desk.send(f"{path}/commit", {"mode": "accept-good"})
    assert "已导入" in first.text
    assert "没有带来任何变化" in again.text
    assert await Inspector.count() == before + 18
    assert await ImportRun.count() == 1


async def test_all_or_nothing_keeps_a_faulty_list_out(world):
    before = await Inspector.count()
    async with desk_of(world.office, "drafter") as desk:
        path = await send(desk, ROSTER)
        answer = await desk.send(f"{path}/commit", {"mode": "all-or-nothing"})
    assert "未保存任何内容" in answer.text
    assert await Inspector.count() == before


async def test_a_change_is_shown_cell_by_cell_and_states_filter_the_rows(world):
    content = roster(
        "人1,鲁C00001,新单位,借调", "人2,鲁C00002,,", "新人,鲁C00077,,", ",鲁C00078,,", "新人,鲁C00077,,"
    )
    await Inspector.update({Inspector.name: "人1", Inspector.organisation: "旧单位"}).where(
        Inspector.certificate == "鲁C00001"
    )
    async with desk_of(world.office, "drafter") as desk:
        path = (await send_bytes(desk, "名录.csv", content)).headers["location"]
        whole = (await desk.open(path)).text
        changed = (await desk.open(f"{path}?rows=changed")).text
        faulty = (await desk.open(f"{path}?rows=faulty")).text
        nonsense = await desk.open(f"{path}?rows=nonsense&page=99")
    assert re.search(r"<del>旧单位</del> → <ins>新单位</ins>", changed)
    assert re.search(r"<del>在岗</del> → <ins>借调</ins>", changed)
    assert "鲁C00077" in whole
    assert "鲁C00077" not in changed
    assert "鲁C00078" in faulty
    assert "请补充" in faulty or "为空" in faulty
    assert "鲁C00001" not in faulty
    assert nonsense.status_code == 200
    assert "鲁C00001" in nonsense.text


async def test_rows_come_fifty_to_a_page(world):
    content = roster(*(f"人{n},鲁D{n:05d},," for n in range(120)))
    async with desk_of(world.office, "drafter") as desk:
        path = (await send_bytes(desk, "名录.csv", content)).headers["location"]
        pages = [(await desk.open(f"{path}?page={n}")).text for n in (1, 2, 3)]
    shown = [re.findall(r"鲁D\d{5}", page) for page in pages]
    assert [len(set(found)) for found in shown] == [50, 50, 20]
    assert "第 2 页，共 3 页" in pages[1]
    assert f'href="{path}?page=3"' in pages[1]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("名单.pdf", b"%PDF-1.7", "xlsx"),
        ("名单.xlsx", b"PK\x03\x04 cut off", "名单.xlsx"),
        ("名单.csv", b"", "名单.csv"),
        ("名单.xls", b"<html><table>", "html"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_at_its_field_and_not_kept(world, name, content, said):
    async with desk_of(world.office, "drafter") as desk:
        answer = await send_bytes(desk, name, content)
    assert answer.status_code == 422
    assert 'href="#field-file"' in answer.text
    assert said in answer.text
    assert await ImportUpload.count() == 0


@pytest.mark.parametrize("fields", [{"kind": "inspectors"}, {"kind": "nonsense"}, {}])
async def test_a_form_without_file_or_kind_says_what_is_missing(world, fields):
    async with desk_of(world.office, "drafter") as desk:
        answer = await desk.send("/admin/import", fields)
    assert answer.status_code == 422
    assert "请选择文件" in answer.text


async def test_a_file_is_its_owners_alone(world):
    await worlds.add_account(world.office, "other", Role.DRAFTER)
    async with desk_of(world.office, "drafter") as desk:
        path = await send(desk, ROSTER)
    async with desk_of(world.office, "other") as desk:
        answers = [await desk.open(path)]
        answers += [
            await desk.send(f"{path}/{step}", {"mode": "accept-good", "column-0": "name"})
            for step in ("commit", "columns", "abandon")
        ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert await ImportUpload.count() == 1
    assert await ImportRun.count() == 0


async def test_a_file_is_gone_after_a_day_and_the_next_one_clears_it_away(world):
    async with desk_of(world.office, "drafter") as desk:
        path = await send(desk, ROSTER)
    world.clock.forward(hours=25)
    async with desk_of(world.office, "drafter") as desk:
        assert (await desk.open(path)).status_code == 404
        assert (await desk.send(f"{path}/commit", {"mode": "accept-good"})).status_code == 404
        await desk.open("/admin/import")
        await send(desk, ROSTER)
    assert await ImportUpload.count() == 1


async def test_a_file_can_be_deleted_at_once_and_five_are_kept_at_most(world):
    async with desk_of(world.office, "drafter") as desk:
        paths = [
            (await send_bytes(desk, f"{n}.csv", roster(f"甲,鲁E{n},,"))).headers["location"] for n in range(7)
        ]
        assert await ImportUpload.count() == 5
        assert (await desk.open(paths[0])).status_code == 404
        await desk.open("/admin/import")
        assert (await desk.send(f"{paths[-1]}/abandon")).status_code == 303
    assert await ImportUpload.count() == 4


async def test_a_heading_is_explained_once_used_from_then_on_and_taken_back(world):
    content = roster("甲,鲁F1,,", header="人的名字,证件,单位,状态")
    async with desk_of(world.office, "drafter") as desk:
        path = (await send_bytes(desk, "名录.csv", content)).headers["location"]
        page = (await desk.open(path)).text
        assert "名单暂时无法读取" in page
        assert 'name="column-0"' in page
        assert "人的名字" in page
        refused = await desk.send(f"{path}/columns", {"column-0": "name", "column-1": "name"})
        assert refused.status_code == 422
        assert (await desk.send(f"{path}/columns", {})).status_code == 422
        assert (await desk.send(f"{path}/columns", {"column-0": "nonsense"})).status_code == 422
        await desk.send(f"{path}/columns", {"column-0": "name", "column-1": "certificate"})
        page = (await desk.open(path)).text
        assert "“人的名字”读作“姓名”" in page
        assert "您于" in page
        assert "导入全部 1 行" in page
        again = (await send_bytes(desk, "名录2.csv", content)).headers["location"]
        assert "导入全部 1 行" in (await desk.open(again)).text
        (number,) = {row["id"] for row in await ImportColumn.select() if row["field"] == "name"}
        back = await desk.send(f"/admin/import/columns/{number}/forget", {"upload": again.rsplit("/", 1)[1]})
        assert back.headers["location"] == again
        assert "名单暂时无法读取" in (await desk.open(again)).text
        assert (await desk.send(f"/admin/import/columns/{number}/forget")).status_code == 404
        assert "证件" in (await desk.open("/admin/import")).text


async def test_an_import_has_a_page_with_its_proof_and_can_be_undone(world):
    before = await Inspector.count()
    async with desk_of(world.office, "drafter") as desk:
        path = (await send_bytes(desk, "名录.csv", roster("甲,鲁G1,,"))).headers["location"]
        done = (await desk.send(f"{path}/commit", {"mode": "all-or-nothing"})).text
        run = re.search(r"/admin/imports/\d+", done)[0]
        page = (await desk.open(run)).text
        proof = re.search(r"/log/proof/(\d+)", page)
        entry = await LogEntry.select().where(LogEntry.index == int(proof[1])).first()
        assert b"roster.imported" in bytes(entry["entry"])
        assert (await desk.open(proof[0])).status_code == 200
        assert run in (await desk.open("/admin/imports")).text
        await desk.open(run)
        nameless = await desk.send(f"{run}/undo", {"reason": ""})
        assert nameless.status_code == 422
        undone = await desk.send(f"{run}/undo", {"reason": "导错了文件"})
        assert undone.status_code == 303
        page = (await desk.open(run)).text
        assert "本次导入已撤销" in page
        assert "导错了文件" in page
        assert (await desk.send(f"{run}/undo", {"reason": "再来"})).status_code == 422
    assert await Inspector.count() == before


async def test_what_stands_in_the_way_of_undoing_is_named_on_the_page(world):
    async with desk_of(world.office, "drafter") as desk:
        path = (await send_bytes(desk, "名录.csv", roster("甲,鲁G1,,"))).headers["location"]
        done = (await desk.send(f"{path}/commit", {"mode": "all-or-nothing"})).text
        run = re.search(r"/admin/imports/\d+", done)[0]
        await worlds.add_account(world.office, "jia", Role.INSPECTOR, certificate="鲁G1")
        answer = await desk.send(f"{run}/undo", {"reason": "导错了文件"})
    assert answer.status_code == 422
    assert "已有账号与其关联" in answer.text
    assert await Inspector.exists().where(Inspector.certificate == "鲁G1")


async def test_only_those_who_import_open_the_pages(world):
    async with desk_of(world.office, "approver") as desk:
        pages = ("/admin/import", "/admin/import/1", "/admin/imports", "/admin/imports/1")
        answers = [await desk.open(page) for page in pages]
    assert {answer.status_code for answer in answers} == {403}


async def test_an_upload_larger_than_any_list_is_refused(world):
    n_agencies = await Agency.count()
    async with desk_of(world.office, "drafter") as desk:
        answer = await send_bytes(desk, "a.csv", b"x" * (12 * 1024 * 1024), "agencies")
    assert answer.status_code == 413
    assert await Agency.count() == n_agencies
    assert await ImportUpload.count() == 0


async def test_ten_gigabytes_are_cut_off_while_they_come_in(world):
    n_sent = 0

    async def flood():
        nonlocal n_sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        while n_sent < 10 * 1024**3:
            n_sent += 1024**2
            yield bytes(1024**2)

    async with desk_of(world.office, "drafter") as desk:
        answer = await desk.client.post(
            "/admin/import",
            content=flood(),
            headers={"Content-Type": "multipart/form-data; boundary=x", "X-CSRF-Token": desk.token},
        )
    assert answer.status_code == 413
    assert n_sent <= 13 * 1024**2
    assert await ImportUpload.count() == 0
