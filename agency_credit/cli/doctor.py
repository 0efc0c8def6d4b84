"""`agency-credit doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import asyncio
import os

import click

from agency_credit.cli.report import echo_rows, language


@click.command("doctor")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Form of the answer.",
)
def command(form: str) -> int:
    """Look for what is wrong with this installation, and say what to do; changes nothing. Exit 1: faults."""
    from agency_credit.services.doctor import examine
    from agency_credit.services.finding import Patient, Told
    from agency_credit.services.office import system_clock
    from agency_credit.settings import Settings
    from agency_credit.web.i18n import msgid, translate

    def say(told: Told | None) -> str:
        return translate(language(), told.template, **told.params) if told else ""

    patient = Patient(
        settings=Settings.from_environment(os.environ), environment=os.environ, now=system_clock()
    )
    findings = asyncio.run(examine(patient))
    words = {"ok": msgid("ok"), "warning": msgid("warning"), "fault": msgid("fault")}
    checks = {
        "settings": msgid("settings"),
        "folder": msgid("data folder"),
        "disk": msgid("disk"),
        "time zone": msgid("time zone"),
        "fonts": msgid("fonts"),
        "keys": msgid("keys"),
        "database": msgid("database"),
        "migrations": msgid("migrations"),
        "log": msgid("public log"),
        "clock": msgid("clock"),
        "audit": msgid("audit lines"),
        "calendar": msgid("calendar"),
        "backup": msgid("backup"),
        "backup of keys": msgid("backup of the keys"),
        "service": msgid("service"),
    }
    if form == "json":
        echo_rows(
            [
                {"check": f.check, "state": f.state, "message": say(f.says), "advice": say(f.advice)}
                for f in findings
            ],
            form,
        )
    else:
        for finding in findings:
            state = translate(language(), words[finding.state])
            name = translate(language(), checks[finding.check])
            click.echo(f"[{state}] {name}: {say(finding.says)}")
            if finding.advice:
                click.echo(f"    → {say(finding.advice)}")
    return 1 if any(finding.state == "fault" for finding in findings) else 0
