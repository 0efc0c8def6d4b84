"""`agency-credit verify`: recompute a published draw from its files, with the second implementation."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("verify")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--all", "every", is_flag=True, help="Name every fault, not only the first.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Form of the answer.",
)
@click.pass_context
def command(context: click.Context, bundle: Path, every: bool, form: str) -> None:
    """Recompute the draw in BUNDLE, a folder or a zip, from its files alone.

    Exit status 0: verified; 1: not verified; 2: a file is missing, unreadable or no JSON.
    """
    import json

    from agency_credit.cli.report import language
    from agency_credit.verification.verify_draw import Fault, load_bundle, verify_files
    from agency_credit.web.i18n import msgid, translate

    try:
        faults = verify_files(load_bundle(bundle))
    except Exception as error:  # noqa: BLE001  (whatever a hostile zip raises, it is unreadable)
        faults = [Fault("files", f"{bundle} is unreadable: {error}", 2)]
    named = faults if every else faults[:1]
    if form == "json":
        rows = [{"check": fault.check, "message": fault.message} for fault in named]
        click.echo(json.dumps({"verified": not faults, "faults": rows}))
    else:
        template = msgid("Not verified: {n} fault(s).") if faults else msgid("Verified.")
        click.echo(translate(language(), template, n=len(faults)))
        for fault in named:
            click.echo(f"{fault.check}: {fault.message}".encode("utf-8", "backslashreplace"))
    context.exit(max((fault.status for fault in faults), default=0))
