"""`agency-credit rules …`: checks rule files, shows the one in force on a day."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO

import click

from agency_credit.cli import rule_changes
from agency_credit.cli.report import echo_rows, format_option, language
from agency_credit.domain.errors import Fault
from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring import RulePack
from agency_credit.services.rule_packs import lint_rule_files, load_rule_packs, read_shipped_rule_files

rules_option = click.option(
    "--rules",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with further rule packs; fictional ones are used only from here.",
)


@click.group("rules")
def group() -> None:
    """Rule packs: the law as dated data."""


group.add_command(rule_changes.import_rules)
group.add_command(rule_changes.list_changes)
group.add_command(rule_changes.decide)


@group.command("lint")
@click.argument("files", nargs=-1, type=click.File("rb"), metavar="[FILE]...")
@format_option
def lint(files: tuple[BinaryIO, ...], form: str) -> int:
    """Check rule files (without FILE: the shipped ones); exit 1 when there are faults."""
    from agency_credit.web.i18n import translate, translate_error

    named = [(file.name, file.read()) for file in files] or read_shipped_rule_files()
    faults = lint_rule_files(named)
    tongue = language()
    rows = [_fault_row(fault, translate_error(tongue, fault)) for fault in faults]
    if rows or form != "table":
        echo_rows(rows, form)
    else:
        click.echo(translate(tongue, "{n} rule file(s) checked, no fault.", n=len(named)))
    return 1 if any(fault.severity == "error" for fault in faults) else 0


@group.command("show")
@click.argument("subject", type=click.Choice([subject.value for subject in RatingSubject]))
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The day.")
@rules_option
@format_option
def show(subject: str, on: datetime, folder: Path | None, form: str) -> None:
    """Show the rule pack that rates SUBJECT on a day."""
    from agency_credit.scoring import rule_pack_in_force
    from agency_credit.scoring.answers import rule_pack_answer
    from agency_credit.web.i18n import translate

    packs = load_rule_packs(folder)
    has_folder = folder is not None
    pack = rule_pack_in_force(packs, RatingSubject(subject), _day(on), allow_fictional=has_folder)
    if form == "json":
        click.echo(json.dumps(rule_pack_answer(pack), ensure_ascii=False, indent=1))
        return
    if form == "table":
        _echo_head(pack, _day(on))
    unvalued = translate(language(), "not yet valued") if form == "table" else ""
    echo_rows(_clause_rows(pack, unvalued), form)


def _day(moment: datetime) -> date:
    return moment.date()


def _fault_row(fault: Fault, message: str) -> dict[str, str]:
    return {"at": fault.at, "severity": fault.severity, "code": fault.code, "message": message}


def _echo_head(pack: RulePack, on: date) -> None:
    from agency_credit.domain.points import format_points
    from agency_credit.web.i18n import translate

    tongue = language()
    if pack.banner is not None:
        click.echo(pack.banner.in_language(tongue))
    click.echo(f"{pack.document or ''} {pack.title.in_language(tongue)} ({pack.id})".strip())
    if pack.repealed_on is None:
        dates = translate(tongue, "In force from {first}; no repeal known.", first=str(pack.effective_from))
    else:
        template = "In force from {first}; repealed on {repealed}."
        dates = translate(tongue, template, first=str(pack.effective_from), repealed=str(pack.repealed_on))
    click.echo(dates)
    click.echo(translate(tongue, "Base: {points} points.", points=format_points(pack.base_millipoints)))
    for caveat in pack.caveats_on(on):
        wording = caveat.wording.in_language(tongue)
        click.echo(
            translate(tongue, "Not verified: {caveat} ({source})", caveat=wording, source=caveat.source)
        )
    echo_rows(_band_rows(pack), "table")


def _band_rows(pack: RulePack) -> list[dict[str, str]]:
    from agency_credit.scoring.answers import points_answer

    return [
        {
            "tier": tier.name,
            "from": points_answer(tier.from_millipoints) or "",
            "below": points_answer(tier.below_millipoints) or "",
            "status": tier.provenance.status.value,
        }
        for tier in pack.tiers
    ]


def _clause_rows(pack: RulePack, unvalued: str) -> list[dict[str, str]]:
    from agency_credit.scoring.answers import points_answer

    tongue = language()
    return [
        {
            "code": clause.code,
            "title": clause.wording.in_language(tongue),
            "points": points_answer(clause.millipoints) or unvalued,
            "range": "" if clause.range is None else f"up to; {clause.range.rule}",
            "status": clause.provenance.status.value,
            "citation": str(clause.citation),
        }
        for clause in pack.clauses
    ]
