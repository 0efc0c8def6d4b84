"""How the command line speaks: errors on standard error with their code, answers in one of three forms."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from agency_credit.domain import errors
from agency_credit.domain.citation import Language
from agency_credit.domain.spreadsheet import format_harmless_cell

if TYPE_CHECKING:
    from agency_credit.scoring import RulePack

_STATUS: tuple[tuple[type[errors.AgencyCreditError], int], ...] = (
    (errors.VerificationError, 1),
    (errors.InputError, 2),
    (errors.NotFoundError, 2),
    (errors.RefusedError, 3),
    (errors.ForbiddenError, 3),
    (errors.UnavailableError, 3),
)

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="Form of the answer.",
)


def language() -> Language:
    """`zh` or `en`, from the locale of the environment; Chinese comes first."""
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "en" if named.startswith(("en", "C", "POSIX")) else "zh"


def report_error(error: Exception) -> int:
    """Say on standard error what went wrong and return the exit status for it."""
    if not isinstance(error, errors.AgencyCreditError):
        traceback.print_exception(error, file=sys.stderr)
        click.echo(f"internal-error: {error}", err=True)
        return 70
    from agency_credit.web.i18n import translate

    tongue = language()
    click.echo(f"{error.code}: {translate(tongue, error.template, **error.params)}", err=True)
    if isinstance(error, errors.FaultsError):
        for fault in error.faults:
            text = translate(tongue, fault.template, **fault.params)
            click.echo(f"  {fault.at}: {fault.code}: {text}", err=True)
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 70)


def echo_banners(packs: Iterable[RulePack]) -> None:
    """Say on standard error what is to be said of made-up packs, each once."""
    banners = {pack.banner.in_language(language()) for pack in packs if pack.banner is not None}
    for banner in sorted(banners):
        click.echo(banner, err=True)


def echo_rows(rows: Sequence[Mapping[str, Any]], form: str) -> None:
    """Write `rows` (all with the same keys) to standard output as a table, JSON or csv."""
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    elif form == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: format_harmless_cell(value) for key, value in row.items()} for row in rows)
        click.echo(out.getvalue(), nl=False)
    elif rows:
        columns = list(rows[0])
        widths = {c: max(_width(c), *(_width(str(row[c])) for row in rows)) for c in columns}
        for line in [{c: c for c in columns}, *rows]:
            click.echo("  ".join(_pad(str(line[c]), widths[c]) for c in columns).rstrip())


def _width(text: str) -> int:
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
