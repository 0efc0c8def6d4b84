"""`agency-credit score`: points and tier of agencies on a day, with the lines behind them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agency_credit.cli.outlook import echo_outlooks
from agency_credit.cli.report import echo_banners, echo_rows, format_option, language
from agency_credit.cli.run_office import load_operator_of, run_in_office
from agency_credit.web.i18n import msgid, translate

if TYPE_CHECKING:
    from agency_credit.domain.canonical import Json
    from agency_credit.services.office import Office
    from agency_credit.services.rating import SubjectRating

SEALED = msgid(
    "{n} records known then were repaired or erased since and are sealed: this rests on none of them."
)


@click.command("score")
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="The day; default: today in China.")
@click.option(
    "--known",
    type=click.DateTime(["%Y-%m-%d"]),
    help="With what was known at the end of this day; internal, leaves an audit line.",
)
@click.option("--subject", metavar="USCC", help="One agency alone, with the lines behind its points.")
@click.option("--explain", "is_explained", is_flag=True, help="Say in sentences how the points came about.")
@click.option(
    "--outlook",
    "is_outlook",
    is_flag=True,
    help="With --subject: what time alone and what repairs would change, instead of the lines.",
)
@click.option(
    "--rules",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with rule files that hold for this look alone; nothing of them is stored.",
)
@format_option
def command(
    on: datetime | None,
    known: datetime | None,
    subject: str | None,
    folder: Path | None,
    form: str,
    *,
    is_explained: bool,
    is_outlook: bool,
) -> None:
    """Score agencies on a day by the rules in force on it. Nothing is stored."""
    if is_outlook:
        if subject is None or known is not None:
            raise click.UsageError("--outlook needs --subject, and does not go with --known")
        echo_outlooks(on, subject, folder, form)
        return
    ratings, n_sealed = _load(on, known, subject, folder)
    if n_sealed:
        click.echo(translate(language(), SEALED, n=n_sealed), err=True)
    echo_banners(rating.pack for rating in ratings)
    if form == "json":
        answers = [_answer(rating, is_explained=is_explained) for rating in ratings]
        click.echo(json.dumps(answers, ensure_ascii=False, indent=1))
    elif is_explained and form == "csv":
        echo_rows([row for rating in ratings for row in _sentence_rows(rating)], form)
    elif is_explained:
        for rating in ratings:
            click.echo(f"{rating.subject} {rating.name}")
            click.echo("".join(f"  {row['sentence']}\n" for row in _sentence_rows(rating)))
    else:
        echo_rows([_row(rating) for rating in ratings], form)
        if subject and form == "table":
            _echo_lines(ratings)


def _load(
    on: datetime | None, known: datetime | None, subject: str | None, folder: Path | None
) -> tuple[list[SubjectRating], int]:
    """Ratings, and how many records that were known then are sealed now."""

    async def work(office: Office) -> tuple[list[SubjectRating], int]:
        from agency_credit.services.rating import load_ratings
        from agency_credit.services.record_desk import ask_ratings, count_sealed_of

        if known is None:
            return await load_ratings(office, on.date() if on else office.today(), subject), 0
        day = on.date() if on else known.date()
        ratings = await ask_ratings(office, await load_operator_of(None), day, known.date(), subject)
        return ratings, await count_sealed_of(known.date(), subject)

    return run_in_office(work, overlay_folder=folder)


def _answer(rating: SubjectRating, *, is_explained: bool) -> dict[str, Json]:
    from agency_credit.scoring import ledger_answer

    answer = ledger_answer(rating.subject, rating.ledger, rating.pack)
    if is_explained:
        answer["explanation"] = [row["sentence"] for row in _sentence_rows(rating)]
    return answer


def _row(rating: SubjectRating) -> dict[str, str]:
    from agency_credit.domain.points import format_points

    return {
        "subject": rating.subject,
        "name": rating.name,
        "practice_line": rating.practice_line,
        "on": rating.ledger.on.isoformat(),
        "pack": rating.pack.id,
        "score": format_points(rating.score),
        "tier": rating.tier,
    }


def _sentence_rows(rating: SubjectRating) -> list[dict[str, str]]:
    from agency_credit.scoring import explain_ledger

    tongue = language()
    return [
        {
            "subject": rating.subject,
            "practice_line": rating.practice_line,
            "sentence": translate(tongue, sentence.template, **sentence.params),
        }
        for sentence in explain_ledger(rating.ledger, rating.pack, tongue)
    ]


def _echo_lines(ratings: list[SubjectRating]) -> None:
    from agency_credit.domain.points import format_points

    rows = [
        {
            "clause": line.clause or "",
            "points": format_points(line.millipoints),
            "state": line.state.value,
            "from": str(line.period.first_on) if line.period else "",
            "until": str(line.period.last_on or "") if line.period else "",
            "record": line.record_kind,
            "citation": str(line.citation or ""),
        }
        for rating in ratings
        for line in rating.ledger.lines
    ]
    if rows:
        click.echo()
        echo_rows(rows, "table")
