"""The demo: the whole main job by one command, from messy lists to a draw that anybody can verify."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from agency_credit.cli import run
from agency_credit.cli.demo import own_folder
from agency_credit.cli.run_office import run_in_office
from agency_credit.domain.errors import RefusedError
from agency_credit.domain.role import Role
from agency_credit.services.sessions import Visitor, begin_login, finish_login, open_session
from agency_credit.verification import verify_draw
from agency_credit.web.labels import LABELS
from seeds.generate import RULES

COMMAND = [str(Path(sys.executable).with_name("agency-credit"))]


def _environment():
    env = {key: value for key, value in os.environ.items() if not key.startswith(("AGENCY_CREDIT", "LC_"))}
    return {**env, "LANG": "zh_CN.UTF-8", "PYTHONIOENCODING": "utf-8"}


def _start(*arguments):
    command = [*COMMAND, "demo", *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=_environment(), stdout=pipe, stderr=pipe, encoding="utf-8")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo that was played and is served: its folder, what it said, its address."""
    data = tmp_path_factory.mktemp("demo") / "data"
    process = _start("--data", data, "--port", "0")
    said = ""
    for line in process.stdout:
        said += line
        if found := re.search(r"http://127\.0\.0\.1:[0-9]+", line):
            break
    else:
        raise AssertionError(process.communicate()[1])
    yield data, said, found[0]
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=90) == ("", "")
    assert process.returncode == 0


@pytest.fixture
def of_demo(demo, monkeypatch):
    """The environment of an office that is the demo's."""
    monkeypatch.setenv("AGENCY_CREDIT_DATA", str(demo[0]))
    monkeypatch.delenv("AGENCY_CREDIT_DATABASE", raising=False)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    return demo


def test_every_fault_of_the_lists_is_named_with_its_place(demo):
    data, said, _ = demo
    truth = json.loads((data / "office" / "truth.json").read_text("utf-8"))
    faults = [fault for file in truth.values() for fault in file["faults"]]
    assert len(faults) > 8
    assert [f"{at} {code}" for at, code in faults] == [
        f"{at} {code}" for at, code in re.findall(r"^ +(\S+) \[\S+\] ([a-z.-]+): ", said, re.MULTILINE)
    ]


def test_every_step_of_the_main_job_is_said_in_order_with_its_page(demo):
    words = [
        "导入",
        "回避",
        "评级",
        "每日任务",
        "激活函",
        "作废",
        "公告",
        "第二人批准",
        "抽取，只此一次",
        "顺位递补",
    ]
    words += ["录入检查结果", "复核", "提出异议", "信用修复", "公布抽取", "验算", "后续处理", "移送"]
    words += ["信用情况证明", "下一次抽查", "登录"]
    said = demo[1]
    places = []
    for word in words:
        places.append(said.index(word, places[-1] if places else 0))
    assert places == sorted(places)
    assert said.count("→ /") >= len(words)


def test_it_says_that_everything_is_made_up_and_the_clock_is_not_real(demo):
    first_line = demo[1].splitlines()[0]
    assert "虚构" in first_line
    assert "时钟" in first_line
    assert "不是任何法律" in demo[1]


def test_the_bundle_verifies_by_the_script_alone_and_a_changed_one_does_not(demo, tmp_path):
    (bundle,) = (demo[0] / "bundles").iterdir()
    names = {path.name for path in bundle.iterdir()}
    assert {"plan.json", "announcement.json", "reveal.json", "result.json", "names.jsonl"} <= names
    command = [sys.executable, "-I", "-S", verify_draw.__file__]
    assert subprocess.run([*command, str(bundle)], check=False).returncode == 0
    for path in bundle.iterdir():
        content = path.read_bytes()
        (tmp_path / path.name).write_bytes(content.replace(b"+ 09", b"+ 08"))
    assert subprocess.run([*command, str(tmp_path)], check=False, capture_output=True).returncode == 1


def test_two_people_stand_behind_the_draw_and_another_body_beside_them(demo):
    (bundle,) = (demo[0] / "bundles").iterdir()
    plan = json.loads((bundle / "plan.json").read_text("utf-8"))
    assert len({source.get("party") for source in plan["entropy"]} - {None}) == 2
    assert sum(source["kind"] == "public" for source in plan["entropy"]) == 3
    targets = [json.loads(line) for line in (bundle / "targets.jsonl").read_text("utf-8").splitlines()]
    assert any(target["mandatory"] for target in targets)


def test_every_page_that_it_names_answers(demo):
    _, said, address = demo
    pages = sorted(set(re.findall(r"→ (/\S*)", said)))
    assert len(pages) > 10
    for page in pages:  # those of the console lead to the login
        with urllib.request.urlopen(address + page, timeout=90) as answer:
            assert answer.status == 200
            is_inside = page.startswith(("/admin", "/desk"))
            assert answer.url.startswith(f"{address}/admin/login" if is_inside else address)


def test_whoever_it_names_can_log_in(demo, of_demo):
    accounts = re.findall(r"^(\S+) +(demo-\S+-2026) +(\S+) ", demo[1], re.MULTILINE)
    assert {role for *_, role in accounts} == {role.value for role in Role}

    async def work(office):
        return [await open_session(office, username, password) for username, password, _ in accounts[:5]]

    assert len(set(run_in_office(work))) == 5


def test_people_of_an_agency_log_in_with_the_codes_that_it_prints(demo, of_demo):
    people = re.findall(r"^ +(agency[0-9]+)  ((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}) ", demo[1], re.MULTILINE)
    assert len(people) == 2

    async def work(office):
        for username, code in people:
            token, ticket = await begin_login(office, username, f"demo-{username}-2026", Visitor())
            assert (token, bool(ticket)) == ("", True)
            assert await finish_login(office, ticket, code, Visitor())

    run_in_office(work)


def test_the_tier_of_the_agency_follows_objection_and_repair_and_the_repaired_record_is_gone(demo):
    followed = re.findall(r"^ +(/agencies/\S+)  /admin/\w+/\d+  (\S+) → (\S+)$", demo[1], re.MULTILINE)
    assert len(followed) == 2
    assert all(before != after for _, before, after in followed)
    with urllib.request.urlopen(demo[2] + followed[0][0], timeout=90) as answer:
        page = answer.read().decode()
    assert "通报批评" in page
    assert "未与委托人订立书面委托合同" not in page  # the warning that was repaired
    assert "7 件专利申请" not in page  # what was objected to


def test_every_message_that_somebody_got_has_words(demo):
    with closing(sqlite3.connect(demo[0] / "agency-credit.db")) as store:
        kinds = {kind for (kind,) in store.execute("SELECT kind FROM notice")}
    assert len(kinds) > 12
    assert kinds <= set(LABELS["notice"])


def test_score_gives_the_answer_outsiders_rely_on(of_demo, capsys):
    arguments = ["score", "--on", "2026-11-23", "--rules", str(RULES), "--format", "json"]
    assert run(arguments) == 0
    out = capsys.readouterr()
    answers = json.loads(out.out)
    assert len(answers) == 100
    assert {"subject", "on", "pack", "score", "tier", "lines"} <= set(answers[0])
    assert {answer["tier"] for answer in answers} >= {"A+", "A", "B", "C", "D"}
    assert "made up" in out.err


def test_score_explains_the_points_of_one_agency(of_demo, capsys):
    run(["score", "--on", "2026-11-23", "--rules", str(RULES), "--format", "json"])
    worst = min(json.loads(capsys.readouterr().out), key=lambda answer: float(answer["score"]))
    arguments = ["score", "--on", "2026-11-23", "--rules", str(RULES), "--subject", worst["subject"]]
    assert run([*arguments, "--explain"]) == 0
    explained = capsys.readouterr().out
    assert f"{worst['score']} points, tier D" in explained
    assert run(arguments) == 0
    assert all(line["clause"] in capsys.readouterr().out for line in worst["lines"][:1])


def test_score_uses_the_rules_that_the_office_keeps_and_says_that_they_are_made_up(of_demo, capsys):
    assert run(["score", "--on", "2026-11-23", "--format", "json"]) == 0
    out = capsys.readouterr()
    assert {answer["pack"] for answer in json.loads(out.out)} == {
        "fictional-patent-agency",
        "fictional-trademark-agency",
    }
    assert "made up" in out.err


def test_score_of_an_unknown_agency_is_unusable_input(of_demo, capsys):
    assert run(["score", "--subject", "91370303MA00000000"]) == 2
    assert capsys.readouterr().err.startswith("agency.unknown: ")


def test_a_second_demo_begins_without_the_first_and_touches_nothing_else(demo, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(demo[0], data)
    (data / "note.txt").write_text("kept")
    with own_folder(data):
        assert sorted(path.name for path in data.iterdir()) == ["demo.lock", "note.txt"]
    assert (demo[0] / "agency-credit.db").exists()


def test_a_folder_with_an_office_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "agency-credit.db"
    file.write_bytes(b"an office's work")
    refused = _start("--data", tmp_path, "--no-serve")
    out, err = refused.communicate(timeout=90)
    assert (refused.returncode, out) == (3, "")
    assert err.startswith("demo.folder: ")
    assert file.read_bytes() == b"an office's work"
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_a_folder_in_which_a_demo_runs_is_refused(tmp_path):
    with own_folder(tmp_path), pytest.raises(RefusedError) as caught, own_folder(tmp_path):
        pass
    assert caught.value.code == "demo.running"
