"""`agency-credit draw …`: the draw protocol on files alone, without a database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import click

from agency_credit.cli.report import echo_rows, format_option, language

if TYPE_CHECKING:
    from agency_credit.domain.errors import Fault

_F = TypeVar("_F", bound=Callable[..., Any])

_FILES = {
    "plan": "plan.json",
    "targets": "targets.jsonl",
    "inspectors": "inspectors.jsonl",
    "recusals": "recusals.jsonl",
    "reveal": "reveal.json",
}


def _file_options(*names: str) -> Callable[[_F], _F]:
    def decorate(command: _F) -> _F:
        for name in reversed(names):
            help_ = f"{_FILES[name]}; - reads standard input."
            command = click.option(f"--{name}", type=click.File("rb"), required=True, help=help_)(command)
        return command

    return decorate


@click.group(name="draw")
def group() -> None:
    """The draw protocol double-random/1 on files alone."""


@group.command()
@_file_options("plan", "targets", "inspectors", "recusals", "reveal")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write to."
)
def compute(out: Path, **files: BinaryIO) -> None:
    """Compute a draw: write announcement.json and result.json, print their digests."""
    from agency_credit.domain.canonical import digest
    from agency_credit.sampling import compute_draw, parse_files, parse_reveal, review_outcome

    contents = _read(files)
    draw_files, reveal = parse_files(contents), parse_reveal(contents["reveal.json"])
    outcome = compute_draw(draw_files, reveal)
    for name, content in (("announcement.json", outcome.announcement), ("result.json", outcome.result)):
        _write(out, name, content)
        click.echo(f"{digest(content)}  {out / name}")
    for warning in review_outcome(draw_files, reveal, outcome):
        _echo_warning(warning)


@group.command()
@_file_options("plan", "targets", "inspectors", "recusals")
@click.option(
    "--times", type=click.IntRange(min=1), default=100, show_default=True, help="Number of rehearsals."
)
@format_option
def rehearse(times: int, form: str, **files: BinaryIO) -> None:
    """Play a draw with made-up seeds: sizes, loads, seats left unfilled."""
    import json

    from agency_credit.sampling import parse_files, rehearse, review_files
    from agency_credit.web.i18n import msgid, translate

    draw_files = parse_files(_read(files))
    played = rehearse(draw_files, times)
    note = msgid("REHEARSAL with {times} made-up seeds: it says nothing about who will be drawn")
    click.echo(translate(language(), note, times=times), err=form != "table")
    counts = {"drawn": played.drawn, "loads": played.loads, "unfilled": played.unfilled}
    if form == "json":
        click.echo(json.dumps({"times": times, **counts}, indent=1))
    else:
        rows = [
            {"of": of, "value": value, "times": n}
            for of, column in counts.items()
            for value, n in column.items()
        ]
        echo_rows(rows, form)
    for warning in review_files(draw_files):
        _echo_warning(warning)


def _read(files: dict[str, BinaryIO]) -> dict[str, bytes]:
    return {_FILES[name]: file.read() for name, file in files.items()}


def _write(folder: Path, name: str, content: bytes) -> None:
    from agency_credit.domain.errors import InputError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    except OSError as error:
        raise InputError(
            "draw.out", "cannot write {path}: {reason}; choose another folder",
            path=str(folder / name), reason=str(error.strerror),
        ) from error  # fmt: skip


def _echo_warning(warning: Fault) -> None:
    from agency_credit.web.i18n import translate_error

    click.echo(f"{warning.at}: {warning.code}: {translate_error(language(), warning)}", err=True)
