"""`agency-credit serve`: the pages and the API over HTTP."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from agency_credit.cli.report import language
from agency_credit.cli.run_office import run_in_office
from agency_credit.domain.errors import UnavailableError

if TYPE_CHECKING:
    from litestar import Litestar
    from uvicorn import Config, Server

    from agency_credit.services.office import Office

HOST, PORT = "127.0.0.1", 8000

port_option = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="0: any that is free.",
)


@click.command("serve")
@click.option("--host", default=HOST, show_default=True, help="Address to listen at.")
@port_option
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
@click.option("--access-log", is_flag=True, help="A line on standard error for each request.")
def command(host: str, port: int, workers: int, access_log: bool) -> None:
    """Serve until SIGINT or SIGTERM; migrates the database first."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    listener = listen(host, port)
    run_in_office(_do_nothing)  # migrates, and says what is wrong before a server starts
    app = make_app()  # likewise: a worker that cannot start would be started again for ever
    if workers == 1:
        server = uvicorn.Server(server_config(app, has_access_lines=access_log))
        with ended_by_signals(server), listener:
            echo_address(listener)
            server.run(sockets=[listener])
    else:
        config = server_config(
            "agency_credit.cli.serve:make_app", factory=True, workers=workers, has_access_lines=access_log
        )
        supervisor = Multiprocess(config, sockets=[listener])  # it takes the signals from here on
        with listener, _shared_counters():
            echo_address(listener)
            supervisor.run()


def make_app() -> Litestar:
    """The application on the office of the environment; every worker makes its own."""
    from agency_credit.app import create_app
    from agency_credit.settings import Settings

    return create_app(Settings.from_environment(os.environ))


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; workers share it.

    Raises
    ------
    UnavailableError
        The port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise UnavailableError(
            "serve.address",
            "cannot listen at {host} port {port} ({reason}); choose another with --host and --port",
            host=host,
            port=port,
            reason=error.strerror or str(error),
        ) from error
    listener.set_inheritable(True)
    return listener


def server_config(app: Any, *, has_access_lines: bool = False, **options: Any) -> Config:
    """How the server runs: it names no software, and keeps no log of who looked at what, unless asked to."""
    import uvicorn

    from agency_credit.web.log_lines import logging_config

    return uvicorn.Config(
        app,
        server_header=False,
        access_log=False,  # uvicorn's own tells paths and queries
        log_level="warning",
        log_config=logging_config(has_access_lines=has_access_lines),
        **options,
    )


def echo_address(listener: socket.socket) -> None:
    """Say where the service is."""
    from agency_credit.web.i18n import translate

    host, port = listener.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    click.echo(translate(language(), "Serving at {address} — stop with Ctrl+C.", address=address))


@contextmanager
def ended_by_signals(server: Server) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the server without an error.

    Also one that comes before it runs, as when somebody stops it at once after its address shows, and the
    one that it raises again after its end.
    """
    handled = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, server.handle_exit) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _shared_counters() -> Iterator[None]:
    """A folder in which the workers keep what `/metrics` adds up; they find it in their environment."""
    import tempfile

    from agency_credit.web.metrics import SHARED_FOLDER

    with tempfile.TemporaryDirectory(prefix="agency-credit-metrics-") as folder:
        os.environ[SHARED_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[SHARED_FOLDER]


async def _do_nothing(office: Office) -> None:
    """Opening the office has migrated it."""
