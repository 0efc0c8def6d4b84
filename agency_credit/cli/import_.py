"""`agency-credit import KIND FILE`: lists of an office into the register."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from agency_credit.cli.report import echo_rows, format_option, language
from agency_credit.cli.run_office import as_option, load_operator_of, run_in_office
from agency_credit.domain.errors import Fault, InputError
from agency_credit.domain.spreadsheet import format_harmless_cell
from agency_credit.services.import_answer import make_answer
from agency_credit.services.import_file import ImportReport, import_file
from agency_credit.services.import_format import MAX_FILE_BYTES
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.record_publication import publish_new
from agency_credit.web.i18n import translate, translate_error

if TYPE_CHECKING:
    from agency_credit.services.office import Office


@click.command("import")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("file", type=click.File("rb"))
@click.option(
    "--practice-line",
    type=click.Choice(["patent", "trademark"]),
    help="Of a list of agencies or practitioners in which no column says it.",
)
@click.option("--dry-run", is_flag=True, help="Read and check; store nothing.")
@click.option(
    "--on-error",
    "mode",
    type=click.Choice(["all-or-nothing", "accept-good"]),
    default="all-or-nothing",
    show_default=True,
    help="What to do with the good rows when there are faulty ones.",
)
@click.option(
    "--report",
    "report_path",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the faults to this csv file too; to an xlsx, the whole list with what became of each row.",
)
@format_option
@as_option
def command(
    kind: str,
    file: BinaryIO,
    report_path: Path | None,
    form: str,
    user: str | None,
    dry_run: bool,
    **options: Any,
) -> int:
    """Import a list from FILE (xlsx, xls or csv; - reads standard input).

    Exit status 1 when rows are faulty; every fault is named with its cell or line.
    """
    path = getattr(file, "name", "<stdin>")
    name = "-" if path == "<stdin>" else Path(path).name
    content = file.read(MAX_FILE_BYTES + 1)  # enough to be refused

    async def work(office: Office) -> ImportReport:
        actor = await load_operator_of(user)
        report = await import_file(office, actor, kind, name, content, is_dry_run=dry_run, **options)
        if report.run is not None and kind == "records":
            await publish_new(office, actor)
        if report_path is not None and report_path.suffix.lower() == ".xlsx":
            tell = partial(translate_error, language())
            _write_report(report_path, await make_answer(name, content, kind, report.outcomes, tell))
        return report

    if report_path is not None:
        _write_report(report_path, b"")  # before anything is stored: it may not be possible
    report = run_in_office(work)
    rows = [_fault_row(fault) for fault in report.faults]
    if report_path is not None and report_path.suffix.lower() != ".xlsx":
        _write_report(report_path, _format_csv(rows))
    _echo(report, rows, form, is_dry_run=dry_run)
    return 1 if report.n_errors else 0


def _write_report(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError(
            "import.report",
            "the report cannot be written to {path} ({reason}); choose another file",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error


def _fault_row(fault: Fault) -> dict[str, str | int]:
    return {
        "at": int(fault.at) if fault.at.isdecimal() else fault.at,
        "code": fault.code,
        "severity": fault.severity,
        "message": translate_error(language(), fault),
    }


def _echo(report: ImportReport, rows: list[dict[str, str | int]], form: str, *, is_dry_run: bool) -> None:
    if form == "json":
        click.echo(json.dumps({**report.counts(), "faults": rows}, ensure_ascii=False, indent=1))
    elif form == "csv":
        click.echo(_format_csv(rows).decode("utf-8-sig"), nl=False)
    else:
        echo_rows(rows, form)
        click.echo(
            translate(
                language(),
                "New: {new}. Changed: {changed}. Same as before: {same}. Repeated: {repeated}.",
                **report.counts(),
            )
        )
        if report.forgotten:
            click.echo(translate(language(), "Repaired, not taken in again: {n}.", n=report.forgotten))
    if report.rerated:
        click.echo(translate(language(), "Rated anew: {n}.", n=report.rerated), err=True)
    click.echo(_outcome(report, is_dry_run=is_dry_run), err=True)


def _outcome(report: ImportReport, *, is_dry_run: bool) -> str:
    tongue = language()
    if report.is_committed and not (report.new or report.changed):
        return translate(tongue, "Nothing changed: the register says all of this already.")
    if report.is_committed:
        return translate(tongue, "Stored. Errors whose rows were left out: {n}.", n=report.n_errors)
    if is_dry_run:
        return translate(tongue, "Nothing was stored: this was a dry run.")
    return translate(
        tongue,
        "Nothing was stored because of {n} errors: mend them and import again, or take the good rows with "
        "--on-error accept-good.",
        n=report.n_errors,
    )


def _format_csv(rows: list[dict[str, str | int]]) -> bytes:
    """Faults as csv with a BOM, for the spreadsheet programs here; no cell becomes a formula in them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["at", "code", "severity", "message"])
    writer.writerows([[format_harmless_cell(value) for value in row.values()] for row in rows])
    return out.getvalue().encode("utf-8-sig")
