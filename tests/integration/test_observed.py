"""What the service says of itself: lines and numbers, and nothing that anybody entered."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from agency_credit.database.tables import Agency
from agency_credit.services.office import Office
from agency_credit.web.log_lines import ACCESS, JsonLines, describe_error, logging_config
from tests.conftest import Clock
from tests.integration.console import desk_of
from tests.integration.test_fork_guard import publish
from tests.visitor import visit
from tests.world import build_world, inspected, uscc

SECRETS = (
    "张三",
    "%E5%BC%A0",
    "13912345678",
    "swordfish-cookie",
    "correct horse battery",
    "370303199001011234",
    "zhang-san",
)


@pytest.fixture
def settings(databases, tmp_path):
    """One database is enough: what is tested here stands before the store."""
    return databases.fresh("sqlite", tmp_path)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What goes to standard error while every line is asked for, down to DEBUG."""
    out, handler = io.StringIO(), logging.StreamHandler()
    handler.setStream(out)
    handler.setFormatter(JsonLines())
    root, access = logging.getLogger(), logging.getLogger(ACCESS)
    before = root.level, access.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    access.setLevel(logging.INFO)
    yield out
    root.removeHandler(handler)
    root.setLevel(before[0])
    access.setLevel(before[1])


def read(out: io.StringIO, event: str = "request") -> list[dict[str, object]]:
    return [line for line in map(json.loads, out.getvalue().splitlines()) if line["event"] == event]


async def test_a_line_has_the_route_and_the_roles_and_nothing_that_was_entered(
    office: Office, clock: Clock, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    await build_world(office, clock, n_agencies=2, n_inspectors=2)
    async with visit(office) as client:
        client.cookies.set("ac_session", "swordfish-cookie")
        await client.get("/agencies", params={"q": "张三", "tier": "13912345678"})
        await client.get(f"/agencies/{quote('张三')}")
        await client.get(f"/nothing/{quote('张三')}/13912345678")
        await client.head("/draws/370303199001011234")
        await client.post("/admin/login", data={"username": "zhang-san", "password": "correct horse battery"})
        await client.post("/api/v1/session", json={"username": "张三", "password": "correct horse battery"})

        async def fail(*_: object) -> None:
            raise RuntimeError("13912345678 is the telephone of 张三")

        with monkeypatch.context() as patch:
            patch.setattr(Agency, "raw", fail)
            assert (await client.get("/agencies", params={"q": "张三"})).status_code == 500
    async with desk_of(office, "drafter") as desk:
        await desk.open("/admin/draws")
    found = lines.getvalue()
    assert [secret for secret in SECRETS if secret in found] == []
    requests = read(lines)
    assert [(r["method"], r["route"], r["status"]) for r in requests][:7] == [
        ("GET", "/agencies", 400),
        ("GET", "/agencies/{uscc}", 404),
        ("GET", "(none)", 400),
        ("HEAD", "/draws/{draw}", 404),
        ("POST", "/admin/login", 422),
        ("POST", "/api/v1/session", 422),
        ("GET", "/agencies", 500),
    ]
    assert requests[-1]["roles"] == ["drafter"]
    assert requests[-1]["route"] == "/admin/draws"
    assert set(requests[0]) == {
        "time", "level", "logger", "event", "request", "method", "route", "roles", "status", "ms",
    }  # fmt: skip
    (unhandled,) = read(lines, "unhandled error")
    assert unhandled["request"] == requests[6]["request"]
    (error,) = unhandled["errors"]
    assert error["type"] == "builtins.RuntimeError"
    assert any(
        re.fullmatch(r"agency_credit/services/register\w*\.py:\d+ \w+", frame) for frame in error["frames"]
    )


async def test_the_id_of_a_request_goes_back_to_whoever_sent_it(office: Office, lines: io.StringIO) -> None:
    async with visit(office) as client:
        answers = [await client.get("/", headers={"X-Request-Id": "zhang-san"}) for _ in range(2)]
        tag = answers[0].headers["etag"]
        again = await client.get("/", headers={"If-None-Match": tag})
    ids = [answer.headers["x-request-id"] for answer in (*answers, again)]
    assert [line["request"] for line in read(lines)] == ids
    assert len(set(ids)) == 3
    assert [line["status"] for line in read(lines)] == [200, 200, 304]


def test_other_loggers_say_their_template_and_none_of_its_values(lines: io.StringIO) -> None:
    logging.getLogger("some.library").warning("cannot read %s\nof %s", "张三", "13912345678")
    try:
        try:
            raise ValueError("张三")
        except ValueError as error:
            raise RuntimeError("13912345678") from error
    except RuntimeError as error:
        logging.getLogger("some.library").exception("failed")
        described = describe_error(error)
    assert [one["type"] for one in described] == ["builtins.RuntimeError", "builtins.ValueError"]
    found = lines.getvalue()
    assert "cannot read %s" in found
    assert "张三" not in found
    assert "13912345678" not in found


def test_without_being_asked_only_failures_leave_lines() -> None:
    quiet, talking = logging_config(has_access_lines=False), logging_config(has_access_lines=True)
    assert quiet["loggers"][ACCESS]["level"] == "WARNING"
    assert talking["loggers"][ACCESS]["level"] == "INFO"
    assert quiet["handlers"]["stderr"]["class"] == "logging.StreamHandler"


# --- metrics --------------------------------------------------------------------------------------------


async def test_metrics_open_to_nobody_without_a_token_set_and_sent(office: Office) -> None:
    async with visit(office) as client:
        answer = await client.get("/metrics", headers={"Authorization": "Bearer "})
        assert (answer.status_code, answer.json()["code"]) == (404, "metrics.off")
    async with visit(opened(office)) as client:
        for sent in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "tök".encode()}):
            answer = await client.get("/metrics", headers=sent)
            assert (answer.status_code, answer.json()["code"]) == (403, "metrics.token")
        assert (await client.get("/metrics", headers={"Authorization": "Bearer t0ken"})).status_code == 200


def opened(office: Office) -> Office:
    """The same office with a token for its metrics."""
    return replace(office, settings=replace(office.settings, metrics_token="t0ken"))


async def test_metrics_count_by_template_and_name_nobody(office: Office, clock: Clock) -> None:
    world = await build_world(office, clock, n_agencies=4)
    await inspected(world)
    await publish(office)
    async with visit(opened(office)) as client:
        await client.get(f"/agencies/{uscc(1)}")
        await client.get("/agencies", params={"q": "张三"})
        answer = await client.get("/metrics", headers={"Authorization": "Bearer t0ken"})
        assert answer.headers["content-type"].count("charset") == 1, "Prometheus refuses a second one"
        text = answer.text
    names = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    assert {
        "agency_credit_requests_total", "agency_credit_request_seconds", "agency_credit_log_entries",
        "agency_credit_log_head_age_seconds", "agency_credit_inspections_open", "agency_credit_read_only",
    } <= names  # fmt: skip
    assert 'route="/agencies/{uscc}",status="200"' in text
    assert "agency_credit_log_unsigned_entries 0.0" in text
    assert 'agency_credit_draw_steps{step="drawn"} 1.0' in text
    assert "agency_credit_read_only 0.0" in text
    for word in ("张三", "91370302MA", "drafter", "淄博"):
        assert word not in text


def test_workers_share_their_counters_and_say_one_line_a_request(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AGENCY_CREDIT")}
    environment |= {"AGENCY_CREDIT_DATA": str(tmp_path / "data"), "LC_ALL": "en_GB.UTF-8"}
    environment["AGENCY_CREDIT_METRICS_TOKEN"] = "t0ken"
    environment["TMPDIR"] = str(tmp_path)  # other services on this machine have folders of their own
    command = [
        str(Path(sys.executable).with_name("agency-credit")),
        "serve",
        "--port",
        "0",
        "--workers",
        "2",
        "--access-log",
    ]
    errors = (tmp_path / "stderr").open("w")
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert process.stdout is not None
    address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert address is not None
    request = urllib.request.Request(f"{address[0]}/metrics", headers={"Authorization": "Bearer t0ken"})
    try:
        for n in range(20):
            with urllib.request.urlopen(f"{address[0]}/agencies?q={quote('张三')}{n}", timeout=90):
                pass
        with urllib.request.urlopen(request, timeout=90) as answer:
            text = answer.read().decode()
    finally:
        process.terminate()
        process.communicate(timeout=90)
    counted = re.search(r'requests_total\{method="GET",route="/agencies",status="200"\} (\S+)', text)
    assert counted is not None
    assert float(counted[1]) == 20
    said = [json.loads(line) for line in (tmp_path / "stderr").read_text().splitlines()]
    assert len([line for line in said if line.get("route") == "/agencies"]) == 20
    assert "张三" not in (tmp_path / "stderr").read_text()
    assert quote("张三") not in (tmp_path / "stderr").read_text()
    assert list(tmp_path.glob("agency-credit-metrics-*")) == []
