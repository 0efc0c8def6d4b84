"""`agency-credit log …`: the public log, looked at and decided about by the people of the office."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from agency_credit.cli.report import echo_rows, language
from agency_credit.cli.run_office import as_option, load_operator_of, run_in_office
from agency_credit.domain.errors import NotFoundError

if TYPE_CHECKING:
    from agency_credit.services.log_fsck import LogReport
    from agency_credit.services.office import Office


@click.group("log")
def group() -> None:
    """The public log: checkpoint, fsck, accept-fork."""


@group.command("checkpoint")
def checkpoint() -> None:
    """Print the newest signed head, to be kept elsewhere: `backup restore --checkpoint` takes it."""

    async def work(_: Office) -> str:
        from agency_credit.services.log import load_checkpoint

        note = await load_checkpoint()
        if note is None:
            raise NotFoundError("log.empty", "the log has no entry yet; come back after the first draw")
        return note

    click.echo(run_in_office(work), nl=False)


@group.command("fsck")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Form of the answer.",
)
def fsck(form: str) -> int:
    """Build the log anew from its entries and compare with hashes, bodies and signed heads."""

    async def work(office: Office) -> LogReport:
        from agency_credit.services.fork_guard import read_guard
        from agency_credit.services.log_fsck import check_log

        guard = read_guard(office.keys.folder)
        keys = [signer.verifier for signer in office.keys.load_log_signers()]
        return await check_log(keys, [guard] if guard else [])

    report = run_in_office(work)
    _echo_report(report, form)
    return 1 if report.faults else 0


@group.command("accept-fork")
@click.option("--reason", required=True, help="Why; everybody can read it in the public log.")
@as_option
def accept(reason: str, user: str | None) -> None:
    """Give up the head that was signed last and go on from what the database holds."""

    async def work(office: Office) -> str:
        from agency_credit.services.accept_fork import accept_fork

        return await accept_fork(office, await load_operator_of(user), reason)

    was = run_in_office(work)
    from agency_credit.web.i18n import translate

    text = "Decided ({code}). The office works again; tell whoever keeps checkpoints of this log."
    click.echo(translate(language(), text, code=was))


def _echo_report(report: LogReport, form: str) -> None:
    from agency_credit.web.i18n import translate, translate_error

    faults = [
        {"at": fault.at, "code": fault.code, "message": translate_error(language(), fault)}
        for fault in report.faults
    ]
    if form == "json":
        answer = {
            "entries": report.n_entries,
            "bodies": report.n_bodies,
            "checkpoints": report.n_checkpoints,
            "root": report.root,
            "faults": faults,
        }
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
        return
    text = translate(
        language(),
        "{n} entries, {bodies} hidden bodies, {heads} signed heads, root {root}",
        n=report.n_entries,
        bodies=report.n_bodies,
        heads=report.n_checkpoints,
        root=report.root,
    )
    click.echo(text)
    echo_rows(faults, "table")
