"""Public replies of agencies: looked at for personal data alone, shown beside a record, gone with it."""

from __future__ import annotations

import asyncio

import pytest

from agency_credit.database.tables import (
    AuditLine,
    LogBody,
    LogEntry,
    Notice,
    Reply,
    ReplyStep,
    ReplyText,
)
from agency_credit.domain.errors import (
    ConflictError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RefusedError,
)
from agency_credit.domain.role import Actor, DeskRight
from agency_credit.publication.entry import parse_entry
from agency_credit.publication.proof import parse_proof
from agency_credit.services.forgetting import forget_record
from agency_credit.services.log import load_proof
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.record_change import load_known_record
from agency_credit.services.register import load_agency
from agency_credit.services.replies import (
    MAX_REPLY,
    ReplyTarget,
    load_own_replies,
    load_reply_lines,
    publish_reply,
    return_reply,
    submit_reply,
    withdraw_reply,
)
from tests import world as made
from tests.conftest import Clock
from tests.field import published_visit
from tests.integration.console import desk_of
from tests.integration.records import DECIDED, A, decide, record_of
from tests.visitor import visit
from tests.world import World

B = made.uscc(1)
TEXT = "本所已于三月整改完毕，并退还费用。"


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await made.build_world(office, clock, n_agencies=4, n_inspectors=4)


@pytest.fixture
async def clerk(office: Office, world: World) -> Actor:
    return await made.add_agency_person(office, "clerk", A, DeskRight.CLERK)


@pytest.fixture
async def record(world: World) -> str:
    return await record_of(A, "罚款", document_number="3号", category="penalty", procedure="ordinary")


def to(record: str) -> ReplyTarget:
    return ReplyTarget(kind="record", key=record)


async def shown(world: World) -> str | None:
    """What the public page shows beside the record."""
    (record,) = (await load_agency(world.office, A)).records
    return record.reply.text if record.reply else None


async def body_of(world: World, index: int) -> bool:
    """Whether the proof of an entry opens its body."""
    return b'"body":{"kind"' in parse_proof(await load_proof(world.office, index)).extra


async def entries(world: World) -> list[tuple[str, int]]:
    rows = (
        await LogEntry.select(LogEntry.type, LogEntry.index)
        .where(LogEntry.type.like("reply.%"))
        .order_by(LogEntry.index)
    )
    return [(row["type"], row["index"]) for row in rows]


async def test_a_reply_is_looked_at_published_replaced_and_taken_back(
    world: World, clerk: Actor, record: str
) -> None:
    first = await submit_reply(world.office, clerk, A, to(record), f"  {TEXT}\n")
    assert await shown(world) is None
    assert [line.reply.text for line in await load_reply_lines(world.office, is_waiting=True)] == [TEXT]
    await publish_reply(world.office, world.approver, first)
    assert await shown(world) == TEXT
    [(kind, index)] = await entries(world)
    assert kind == "reply.published"
    assert TEXT.encode() not in bytes(
        (await LogEntry.select().where(LogEntry.index == index).first())["entry"]
    )
    assert await body_of(world, index)
    second = await submit_reply(world.office, clerk, A, to(record), "新的答复")
    assert await shown(world) == TEXT, "the first stands until the second is published"
    await publish_reply(world.office, world.approver, second)
    assert await shown(world) == "新的答复"
    assert not await body_of(world, index), "what was replaced is told no more"
    await withdraw_reply(world.office, clerk, A, second)
    assert await shown(world) is None, "the one before does not come back"
    told = await entries(world)
    assert [kind for kind, _ in told] == ["reply.published", "reply.published", "reply.withdrawn"]
    assert not await body_of(world, told[1][1])
    last = await LogEntry.select().where(LogEntry.index == told[2][1]).first()
    assert parse_entry(bytes(last["entry"])).body == {"entry": told[1][1], "reply": second}


async def test_notices_go_both_ways(world: World, clerk: Actor, record: str) -> None:
    number = await submit_reply(world.office, clerk, A, to(record), TEXT)
    waiting = await Notice.select(Notice.kind, Notice.path, Notice.person, Notice.read_at)
    assert [(n["kind"], n["path"], n["person"]) for n in waiting] == [
        ("reply.waits", f"/admin/replies/{number}", world.approver.person_id)
    ]
    await return_reply(world.office, world.approver, number, ["name", "contact"])
    notices = await Notice.select(Notice.kind, Notice.path, Notice.person, Notice.read_at).order_by(Notice.id)
    assert notices[0]["read_at"] is not None
    assert (notices[1]["kind"], notices[1]["path"], notices[1]["person"]) == (
        "reply.returned",
        f"/desk/{A}/records/{record}",
        clerk.person_id,
    )
    own = await load_own_replies(world.office, clerk.seats[0], to(record))
    assert [(reply.step.value, reply.reasons) for reply in own.replies] == [("returned", ("contact", "name"))]
    assert own.is_open
    assert await shown(world) is None
    assert await entries(world) == []


@pytest.mark.parametrize("reasons", [[], ["opinion"], ["name", "wrong"], [""]])
async def test_only_personal_data_is_a_reason(
    world: World, clerk: Actor, record: str, reasons: list[str]
) -> None:
    number = await submit_reply(world.office, clerk, A, to(record), TEXT)
    with pytest.raises(InputError):
        await return_reply(world.office, world.approver, number, reasons)
    assert await ReplyStep.count() == 1


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", InputError),
        (" \n\u3000", InputError),
        ("长" * (MAX_REPLY + 1), InputError),
        ("请联系13800138000", RefusedError),
        ("身份证１１０１０５ １９４９１２３１ ００２Ｘ", RefusedError),
        ("电话0533-2345678", RefusedError),
    ],
)
async def test_bad_texts_are_refused(
    world: World, clerk: Actor, record: str, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await submit_reply(world.office, clerk, A, to(record), text)
    assert (await Reply.count(), await ReplyText.count()) == (0, 0)


async def test_five_hundred_characters_are_taken(world: World, clerk: Actor, record: str) -> None:
    await submit_reply(world.office, clerk, A, to(record), "长" * MAX_REPLY)


async def test_another_agency_s_record_and_what_is_not_public_do_not_exist(
    world: World, clerk: Actor, record: str
) -> None:
    other = await record_of(B, "罚款", document_number="9号")
    for target in (
        to(other), to("0" * 64), to(""), to("1"), ReplyTarget(kind="result", key="1"),
        ReplyTarget(kind="result", key="x"), ReplyTarget(kind="result", key="9" * 40),
    ):  # fmt: skip
        with pytest.raises(NotFoundError):
            await submit_reply(world.office, clerk, A, target, TEXT)
    with pytest.raises(NotFoundError):
        await submit_reply(world.office, clerk, B, to(other), TEXT)
    await decide(world, record, "withdrawn", on=DECIDED)
    with pytest.raises(NotFoundError):
        await submit_reply(world.office, clerk, A, to(record), TEXT)
    assert await Reply.count() == 0


async def test_a_reader_and_people_of_the_office_cannot_reply(world: World, record: str) -> None:
    reader = await made.add_agency_person(world.office, "reader", A, DeskRight.READER)
    with pytest.raises(ForbiddenError):
        await submit_reply(world.office, reader, A, to(record), TEXT)
    with pytest.raises(ForbiddenError):
        await submit_reply(world.office, world.approver, A, to(record), TEXT)
    with pytest.raises(InputError):
        await submit_reply(
            world.office, await made.add_agency_person(world.office, "clerk", A), A, to(record), ""
        )
    tried = await AuditLine.select(AuditLine.outcome).where(AuditLine.action == "reply.send")
    assert [line["outcome"] for line in tried] == ["refused"] * 3


async def test_who_is_no_publisher_decides_nothing(world: World, clerk: Actor, record: str) -> None:
    number = await submit_reply(world.office, clerk, A, to(record), TEXT)
    for actor in (world.drafter, clerk, world.inspectors[0]):
        with pytest.raises(ForbiddenError):
            await publish_reply(world.office, actor, number)
        with pytest.raises(ForbiddenError):
            await return_reply(world.office, actor, number, ["name"])
    other = await made.add_agency_person(world.office, "other", B)
    with pytest.raises(NotFoundError):
        await withdraw_reply(world.office, other, B, number)


async def test_of_two_at_once_one_is_refused(world: World, clerk: Actor, record: str) -> None:
    sent = await asyncio.gather(
        *(submit_reply(world.office, clerk, A, to(record), f"答复{n}") for n in range(3)),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, ConflictError) for one in sent) == [False, True, True]
    number = next(one for one in sent if isinstance(one, int))
    done = await asyncio.gather(
        publish_reply(world.office, world.approver, number),
        return_reply(world.office, world.approver, number, ["name"]),
        withdraw_reply(world.office, clerk, A, number),
        return_exceptions=True,
    )
    lost = [one for one in done if isinstance(one, Exception)]
    assert all(isinstance(one, RefusedError) for one in lost), done
    # what was published first may be taken back after it
    steps = [row["step"] for row in await ReplyStep.select(ReplyStep.step).order_by(ReplyStep.sequence)]
    assert steps in (
        ["submitted", "published"], ["submitted", "returned"], ["submitted", "withdrawn"],
        ["submitted", "published", "withdrawn"],
    )  # fmt: skip
    outcomes = {line["outcome"] for line in await AuditLine.select().where(AuditLine.action == "reply.send")}
    assert len(outcomes) == 2


async def test_it_cannot_be_published_once_its_record_is_gone(
    world: World, clerk: Actor, record: str
) -> None:
    number = await submit_reply(world.office, clerk, A, to(record), TEXT)
    await decide(world, record, "withdrawn", on=DECIDED)
    with pytest.raises(NotFoundError):
        await publish_reply(world.office, world.approver, number)


async def test_a_withdrawn_record_takes_its_reply_out_of_sight(
    world: World, clerk: Actor, record: str
) -> None:
    number = await submit_reply(world.office, clerk, A, to(record), TEXT)
    await publish_reply(world.office, world.approver, number)
    await decide(world, record, "withdrawn", on=DECIDED)
    [(_, index)] = await entries(world)
    assert not await body_of(world, index)
    async with visit(world.office) as client:
        for path in (f"/agencies/{A}", f"/api/v1/agencies/{A}"):
            assert TEXT not in (await client.get(path)).text


async def test_a_forgotten_record_takes_the_words_with_it(world: World, clerk: Actor, record: str) -> None:
    number = await submit_reply(world.office, clerk, A, to(record), TEXT)
    await publish_reply(world.office, world.approver, number)
    [(_, index)] = await entries(world)
    known = await load_known_record(record)
    async with operation(world.office, world.drafter, "test.forget", "-", roles=None) as op:
        await forget_record(op, known.row["id"])
    assert await ReplyText.count() == 0
    assert not await LogBody.exists().where(LogBody.log_index == index)
    assert not await body_of(world, index)
    assert [line.reply.text for line in await load_reply_lines(world.office, is_waiting=False)] == [""]


async def test_a_reply_to_a_result_stands_beside_it(world: World) -> None:
    published = await published_visit(world)
    draw = published["draw_identifier"]
    unpublished = next(row for row in await made.inspections_of(draw) if row["uscc"] != published["uscc"])
    for row in (unpublished, published):
        actor = await made.add_agency_person(
            world.office, f"at{row['uscc'][-1]}", row["uscc"], DeskRight.CLERK
        )
        target = ReplyTarget(kind="result", key=str(row["id"]))
        if row is unpublished:
            with pytest.raises(NotFoundError):
                await submit_reply(world.office, actor, row["uscc"], target, TEXT)
    result = published
    number = await submit_reply(world.office, actor, result["uscc"], target, TEXT)
    await publish_reply(world.office, world.approver, number)
    [(_, index)] = await entries(world)
    assert await body_of(world, index)
    async with visit(world.office) as client:
        for path in (f"/agencies/{result['uscc']}", f"/api/v1/agencies/{result['uscc']}/inspections"):
            assert TEXT in (await client.get(path)).text, path
        assert TEXT in (await client.get(f"/draws/{draw}")).text


async def test_the_desk_says_what_a_returned_reply_holds(world: World, clerk: Actor, record: str) -> None:
    number = await submit_reply(world.office, clerk, A, to(record), TEXT)
    await return_reply(world.office, world.approver, number, ["contact"])
    async with desk_of(world.office, "clerk") as desk:
        page = (await desk.open(f"/desk/{A}/records/{record}")).text
        assert "已退回：含有个人信息" in page
        assert TEXT in page
        assert "撰写公开答复" in page


async def test_the_pages_of_desk_and_office(world: World, clerk: Actor, record: str) -> None:
    path = f"/desk/{A}/records/{record}"
    async with desk_of(world.office, "clerk") as desk, desk_of(world.office, "approver") as office:
        assert "撰写公开答复" in (await desk.open(path)).text
        answer = await desk.send(f"{path}/reply", {"reply": "请联系13800138000"})
        assert answer.status_code == 422
        assert "请联系13800138000" in answer.text, "what was typed is kept"
        answer = await desk.send(f"{path}/reply", {"reply": TEXT})
        assert answer.status_code == 303, answer.text
        assert "待查看" in (await desk.open(path)).text
        assert TEXT in (await office.open("/admin/replies/1")).text
        answer = await office.send("/admin/replies/1/decide", {"decision": "return"})
        assert answer.status_code == 422
        answer = await office.send("/admin/replies/1/decide", {"decision": "publish"})
        assert answer.status_code == 303, answer.text
        assert "机构答复" in (await office.open("/admin/replies")).text
        page = (await desk.open(path)).text
        assert TEXT in page
        answer = await desk.send(f"{path}/reply", {"taken_back": "1"})
        assert answer.status_code == 303
        assert (await desk.send(f"/desk/{B}/records/{record}/reply", {"reply": "x"})).status_code == 404
        assert (await desk.send(f"/desk/{A}/records/{'0' * 64}/reply", {"reply": "x"})).status_code == 404
    async with visit(world.office) as client:
        assert TEXT not in (await client.get(f"/agencies/{A}")).text
