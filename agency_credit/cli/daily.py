"""`agency-credit daily`: what the passing of a day asks for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from agency_credit.cli.report import echo_rows, format_option, language
from agency_credit.cli.run_office import as_option, load_operator_of, run_in_office
from agency_credit.web.i18n import translate, translate_error

if TYPE_CHECKING:
    from agency_credit.services.daily import DailyReport
    from agency_credit.services.office import Office


@click.command("daily")
@format_option
@as_option
def command(form: str, user: str | None) -> int:
    """Bring the public log and the ratings to the day; right whenever and however often it runs.

    `serve` does it by itself. Exit status 1 when a part could not be done.
    """

    async def work(office: Office) -> DailyReport:
        from agency_credit.services.daily import run_daily

        return await run_daily(office, await load_operator_of(user))

    report = run_in_office(work)
    counts = {"published": report.n_published, "ended": report.n_ended, "rated": report.n_rated}
    faults = [
        {"at": fault.at, "code": fault.code, "message": translate_error(language(), fault)}
        for fault in report.faults
    ]
    if form == "json":
        click.echo(json.dumps({"on": report.on.isoformat(), **counts, "faults": faults}, ensure_ascii=False))
    elif form == "csv":
        echo_rows([{"on": report.on.isoformat(), **counts}], form)
    else:
        click.echo(
            translate(
                language(),
                "Records published in the log: {published}. Disclosure ended: {ended}. Rated anew: {rated}.",
                **counts,
            )
        )
        echo_rows(faults, form)
    return 1 if report.faults else 0
