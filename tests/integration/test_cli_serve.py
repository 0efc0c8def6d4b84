"""`agency-credit serve`: it serves, keeps quiet about itself, and ends when it is told to."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
import uvicorn

from agency_credit.cli import run
from agency_credit.cli.serve import ended_by_signals, listen, server_config

COMMAND = [str(Path(sys.executable).with_name("agency-credit")), "serve", "--port", "0"]


@pytest.fixture
def environment(tmp_path):
    env = {key: value for key, value in os.environ.items() if not key.startswith("AGENCY_CREDIT")}
    return {**env, "AGENCY_CREDIT_DATA": str(tmp_path / "data"), "LC_ALL": "en_GB.UTF-8"}


def _serve(environment, *arguments):
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )
    for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return process, found[0]
    raise AssertionError(process.wait())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_end_and_then_ends_well(environment, number):
    process, address = _serve(environment)
    with urllib.request.urlopen(f"{address}/", timeout=90) as answer:  # waits until the service accepts
        assert answer.status == 200
        assert "server" not in answer.headers
        assert "set-cookie" not in answer.headers
    process.send_signal(number)
    assert process.communicate(timeout=90)[0] == ""
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_signal_that_comes_as_the_address_shows_ends_it(environment, number, workers):
    process, _ = _serve(environment, "--workers", workers)
    process.send_signal(number)
    said, _ = process.communicate(timeout=90)  # a worker that had begun may say which database it found
    assert "Traceback" not in said
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_the_server_runs_is_not_lost(number):
    async def app(scope, receive, send):
        raise AssertionError("nobody asks")

    server = uvicorn.Server(server_config(app, lifespan="off"))
    handlers = [signal.getsignal(handled) for handled in (signal.SIGINT, signal.SIGTERM)]
    with closing(listen("127.0.0.1", 0)) as listener, ended_by_signals(server):
        signal.raise_signal(number)
        server.run(sockets=[listener])  # ends by itself
    assert server.started
    assert [signal.getsignal(handled) for handled in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_several_workers_share_the_port_and_end_together(environment):
    process, address = _serve(environment, "--workers", "2")
    with urllib.request.urlopen(f"{address}/", timeout=90) as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=90) == 0


def test_a_port_that_is_taken_is_said_before_anything_is_done(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AGENCY_CREDIT_DATA", str(tmp_path / "data"))
    with closing(listen("127.0.0.1", 0)) as taken:
        assert run(["serve", "--port", str(taken.getsockname()[1])]) == 3
    assert capsys.readouterr().err.startswith("serve.address: ")
    assert not (tmp_path / "data").exists()
