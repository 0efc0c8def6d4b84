"""`agency-credit key …`: the keys that sign the public log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from agency_credit.cli.report import echo_rows, format_option
from agency_credit.cli.run_office import as_option, load_operator_of, run_in_office

if TYPE_CHECKING:
    from datetime import datetime

    from agency_credit.services.office import Office


@click.group("key")
def group() -> None:
    """The key that signs the public log: show, rotate."""


@group.command("show")
@format_option
def show(form: str) -> None:
    """Verifier keys (vkeys) of the log: from when and until when each signs."""

    async def work(office: Office) -> list[dict[str, str]]:
        from agency_credit.services.log import load_log_keys

        return [
            {"key": key.text, "from": _text(key.signs_from), "until": _text(key.signs_until)}
            for key in await load_log_keys(office)
        ]

    echo_rows(run_in_office(work), form)


@group.command("rotate")
@as_option
def rotate(user: str | None) -> None:
    """Put a new key beside the present one; both sign for 90 days. Prints the new verifier key."""

    async def work(office: Office) -> str:
        from agency_credit.services.key_rotation import rotate_log_key

        return await rotate_log_key(office, await load_operator_of(user))

    click.echo(run_in_office(work))


def _text(at: datetime | None) -> str:
    from agency_credit.publication.entry import format_instant

    return format_instant(at) if at else ""
