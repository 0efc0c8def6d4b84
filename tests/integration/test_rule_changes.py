"""Rule files are changed by two people, from a day on, with a reason; nothing is rewritten."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from agency_credit.database import transaction
from agency_credit.database.tables import AuditLine, ChangeDecision, ChangeRequest, LogEntry, RuleVersion
from agency_credit.domain.canonical import format_canonical
from agency_credit.domain.errors import (
    AgencyCreditError,
    ConflictError,
    FaultsError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RefusedError,
)
from agency_credit.domain.role import Actor, Role
from agency_credit.domain.tier import RatingSubject
from agency_credit.publication.entry import parse_entry
from agency_credit.scoring import parse_rule_file
from agency_credit.services.change_request import ChangeDraft, load_change, load_waiting_changes
from agency_credit.services.changes import decide_change, propose_change, take_back_change
from agency_credit.services.office import Office
from agency_credit.services.people import load_actor
from agency_credit.services.rule_book import load_rule_book
from agency_credit.services.rule_change import draft_file, draft_values
from tests.builders import add_person
from tests.conftest import PACKS, Clock

NAME = "fictional-patent-agency"
TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)
PATENT = RatingSubject.PATENT_AGENCY
BOTH = frozenset({Role.DRAFTER, Role.APPROVER})


@dataclass(frozen=True, slots=True)
class Two:
    """Two people who may both propose and decide."""

    office: Office
    clock: Clock
    wang: Actor
    li: Actor

    async def points(self, on: date, known: date | None = None) -> int | None:
        """What the clause F-PA-04 is worth."""
        return (await load_rule_book(self.office)).pack_on(PATENT, on, known).clause("F-PA-04").millipoints


@pytest.fixture
async def two(office: Office, clock: Clock) -> Two:
    people = []
    for name in ("wang", "li"):
        await add_person(name, *BOTH)
        actor = await load_actor(name)
        assert actor is not None
        people.append(actor)
    return Two(office, clock, *people)


def values(points: str | None = "-7.5", *, clause: str = "F-PA-04", **changes: Any) -> ChangeDraft:
    """A proposal for one clause; `changes` replace its other parts."""
    amendment: dict[str, Any] = {"clause": clause, "source": "附件第四行"}
    amendment |= {} if points is None else {"points": points}
    options: dict[str, Any] = {
        "based_on": 1,
        "applies_from": TODAY,
        "is_correction": False,
        "reason": "按附件录入",
    } | changes
    return draft_values(options.pop("instrument", NAME), options.pop("based_on"), [amendment], **options)


def pack_text(**replaced: str) -> bytes:
    """The fictional pack of patent agencies with some of its text replaced."""
    text = (PACKS / "patent-agency-fictional.toml").read_text("utf-8")
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


async def test_a_decided_change_holds_from_its_day_on_and_is_in_the_log(two: Two) -> None:
    old = await two.points(TODAY)
    number = await propose_change(two.office, two.wang, values(applies_from=TODAY + DAY))
    assert await two.points(TODAY + DAY) == old, "a proposal changes nothing"
    await decide_change(two.office, two.li, number, "approved")
    assert [await two.points(TODAY), await two.points(TODAY + DAY)] == [old, -7500]
    pack = (await load_rule_book(two.office)).pack_on(PATENT, TODAY + DAY)
    provenance = pack.clause("F-PA-04").provenance
    assert (provenance.status, provenance.source, provenance.entered_on) == ("entered", "附件第四行", TODAY)
    assert provenance.entered_by == "淄博市市场监督管理局（知识产权局）"
    row = await LogEntry.select().where(LogEntry.type == "rules.in_force").first()
    assert row is not None
    assert row["subject"] == NAME
    assert parse_entry(bytes(row["entry"])).body == {
        "applies_from": "2026-11-25",
        "correction": False,
        "digest": pack.digest,
        "kind": "values",
        "number": 2,
    }
    version = await RuleVersion.select().where(RuleVersion.number == 2).first()
    assert version is not None
    assert (version["change"], version["log_index"], version["origin"]) == (number, row["index"], "office")


async def test_points_can_be_taken_back_to_not_yet_valued(two: Two) -> None:
    await decide_change(
        two.office, two.li, await propose_change(two.office, two.wang, values(None)), "approved"
    )
    assert await two.points(TODAY) is None


async def test_a_range_with_what_decides_within_it(two: Two) -> None:
    amendment = {
        "clause": "F-PA-04",
        "points_up_to": "-40",
        "points_from": "-5",
        "within": "assessed",
        "source": "附件",
    }
    draft = draft_values(NAME, 1, [amendment], applies_from=TODAY, is_correction=False, reason="录入")
    await decide_change(two.office, two.li, await propose_change(two.office, two.wang, draft), "approved")
    clause = (await load_rule_book(two.office)).pack_on(PATENT, TODAY).clause("F-PA-04")
    assert (clause.millipoints, clause.range and clause.range.from_millipoints) == (-40_000, -5000)


async def test_nobody_decides_alone(two: Two) -> None:
    number = await propose_change(two.office, two.wang, values())
    for verdict in ("approved", "rejected"):
        with pytest.raises(ForbiddenError, match="another person decides"):
            await decide_change(two.office, two.wang, number, verdict, "why")
    with pytest.raises(RefusedError):  # the database says so too
        async with transaction():
            await ChangeDecision.insert(
                ChangeDecision(
                    request=number, verdict="approved", reason="", by=two.wang.person_id, at=two.office.now()
                )
            )
    assert await two.points(TODAY) == -12_000
    assert (await load_change(number)).decision is None


async def test_roles_are_held(two: Two) -> None:
    drafter = Actor(username="a", roles=frozenset({Role.DRAFTER}), person_id=two.li.person_id)
    approver = Actor(username="b", roles=frozenset({Role.APPROVER}), person_id=two.li.person_id)
    with pytest.raises(ForbiddenError):
        await propose_change(two.office, approver, values())
    number = await propose_change(two.office, two.wang, values())
    with pytest.raises(ForbiddenError):
        await decide_change(two.office, drafter, number, "approved")
    with pytest.raises(RefusedError, match="with an account"):
        await propose_change(two.office, Actor(username="root", roles=BOTH), values())


async def test_a_rejected_or_taken_back_change_is_over(two: Two) -> None:
    first = await propose_change(two.office, two.wang, values())
    with pytest.raises(InputError, match="say why"):
        await decide_change(two.office, two.li, first, "rejected", " ")
    await decide_change(two.office, two.li, first, "rejected", "附件不是最新文本")
    second = await propose_change(two.office, two.wang, values())
    with pytest.raises(ForbiddenError):
        await take_back_change(two.office, two.li, second)
    await take_back_change(two.office, two.wang, second)
    for number, verdict in ((first, "rejected"), (second, "withdrawn")):
        with pytest.raises(ConflictError, match=verdict):
            await decide_change(two.office, two.li, number, "approved")
    assert await RuleVersion.count().where(RuleVersion.number > 1) == 0
    assert await load_waiting_changes("rule") == []


@pytest.mark.parametrize(
    ("draft", "error", "said"),
    [
        (values(reason="  "), InputError, "say why"),
        (values(reason="致电13800001234"), RefusedError, "telephone"),
        (values(clause="F-PA-99"), FaultsError, "nothing called F-PA-99"),
        (values(instrument="no-such-file", based_on=0), NotFoundError, "no rule file no-such-file"),
        (values("7.5"), FaultsError, "a deduction needs points below 0"),
        (values("many"), FaultsError, "no number of points"),
        (values("-0.0001"), FaultsError, "no number of points"),
        (values(based_on=0), ConflictError, "version 1, this rests on 0"),
        (values(applies_from=TODAY - DAY), InputError, "lies before 2026-11-24"),
        (
            ChangeDraft(
                kind="calendar", subject=NAME, based_on=1, payload={}, applies_from=TODAY,
                is_correction=False, reason="x",
            ),
            InputError,
            "no kind of change",
        ),
    ],
)  # fmt: skip
async def test_a_bad_proposal_is_refused_by_name(
    two: Two, draft: ChangeDraft, error: type[AgencyCreditError], said: str
) -> None:
    with pytest.raises(error, match=said):
        await propose_change(two.office, two.wang, draft)
    assert await ChangeRequest.count() == 0


async def test_the_past_is_changed_by_a_correction_alone(two: Two) -> None:
    number = await propose_change(two.office, two.wang, values(applies_from=TODAY - DAY, is_correction=True))
    two.clock.forward(days=1)
    await decide_change(two.office, two.li, number, "approved")
    day_before = TODAY - DAY
    assert await two.points(day_before) == -7500
    assert await two.points(day_before, known=TODAY) == -12_000, "what was known then is known for ever"
    assert await two.points(day_before - DAY) == -12_000
    row = await LogEntry.select().where(LogEntry.type == "rules.in_force").first()
    assert row is not None
    assert parse_entry(bytes(row["entry"])).body["correction"] is True


async def test_a_proposal_that_waited_past_its_day_is_not_approved(two: Two) -> None:
    number = await propose_change(two.office, two.wang, values())
    two.clock.forward(days=1)
    with pytest.raises(InputError, match="lies before 2026-11-25"):
        await decide_change(two.office, two.li, number, "approved")
    assert await two.points(TODAY) == -12_000


async def test_of_two_corrections_racing_the_second_loses(two: Two) -> None:
    first = await propose_change(two.office, two.wang, values("-1"))
    second = await propose_change(two.office, two.li, values("-2"))
    outcomes = await asyncio.gather(
        decide_change(two.office, two.li, first, "approved"),
        decide_change(two.office, two.wang, second, "approved"),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ConflictError", "NoneType"]
    assert await RuleVersion.count().where(RuleVersion.instrument == NAME) == 2
    assert await ChangeDecision.count() == 1
    assert await LogEntry.count() == 1
    refused = await AuditLine.select().where(AuditLine.outcome == "refused")
    assert [(line["action"], line["details_json"]) for line in refused] == [
        ("change.decide", '{"error":"change.moved-on"}')
    ]


async def test_one_proposal_approved_twice_at_once_holds_once(two: Two) -> None:
    await add_person("zhao", Role.APPROVER)
    zhao = await load_actor("zhao")
    assert zhao is not None
    number = await propose_change(two.office, two.wang, values())
    outcomes = await asyncio.gather(
        decide_change(two.office, two.li, number, "approved"),
        decide_change(two.office, zhao, number, "approved"),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ConflictError", "NoneType"]
    assert await RuleVersion.count().where(RuleVersion.instrument == NAME) == 2


async def test_a_clock_set_back_is_refused(two: Two) -> None:
    await decide_change(two.office, two.li, await propose_change(two.office, two.wang, values()), "approved")
    waiting = await propose_change(two.office, two.wang, values(based_on=2, applies_from=TODAY + DAY))
    two.clock.forward(days=-2)
    for act in (
        propose_change(two.office, two.wang, values(based_on=2)),
        decide_change(two.office, two.li, waiting, "approved"),
    ):
        with pytest.raises(RefusedError, match="clock"):
            await act


async def test_a_file_is_imported_and_replaces_from_its_day_on(two: Two) -> None:
    content = pack_text(**{"points = 100": "points = 90"})
    draft = await draft_file(
        content, "new.toml", applies_from=TODAY + DAY, is_correction=False, reason="新文本"
    )
    await decide_change(two.office, two.li, await propose_change(two.office, two.wang, draft), "approved")
    book = await load_rule_book(two.office)
    assert [book.pack_on(PATENT, day).base_millipoints for day in (TODAY, TODAY + DAY)] == [100_000, 90_000]


async def propose_text(two: Two, content: bytes, **options: Any) -> int:
    """Propose a file by its text."""
    given: dict[str, Any] = {"applies_from": TODAY, "is_correction": False, "reason": "新文本"} | options
    return await propose_change(two.office, two.wang, await draft_file(content, "new.toml", **given))


async def test_a_file_with_faults_is_refused_with_all_of_them(two: Two) -> None:
    twice = pack_text(**{'type = "rating"': 'type = "rating"\ntype = "rating"'})
    with pytest.raises(FaultsError, match="a key is there twice"):
        await propose_text(two, twice)
    with pytest.raises(InputError, match="larger than"):
        await propose_text(two, b"#" * 5_000_000)


@pytest.mark.parametrize(
    ("replaced", "faults"),
    [
        ({"points = 100": "points = 100.5"}, [("base.points", "rules.float")]),
        ({"from = 90": "from = 91"}, [("tiers", "rules.band-gap")]),
        (
            {"points = 100": "points = 100.5", "from = 90": "from = 91"},
            [("base.points", "rules.float"), ("tiers", "rules.band-gap")],
        ),
    ],
)
async def test_a_float_and_a_gap_in_the_bands_are_named_with_file_and_key(
    two: Two, replaced: dict[str, str], faults: list[tuple[str, str]]
) -> None:
    with pytest.raises(FaultsError) as raised:
        await propose_text(two, pack_text(**replaced))
    found = [(fault.at, fault.code) for fault in raised.value.faults]
    assert sorted(found) == [(f"new.toml: {key}", code) for key, code in faults]
    assert await ChangeRequest.count() == 0
    assert await RuleVersion.count().where(RuleVersion.instrument == NAME) == 1


async def test_a_pack_that_overlaps_another_is_refused(two: Two) -> None:
    other = pack_text(**{NAME: "other-pack"})
    with pytest.raises(FaultsError, match="both in force"):
        await propose_text(two, other, is_correction=True, applies_from=None)
    later = other.replace(b"effective_from = 2023-05-01", b"effective_from = 2030-01-01")
    with pytest.raises(FaultsError, match="both in force"):
        await propose_text(two, later, applies_from=None)
    ended = pack_text(
        **{"effective_from = 2023-05-01": "effective_from = 2023-05-01\nrepealed_on = 2030-01-01"}
    )
    await decide_change(two.office, two.li, await propose_text(two, ended), "approved")
    await decide_change(two.office, two.li, await propose_text(two, later, applies_from=None), "approved")
    book = await load_rule_book(two.office)
    ids = [book.pack_on(PATENT, day).id for day in (TODAY, date(2029, 12, 31), date(2030, 1, 1))]
    assert ids == [NAME, NAME, "other-pack"]


async def test_a_new_file_does_not_reach_into_the_past_unseen(two: Two) -> None:
    begins = "effective_from = 2023-05-01"
    earlier = pack_text(
        **{NAME: "other-pack", begins: "effective_from = 2020-01-01\nrepealed_on = 2022-01-01"}
    )
    for day in (TODAY, date(2030, 1, 1)):
        with pytest.raises(InputError) as raised:
            await propose_text(two, earlier, applies_from=day)
        assert raised.value.code == "rules.first-day"
    with pytest.raises(InputError) as raised:
        await propose_text(two, earlier, applies_from=None)
    assert raised.value.code == "change.past"
    within = pack_text(
        **{NAME: "other-pack", begins: "effective_from = 2024-01-01\nrepealed_on = 2025-01-01"}
    )
    with pytest.raises(FaultsError, match="both in force"):
        await propose_text(two, within, applies_from=None, is_correction=True)
    number = await propose_text(two, earlier, applies_from=None, is_correction=True)
    await decide_change(two.office, two.li, number, "approved")
    assert (await load_rule_book(two.office)).pack_on(PATENT, date(2021, 1, 1)).id == "other-pack"


async def test_a_new_file_is_not_known_before_it_was_decided(two: Two) -> None:
    ended = pack_text(
        **{"effective_from = 2023-05-01": "effective_from = 2023-05-01\nrepealed_on = 2026-11-01"}
    )
    other = pack_text(**{NAME: "other-pack", "effective_from = 2023-05-01": "effective_from = 2026-11-01"})
    two.clock.forward(days=3)
    on = date(2026, 11, 10)
    for content in (ended, other):
        number = await propose_text(two, content, applies_from=date(2026, 11, 1), is_correction=True)
        await decide_change(two.office, two.li, number, "approved")
    book = await load_rule_book(two.office)
    assert book.pack_on(PATENT, on).id == "other-pack"
    assert book.pack_on(PATENT, on, known=TODAY).id == NAME


async def test_an_id_is_not_given_to_another_instrument(two: Two) -> None:
    other = pack_text(**{'subject = "patent-agency"': 'subject = "trademark-practitioner"'})
    with pytest.raises(InputError):
        await propose_text(two, other)


async def test_an_unknown_class_of_severity_is_refused(two: Two) -> None:
    document = json.loads(parse_rule_file(pack_text(), "pack.toml").content)
    document["clauses"][0]["severity"] = {"class": "none-such", "status": "found", "source": "x"}
    content = format_canonical(document)
    draft = await draft_file(content, "pack.json", applies_from=TODAY, is_correction=False, reason="x")
    with pytest.raises(FaultsError, match="no period table has the class none-such"):
        await propose_change(two.office, two.wang, draft)


async def test_what_a_tier_means_is_changed_too(two: Two) -> None:
    book = await load_rule_book(two.office)
    profile = book.profile_on("370303", TODAY)
    assert profile is not None
    row = profile.supervision[0]
    name = f"{row.practice_line.value}/{row.tier}"
    amendment = {"supervision": name, "fraction": "1/3", "minimum": 2, "source": "年度计划"}
    draft = draft_values(
        profile.id, 1, [amendment], applies_from=TODAY, is_correction=False, reason="年度计划"
    )
    await decide_change(two.office, two.li, await propose_change(two.office, two.wang, draft), "approved")
    after = (await load_rule_book(two.office)).profile_on("370303", TODAY)
    assert after is not None
    changed = after.supervision_of(row.practice_line.value, row.tier)
    assert changed is not None
    assert (changed.fraction, changed.minimum, changed.provenance.status) == ("1/3", 2, "entered")
