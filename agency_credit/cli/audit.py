"""`agency-credit audit …`: whether the audit lines are all there and as they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from agency_credit.cli.report import echo_rows, format_option, language
from agency_credit.cli.run_office import run_in_office

if TYPE_CHECKING:
    from agency_credit.services.audit_chain import ChainReport
    from agency_credit.services.office import Office


@click.group("audit")
def group() -> None:
    """The audit lines: verify their chain."""


@group.command("verify")
@click.option("--head", help="A head that was kept, NUMBER:DIGEST; the chain must go through it.")
@format_option
def verify(head: str | None, form: str) -> int:
    """Recompute the chain of the audit lines; prints its head, to be kept outside."""
    from agency_credit.services.audit_chain import parse_head, verify_chain
    from agency_credit.web.i18n import translate

    expected = parse_head(head) if head is not None else None

    async def work(_: Office) -> ChainReport:
        return await verify_chain(expected)

    report = run_in_office(work)
    row = {
        "whole": report.is_whole,
        "head": str(report.head),
        "broken_line": report.broken_id,
        "cut": report.is_cut,
    }
    echo_rows([row], form)
    told = []
    if report.broken_id is not None:
        told.append(
            translate(
                language(),
                "The audit line {id} does not follow from those before it: it was changed, or lines before"
                " it were changed or taken out.",
                id=report.broken_id,
            )
        )
    if report.is_cut:
        told.append(
            translate(
                language(),
                "The chain does not go through the head {head}: lines were cut off or rewritten.",
                head=head,
            )
        )
    for line in told:
        click.echo(line, err=True)
    return 0 if report.is_whole else 1
