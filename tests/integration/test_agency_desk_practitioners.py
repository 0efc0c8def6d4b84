"""The practitioners page of a desk: who is named, and whose tier is shown to whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from agency_credit.database.tables import Agency, Practitioner, PractitionerPost, Rating
from agency_credit.domain.role import DeskRight
from agency_credit.scoring import RulePack
from agency_credit.scoring.shown import Publication
from agency_credit.services import agency_desk_practitioners
from agency_credit.services.people import load_actor
from agency_credit.services.rule_book import RuleBook
from tests.integration.test_agency_desk import page_of, text_of
from tests.visitor import visit
from tests.world import World, add_agency_person, build_world, uscc

A, B = uscc(0), uscc(1)


@pytest.fixture
async def world(office, clock) -> World:
    made = await build_world(office, clock, n_agencies=3, n_inspectors=2)
    await add_agency_person(office, "reader", A, DeskRight.READER)
    await add_agency_person(office, "other", B)
    return made


async def add_practitioner(world: World, name: str, code: str, line="patent", released=False) -> int:
    row = await Agency.select(Agency.id).where(Agency.uscc == code).first()
    person = Practitioner(
        certificate=f"证{name}", name=name, agency=row["id"], practice_line=line, status="active"
    )
    await person.save()
    now = world.office.now()
    await PractitionerPost.insert(
        PractitionerPost(
            practitioner=person.id,
            agency=row["id"],
            claimed_at=now,
            released_at=now if released else None,
        )
    )
    return int(person.id)


async def rate_person(world: World, person: int, code: str, tier: str, pack: str | None = None) -> None:
    row = await Agency.select(Agency.id).where(Agency.uscc == code).first()
    line = (await Practitioner.select(Practitioner.practice_line).where(Practitioner.id == person).first())[
        "practice_line"
    ]
    held = next(
        file.id
        for file in world.office.shelf.book.in_force(RulePack, world.office.today())
        if file.subject.value == f"{line}-practitioner"
    )
    await Rating.insert(
        Rating(
            agency=row["id"],
            practitioner=person,
            practice_line=line,
            rated_on=date(2026, 11, 24),
            pack_id=pack or held,
            pack_digest="0" * 64,
            score=77_000,
            tier=tier,
            rated_at=world.office.now(),
        )
    )


async def test_who_practises_here_is_named_and_nobody_else(world):
    await add_practitioner(world, "张三", A)
    await add_practitioner(world, "李四", A, "trademark")
    await add_practitioner(world, "王离职", A, released=True)
    await add_practitioner(world, "赵他家", B)
    text = text_of(await page_of(world, f"/desk/{A}/practitioners"))
    assert "张三证张三" in text
    assert "李四证李四" in text
    assert "王离职" not in text
    assert "赵他家" not in text
    await page_of(world, f"/desk/{A}/practitioners", "other", 404)


async def test_the_newest_tier_is_shown_where_the_pack_allows(world):
    person = await add_practitioner(world, "张三", A)
    await rate_person(world, person, A, "D")
    await rate_person(world, person, A, "C")
    await add_practitioner(world, "李四", A)
    text = text_of(await page_of(world, f"/desk/{A}/practitioners"))
    assert "张三证张三在岗C772026年11月24日" in text
    assert "李四证李四在岗未评级——" in text
    assert "规则允许机构查看本机构人员的评级" in text
    assert "待核实" in text


@pytest.mark.parametrize("said", [None, False])
async def test_no_tier_is_read_where_the_pack_does_not_allow_it_or_says_nothing(world, monkeypatch, said):
    person = await add_practitioner(world, "张三", A)
    await rate_person(world, person, A, "C")
    held = RuleBook.in_force

    def without(book, kind, on, known=None):
        def shut(pack):
            rule = pack.publication.shown_to_agency
            if not isinstance(pack, RulePack) or rule is None:
                return pack
            rule = None if said is None else replace(rule, is_allowed=False)
            return replace(pack, publication=Publication(shown_to_agency=rule))

        return tuple(shut(file) for file in held(book, kind, on, known))

    monkeypatch.setattr(RuleBook, "in_force", without)
    (line,) = await agency_desk_practitioners.load_own_practitioners(
        world.office, (await person_at(world)).seats[0]
    )
    assert [one.rating for one in line.people] == [None]
    text = text_of(await page_of(world, f"/desk/{A}/practitioners"))
    assert "张三证张三在岗" in text
    assert "得分" not in text
    assert ("没有规定机构可以查看" if said is None else "不允许机构查看") in text


async def person_at(world: World):
    return await load_actor("reader")


async def test_a_tier_of_another_pack_is_not_shown_under_the_rule_of_this_one(world):
    person = await add_practitioner(world, "张三", A)
    await rate_person(world, person, A, "C")
    await rate_person(world, person, A, "D", pack="another-pack")
    text = text_of(await page_of(world, f"/desk/{A}/practitioners"))
    assert "张三证张三在岗未评级" in text


async def test_tiers_of_persons_stay_off_every_public_page(world):
    person = await add_practitioner(world, "张三", A)
    await rate_person(world, person, A, "C")
    async with visit(world.office) as client:
        for path in (f"/agencies/{A}", f"/api/v1/agencies/{A}"):
            assert "张三" not in (await client.get(path)).text


async def test_nobody_is_named_where_the_register_names_nobody(world):
    assert "名录中没有登记在本机构执业的人员" in text_of(
        await page_of(world, f"/desk/{B}/practitioners", "other")
    )
