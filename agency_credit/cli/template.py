"""`agency-credit template KIND [FILE]`: the workbook of a kind of list, to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from agency_credit.cli.report import language
from agency_credit.cli.run_office import run_in_office
from agency_credit.domain.errors import InputError
from agency_credit.services.import_kinds import KINDS
from agency_credit.web.i18n import translate

if TYPE_CHECKING:
    from agency_credit.services.office import Office


@click.command("template")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("file", required=False, type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
def command(kind: str, file: Path | None) -> int:
    """Write the template workbook of a kind of list to FILE (default: KIND.xlsx).

    An existing file is never overwritten; - writes to standard output.
    """
    from agency_credit.services.import_template import make_template

    async def work(office: Office) -> bytes:
        return await make_template(office, kind)

    content = run_in_office(work)
    if file is not None and str(file) == "-":
        click.echo(content, nl=False)
        return 0
    path = file or Path(f"{kind}.xlsx")
    try:
        with path.open("xb") as out:  # a list that somebody has filled in is not to be lost
            out.write(content)
    except OSError as error:
        raise InputError(
            "template.file",
            "the template cannot be written to {path} ({reason}); choose another file",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error
    click.echo(translate(language(), "Template written to {path}.", path=str(path)), err=True)
    return 0
