"""`agency-credit score --outlook`: what time and repairs would change."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agency_credit.cli.report import echo_banners, echo_rows, language
from agency_credit.cli.run_office import run_in_office

if TYPE_CHECKING:
    from agency_credit.domain.citation import Language
    from agency_credit.services.office import Office
    from agency_credit.services.outlook import Outlook


def echo_outlooks(on: datetime | None, uscc: str, folder: Path | None, form: str) -> None:
    """What would change each tier of an agency: sentences under headings, rows of them, or JSON."""
    from agency_credit.scoring import outlook_answer

    async def work(office: Office) -> list[Outlook]:
        from agency_credit.services.outlook import load_outlooks

        return await load_outlooks(office, uscc, on.date() if on else office.today())

    outlooks = run_in_office(work, overlay_folder=folder)
    echo_banners(outlook.rating.pack for outlook in outlooks)
    tongue = language()
    if form == "json":
        answers = [
            outlook_answer(o.rating.subject, o.rating.ledger, o.rating.pack, o.expiries, o.plans)
            for o in outlooks
        ]
        click.echo(json.dumps(answers, ensure_ascii=False, indent=1))
    elif form == "csv":
        echo_rows([row for outlook in outlooks for row in _rows(outlook, tongue)], form)
    else:
        for outlook in outlooks:
            _echo(outlook, tongue)


def _echo(outlook: Outlook, tongue: Language) -> None:
    from agency_credit.web.i18n import msgid, translate

    titles = {"time": msgid("What time alone changes:"), "repairs": msgid("What repairs would reach:")}
    rating = outlook.rating
    click.echo(f"{rating.subject} {rating.name} ({rating.practice_line})")
    rows = _rows(outlook, tongue)
    for about, title in titles.items():
        click.echo(f"  {translate(tongue, title)}")
        for row in rows:
            if row["about"] == about:
                click.echo(f"    {row['sentence']}")


def _rows(outlook: Outlook, tongue: Language) -> list[dict[str, str]]:
    from agency_credit.scoring import explain_expiries, explain_repairs
    from agency_credit.web.i18n import translate

    said = {
        "time": explain_expiries(outlook.expiries, outlook.packs, tongue),
        "repairs": explain_repairs(outlook.plans, outlook.rating.pack, tongue),
    }
    return [
        {
            "subject": outlook.rating.subject,
            "practice_line": outlook.rating.practice_line,
            "about": about,
            "sentence": translate(tongue, sentence.template, **sentence.params),
        }
        for about, sentences in said.items()
        for sentence in sentences
    ]
