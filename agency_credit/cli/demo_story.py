"""The story of the demo, up to its draws: people, lists, recusals, ratings. All through the real services."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import click

from agency_credit.cli.report import echo_rows
from agency_credit.domain.day import OFFICE_ZONE
from agency_credit.domain.errors import Fault
from agency_credit.domain.role import OPERATOR, SYSTEM, Actor, Role
from agency_credit.services.changes import decide_change, propose_change
from agency_credit.services.daily import run_daily
from agency_credit.services.frame import load_roster
from agency_credit.services.import_file import import_file
from agency_credit.services.office import Office
from agency_credit.services.people import create_person, load_actor
from agency_credit.services.rating_run import rate_all
from agency_credit.services.record_change import RecordChange, draft_record_change, load_newest_record
from agency_credit.services.recusals import approve_recusals
from agency_credit.services.rule_book import load_packs_of_today
from agency_credit.web.i18n import Language, format_instant, msgid, translate, translate_error
from seeds.office_files import OfficeFile

BEGIN = datetime(2026, 10, 8, 9, 0, tzinfo=OFFICE_ZONE)
"""When the story begins; after the last of the sample records."""
END = datetime(2026, 11, 24, 9, 0, tzinfo=OFFICE_ZONE)
"""When it ends, and the clock of the served pages runs on."""

SUSPENDED_KIND = "警告"
"""Kind of the record whose effect is stayed."""

STAFF = (
    ("drafter", "刘静", Role.DRAFTER),
    ("approver", "周建国", Role.APPROVER),
    ("publisher", "孙晓梅", Role.PUBLISHER),
    ("auditor", "何敏", Role.AUDIT),
    ("security", "郑卫东", Role.SECURITY),
    ("admin", "林立新", Role.SYSTEM),
)
_INSTALLER = Actor(username="demo", roles=OPERATOR)


class StoryClock:
    """The demo's time: it stands still and is set forward; from `run_on` on it runs like any clock."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._started: float | None = None

    def __call__(self) -> datetime:
        """The present instant of the story."""
        if self._started is None:
            return self._at
        return self._at + timedelta(seconds=time.monotonic() - self._started)

    def go_to(self, at: datetime) -> None:
        """Set the clock forward; never back."""
        if at < self():
            raise ValueError(f"the story is at {self()} already, not at {at}")
        self._at = at

    def run_on(self) -> None:
        """Let the clock run."""
        self._started = time.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of the demo.

    Parameters
    ----------
    certificate
        Empty for whoever is no inspector.
    recovery
        Codes that stand in for an authenticator, for whoever has to have one.
    """

    username: str
    password: str
    role: Role
    name: str
    certificate: str = ""
    recovery: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Story:
    """A demo being played: its office, its time, what it says.

    Parameters
    ----------
    data
        Folder of the demo.
    accounts
        Of everybody, in the order in which they were opened.
    """

    office: Office
    clock: StoryClock
    data: Path
    tongue: Language
    accounts: list[Account] = field(default_factory=list)
    n_steps: int = 0

    def step(self, template: str, /, *, at: datetime | None = None, page: str = "", **params: object) -> None:
        """Say what is done now, when, and on which page it shows."""
        if at is not None:
            self.clock.go_to(at)
        self.n_steps += 1
        when = format_instant(self.tongue, self.clock())
        click.echo(f"\n{self.n_steps}. [{when}] {translate(self.tongue, template, **params)}")
        if page:
            click.echo(f"   → {page}")

    def say(self, template: str, /, **params: object) -> None:
        """Say a detail of the step."""
        click.echo(f"   {translate(self.tongue, template, **params)}")

    def tell(self, *parts: str) -> None:
        """Say a line of what belongs to the step, in no words of ours."""
        click.echo("   " + "  ".join(parts))

    async def actor(self, username: str) -> Actor:
        """Whoever has this account."""
        actor = await load_actor(username)
        assert actor is not None, username
        return actor

    async def member(self, certificate: str) -> Actor:
        """The inspector with this certificate."""
        return await self.actor(next(a.username for a in self.accounts if a.certificate == certificate))


async def open_accounts(story: Story) -> None:
    """Accounts of the four people of the office; those of inspectors follow their roster."""
    story.step(msgid("Accounts for the people of the office"), page="/admin/people")
    for username, name, role in STAFF:
        await _open_account(story, username, name, role)


async def import_lists(story: Story, folder: Path, files: tuple[OfficeFile, ...]) -> None:
    """Take the office's lists in, good rows alone, and name every fault."""
    story.step(
        msgid("Import the lists of the office as they came ({folder}); faulty rows stay out, each is named"),
        folder=folder,
        page="/agencies",
    )
    drafter = await story.actor("drafter")
    for file in files:
        report = await import_file(
            story.office,
            drafter,
            file.kind,
            file.name,
            file.content,
            practice_line=file.practice_line,
            mode="accept-good",
        )
        story.say(
            msgid("{file}: new {new}, changed {changed}, same as before {same}, repeated {repeated}"),
            file=file.name,
            **report.counts(),
        )
        for fault in report.faults:
            _say_fault(story, fault)
    for i, person in enumerate(await load_roster(1), start=1):
        await _open_account(story, f"inspector{i:02d}", person["name"], Role.INSPECTOR, person["certificate"])


async def approve_all_recusals(story: Story) -> None:
    """A second person approves what the drafter's list proposed."""
    story.step(
        msgid("A second person approves the recusals"),
        at=story.clock() + timedelta(hours=1),
        page="/admin/recusals",
    )
    n_approved = await approve_recusals(story.office, await story.actor("approver"))
    story.say(msgid("approved: {n}"), n=n_approved)


async def rate_everybody(story: Story, at: datetime) -> None:
    """Rate all agencies by the fictional packs, and say that they are."""
    story.step(msgid("Rate every agency"), at=at, page="/agencies")
    run = await rate_all(story.office, await story.actor("drafter"))
    story.say(msgid("ratings: {n}, new or changed: {changed}"), n=run.n_rated, changed=run.n_changed)
    names = {"patent": msgid("Patent agencies"), "trademark": msgid("Trademark agencies")}
    for line, tiers in run.tiers.items():
        counts = "  ".join(f"{tier} {n}" for tier, n in sorted(tiers.items(), key=_tier_order))
        story.tell(translate(story.tongue, names[line]), counts)
    packs = await load_packs_of_today(story.office)
    banners = {pack.banner for pack in packs if pack.banner is not None}
    for banner in sorted({banner.in_language(story.tongue) for banner in banners}):
        story.tell(banner)


async def run_the_day(story: Story, at: datetime) -> None:
    """What a service does by itself after midnight."""
    story.step(
        msgid("The daily job: the public log and the ratings follow the date"), at=at, page="/agencies"
    )
    report = await run_daily(story.office, SYSTEM)
    story.say(
        msgid("records published: {published}, disclosure ended: {ended}, rated anew: {rated}"),
        published=report.n_published,
        ended=report.n_ended,
        rated=report.n_rated,
    )


async def suspend_a_record(story: Story) -> None:
    """Two people stay the effect of a record while it is under review; only its agency is rated anew."""
    found = await load_newest_record(SUSPENDED_KIND)
    today = story.office.today()
    story.step(
        msgid("One person proposes to stay the effect of a record under review, another approves"),
        page=f"/admin/records/{found.record.record_id}",
    )
    draft = draft_record_change(
        found.record.record_id,
        found.n_events,
        RecordChange(event="suspended", on=today),
        today=today,
        reason="行政复议期间决定暂停执行",
    )
    number = await propose_change(story.office, await story.actor("drafter"), draft)
    await decide_change(story.office, await story.actor("approver"), number, "approved")
    story.tell(f"/agencies/{found.subject}")


def list_accounts(story: Story) -> None:
    """User names and passwords, for whoever wants to look round."""
    story.step(
        msgid("Log in as one of these people; accounts and passwords are for this demo only"),
        page="/admin/login",
    )
    rows = [
        {"username": a.username, "password": a.password, "role": str(a.role), "name": a.name}
        for a in story.accounts
    ]
    echo_rows(rows, "table")
    story.say(
        msgid(
            "People of an agency also give a code. The demo's clock is not that of your telephone, so use"
            " these, each once:"
        )
    )
    for account in story.accounts:
        if account.recovery:
            story.tell(account.username, *account.recovery)


async def _open_account(story: Story, username: str, name: str, role: Role, certificate: str = "") -> None:
    password = f"demo-{username}-2026"
    await create_person(
        story.office,
        _INSTALLER,
        username,
        password,
        display_name=name,
        roles=[role],
        certificate=certificate or None,
    )
    story.accounts.append(
        Account(username=username, password=password, role=role, name=name, certificate=certificate)
    )


def _say_fault(story: Story, fault: Fault) -> None:
    severity = translate(story.tongue, {"error": msgid("error"), "warning": msgid("warning")}[fault.severity])
    story.tell(f"  {fault.at} [{severity}] {fault.code}: {translate_error(story.tongue, fault)}")


def _tier_order(item: tuple[str, int]) -> tuple[str, bool]:
    return item[0][:1], not item[0].endswith("+")
