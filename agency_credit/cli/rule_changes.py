"""`agency-credit rules import|changes|decide`: proposed changes of rules, from the command line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import click

from agency_credit.cli.report import echo_rows, format_option, language
from agency_credit.cli.run_office import as_option, load_operator_of, run_in_office
from agency_credit.web.i18n import msgid, translate

if TYPE_CHECKING:
    from agency_credit.services.change_request import Change
    from agency_credit.services.office import Office


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--reason", required=True, help="Why; public, beside the change.")
@click.option(
    "--applies-from",
    "applies_from",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day on which the file reads so; default: its first day in force.",
)
@click.option("--correction", "is_correction", is_flag=True, help="It reaches into the past.")
@as_option
def import_rules(
    file: BinaryIO, reason: str, applies_from: datetime | None, user: str | None, *, is_correction: bool
) -> None:
    """Propose a rule FILE (TOML; - reads standard input); another person decides."""

    async def work(office: Office) -> int:
        from agency_credit.services.changes import propose_change
        from agency_credit.services.rule_change import MAX_FILE_BYTES, draft_file

        draft = await draft_file(
            file.read(MAX_FILE_BYTES + 1),  # enough to be refused
            Path(getattr(file, "name", "-")).name,
            applies_from=applies_from.date() if applies_from else None,
            is_correction=is_correction,
            reason=reason,
        )
        return await propose_change(office, await load_operator_of(user), draft)

    number = run_in_office(work)
    click.echo(translate(language(), "Proposed as change {n}; another person decides it.", n=number))


@click.command("changes")
@format_option
def list_changes(form: str) -> None:
    """List the proposed changes that wait for a decision."""

    async def work(office: Office) -> list[Change]:
        del office
        from agency_credit.services.rule_desk import load_rule_changes

        return await load_rule_changes()

    echo_rows([_row(change) for change in run_in_office(work)], form)


@click.command("decide")
@click.argument("number", type=int)
@click.argument("verdict", type=click.Choice(["approve", "reject"]))
@click.option("--reason", default="", help="Needed to reject.")
@as_option
def decide(number: int, verdict: Literal["approve", "reject"], reason: str, user: str | None) -> None:
    """Approve or reject the proposed change NUMBER."""

    async def work(office: Office) -> None:
        from agency_credit.services.changes import decide_change

        actor = await load_operator_of(user)
        await decide_change(office, actor, number, "approved" if verdict == "approve" else "rejected", reason)

    run_in_office(work)
    done = msgid("Change {n} is approved.") if verdict == "approve" else msgid("Change {n} is rejected.")
    click.echo(translate(language(), done, n=number))


def _row(change: Change) -> dict[str, Any]:
    return {
        "change": change.number,
        "file": change.subject,
        "kind": change.payload["kind"],
        "applies_from": change.applies_from.isoformat(),
        "correction": change.is_correction,
        "proposed_by": change.proposed_by_name,
        "reason": change.reason,
    }
