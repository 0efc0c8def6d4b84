"""What the database itself holds, on both alike: appended only, unique, known words, two people."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from piccolo.columns import Date, ForeignKey, Timestamptz, Varchar
from piccolo.table import Table

from agency_credit.database import Database
from agency_credit.database.embedded import EmbeddedEngine
from agency_credit.database.tables import (
    APPEND_ONLY,
    TABLES,
    Agency,
    AuditLine,
    ChangeDecision,
    ChangeRequest,
    CreditRecord,
    DraftSection,
    Draw,
    DrawStep,
    Person,
    Recusal,
    ResultCategory,
    Session,
)
from agency_credit.domain.errors import ConflictError, RefusedError

AT = datetime(2026, 11, 24, 4, tzinfo=UTC)

KNOWN_WORDS: dict[str, dict[str, object]] = {
    "inspection_item": {
        "practice_line": "patent",
        "item_weight": "key",
        "status": "found",
        "applies_from": AT.date(),
        "known_at": AT,
        "limit_status": "found",
        "origin": "shipped",
    },
    "lead_inspection": {"lead_kind": "complaint"},
    "legal_parameter": {"status": "found"},
    "security_setting": {"status": "found"},
    "person_role": {"role": "drafter"},
    "activation_code": {"right": "reader", "origin": "office"},
    "agency_seat": {"right": "reader"},
    "audit_line": {"outcome": "done"},
    "import_run": {"mode": "accept-good"},
    "change_request": {"kind": "rule"},
    "change_decision": {"verdict": "withdrawn"},
    "rule_version": {"kind": "file", "origin": "shipped"},
    "credit_record": {"category": "penalty", "procedure": "ordinary"},
    "record_event": {"event": "withdrawn"},
    "agency": {"status": "in_force", "list_status": "none", "legal_form": "unknown"},
    "agency_practice": {"practice_line": "patent"},
    "practitioner": {"practice_line": "patent", "status": "active"},
    "inspector": {"status": "active"},
    "rating": {"practice_line": "patent"},
    "credit_case": {"kind": "objection"},
    "reply": {"kind": "record"},
    "reply_step": {"step": "submitted"},
    "sealed_record": {"reason": "repaired"},
    "draft_section": {"section": "what"},
    "draw_step": {"step": "announced"},
    "inspection": {"stream": "lead"},
    "result_step": {"step": "published"},
    "other_inspection": {"kind": "routine"},
    "photograph": {"kind": "photo"},
    "recusal_decision": {"verdict": "refused"},
    "follow_up_step": {"step": "ordered"},
    "reserve_call": {"reason_code": "closed"},
    "statement": {"extent": "public"},
    "team_change": {"kind": "sent"},
}
OPTIONAL = {("credit_record", "category"): {""}, ("credit_record", "procedure"): {""}}
"""Words that may also be left out."""
MEMBER, BYSTANDER = 99, 98
KNOWN_VALUES: dict[str, dict[str, Any]] = {
    "inspection_seat": {"inspector": 1},
    "inspection_result": {"digest": "0" * 64},
    "result_confirmation": {"digest": "0" * 64, "by": MEMBER},
    "recusal_decision": {"by": BYSTANDER},
    "team_change": {"request": 1},
    "reply_text": {"text": "甲"},
}
"""What some tables ask of others: who confirms sits on the team, who decides does not."""


def new_row(table: type[Table], **values: object) -> Table:
    """A row that every rule accepts; it refers to the first row of other tables."""
    name = table._meta.tablename
    row: dict[str, Any] = {**KNOWN_WORDS.get(name, {})}
    for column in table._meta.columns:
        if isinstance(column, ForeignKey) and not column._meta.null:
            row[column._meta.name] = 1
        elif isinstance(column, (Timestamptz, Date)) and not column._meta.null:
            row[column._meta.name] = AT if isinstance(column, Timestamptz) else date(2026, 11, 24)
    return table(**{**row, **KNOWN_VALUES.get(name, {}), **values})


async def append(table: type[Table], **values: object) -> None:
    """Insert a row that every rule accepts, but for what `values` break."""
    for person, inspector in ((MEMBER, 1), (BYSTANDER, None)):
        is_needed = KNOWN_VALUES.get(table._meta.tablename, {}).get("by") == person
        if is_needed and not await Person.exists().where(Person.id == person):
            await Person.insert(new_row(Person, id=person, username=f"p{person}", inspector=inspector))
    await table.insert(new_row(table, **values))


async def fill() -> None:
    """One row in every table."""
    for table in TABLES:
        if table is not ChangeDecision:
            await append(table)
        if table is Person:  # what one person proposed, another has approved
            await append(Person, username="second")
        elif table is ChangeRequest:
            await append(ChangeDecision, verdict="approved", by=2)


async def run(engine: Database, statement: str) -> None:
    """A statement that passes by Piccolo, as somebody at the console of the database would."""
    await engine.run_ddl(statement)


@pytest.mark.parametrize("table", APPEND_ONLY, ids=lambda table: table._meta.tablename)
async def test_what_is_append_only_cannot_be_changed_or_removed(engine: Database, table: type[Table]) -> None:
    await fill()
    name = table._meta.tablename
    column = next(c._meta.name for c in table._meta.columns if not c._meta.primary_key)
    attempts = [f'UPDATE "{name}" SET "{column}" = "{column}"', f'DELETE FROM "{name}"']
    if isinstance(engine, EmbeddedEngine):
        columns = ", ".join(f'"{c._meta.name}"' for c in table._meta.columns)
        attempts += [f'INSERT OR REPLACE INTO "{name}" ({columns}) SELECT {columns} FROM "{name}"']
    else:
        attempts += [f'TRUNCATE "{name}" CASCADE']
    for attempt in attempts:
        with pytest.raises(RefusedError, match="append-only"):
            await run(engine, attempt)
    assert await table.count() == 1


async def test_the_tables_that_are_appended_only_are_all_named(engine: Database) -> None:
    open_tables = {table._meta.tablename for table in TABLES} - {t._meta.tablename for t in APPEND_ONLY}
    await fill()
    refused = set()
    for name in sorted(open_tables):
        try:
            await run(engine, f'UPDATE "{name}" SET "id" = "id"')
        except RefusedError:
            refused.add(name)
    frozen = {"draw", "draft_section"}  # since a step of it exists
    kept_as_sent = {
        "case_text",
        "case_file",
        "case_file_content",
        "record_salt",
        "reply_text",
    }  # never changed, but can be forgotten
    assert refused == {*frozen, *kept_as_sent, "person_role"}  # which is given or taken away


@pytest.mark.parametrize(
    "name",
    [
        "record_salt",
        "case_text",
        "case_file",
        "case_file_content",
        "reply_text",
        "activation_code",
        "agency_seat",
    ],
)
async def test_what_goes_row_by_row_or_not_at_all_is_not_emptied_at_once(engine: Database, name: str) -> None:
    await fill()
    attempts = [f'DELETE FROM "{name}"']
    if not isinstance(engine, EmbeddedEngine):
        attempts += [f'TRUNCATE "{name}" CASCADE']
    for attempt in attempts:
        with pytest.raises(RefusedError):
            await run(engine, attempt)
    assert await next(table for table in TABLES if table._meta.tablename == name).count() == 1


async def test_a_draft_can_be_changed_until_a_step_freezes_it(engine: Database) -> None:
    await append(Person)
    await append(Draw, draw="1")
    await append(Draw, draw="2")
    await Draw.update({Draw.title: "before"}, force=True)
    await append(DrawStep)
    with pytest.raises(RefusedError, match="frozen"):
        await Draw.update({Draw.title: "after"}).where(Draw.draw == "1")
    await Draw.update({Draw.title: "after"}).where(Draw.draw == "2")
    titles = await Draw.select(Draw.title).order_by(Draw.draw).output(as_list=True)
    assert titles == ["before", "after"]


async def test_the_sections_of_a_draft_are_frozen_with_it(engine: Database) -> None:
    await append(Person)
    await append(Draw)
    await append(DraftSection)
    with pytest.raises(ConflictError):
        await append(DraftSection)
    with pytest.raises(RefusedError, match=r"draft_section.section"):
        await append(DraftSection, section="elsewhere")
    with pytest.raises(RefusedError, match=r"draft_section.version"):
        await append(DraftSection, section="frame", version=0)
    await DraftSection.update({DraftSection.version: 2}, force=True)
    await append(DrawStep)
    with pytest.raises(RefusedError, match="frozen"):
        await DraftSection.update({DraftSection.version: 3}, force=True)
    with pytest.raises(RefusedError, match="frozen"):
        await append(DraftSection, section="frame")


async def test_a_draw_is_never_removed(engine: Database) -> None:
    await append(Person)
    await append(Draw)
    with pytest.raises(RefusedError, match="never removed"):
        await Draw.delete(force=True)


async def test_words_outside_the_lists_are_refused(engine: Database) -> None:
    await fill()
    n_rows = {table: await table.count() for table in TABLES}
    for table in TABLES:
        name = table._meta.tablename
        if table is DraftSection:
            continue  # frozen by now, asked for below
        for column in (key for key, word in KNOWN_WORDS.get(name, {}).items() if isinstance(word, str)):
            for word in {"", "Patent", "x'--"} - OPTIONAL.get((name, column), set()):
                with pytest.raises(RefusedError, match=f"{name}.{column}"):
                    await append(table, **{column: word})
        assert await table.count() == n_rows[table]


async def test_no_text_is_longer_than_its_column(engine: Database) -> None:
    for table in TABLES:
        words = KNOWN_WORDS.get(table._meta.tablename, {})
        longest: dict[str, Any] = {
            column._meta.name: "长" * (column.length or 0)
            for column in table._meta.columns
            if isinstance(column, Varchar) and column._meta.name not in words
        }
        for name, text in longest.items():
            with pytest.raises(RefusedError):
                await append(table, **{name: text + "长"})
        assert await table.count() == 0
        if table is ChangeDecision:  # what one person proposed, another has approved
            await append(Person, id=2, username="second")
            longest |= {"by": 2, "verdict": "approved"}
        await append(table, **longest, id=1)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
async def test_a_number_that_no_column_holds_is_refused(engine: Database, value: int) -> None:
    with pytest.raises(RefusedError):
        await append(ResultCategory, position=value)


async def test_nobody_approves_the_recusal_he_proposed(engine: Database) -> None:
    await fill()
    await Recusal.update({Recusal.proposed_by: 1}, force=True)
    with pytest.raises(RefusedError, match="two_people"):
        await Recusal.update({Recusal.approved_by: 1, Recusal.approved_at: AT}, force=True)
    await Recusal.update({Recusal.approved_by: BYSTANDER, Recusal.approved_at: AT}, force=True)


@pytest.mark.parametrize("verdict", ["approved", "rejected"])
async def test_nobody_decides_the_change_he_proposed(engine: Database, verdict: str) -> None:
    await append(Person, username="one")
    await append(Person, username="two")
    await append(ChangeRequest, proposed_by=1)
    with pytest.raises(RefusedError, match="proposed himself"):
        await append(ChangeDecision, verdict=verdict, by=1)
    await append(ChangeDecision, verdict=verdict, by=2)
    with pytest.raises(ConflictError):
        await append(ChangeDecision, verdict="withdrawn", by=1)


async def test_what_is_unique_is_refused_a_second_time(engine: Database) -> None:
    await fill()
    accepted = set()
    for table in TABLES:
        if table is DraftSection:
            continue  # frozen by now, asked for below
        try:
            await append(table)
            accepted.add(table._meta.tablename)
        except ConflictError:
            pass
    assert accepted == {
        *("audit_line", "import_run", "login_attempt", "rating", "draw_void_request", "draw_value"),
        *("checkpoint", "change_request", "record_event", "inspection", "import_row", "import_upload"),
        *("follow_up_step", "notice", "arrival", "team_change"),
    }


async def test_nothing_that_is_referred_to_can_be_removed(engine: Database) -> None:
    await fill()
    for table in (Agency, Person):
        with pytest.raises(RefusedError):
            await table.delete(force=True)
    await Session.delete(force=True)


async def test_an_instant_must_be_given_and_comes_back_in_utc(engine: Database) -> None:
    with pytest.raises(ValueError, match="at wasn't provided"):
        AuditLine(actor="a", outcome="done")
    beijing = datetime.fromisoformat("2026-11-24T12:00:00+08:00")
    await append(AuditLine, at=beijing)
    row = await AuditLine.select(AuditLine.at).where(AuditLine.at == AT).first()
    assert row is not None
    assert (row["at"], row["at"].utcoffset()) == (AT, AT.utcoffset())


async def test_an_upsert_works_on_what_is_unique(engine: Database) -> None:
    category = new_row(ResultCategory, code="1", text="new")
    await append(ResultCategory, code="1", text="old")
    await ResultCategory.insert(category).on_conflict(  # type: ignore[arg-type]
        target=ResultCategory.code, action="DO UPDATE", values=[ResultCategory.text]
    )
    assert await ResultCategory.select(ResultCategory.text) == [{"text": "new"}]


async def test_an_upsert_walks_past_no_trigger(engine: Database) -> None:
    await fill()
    with pytest.raises(RefusedError, match="append-only"):
        await CreditRecord.insert(new_row(CreditRecord)).on_conflict(  # type: ignore[arg-type]
            target=CreditRecord.digest, action="DO UPDATE", values=[CreditRecord.kind]
        )


async def test_every_reference_has_an_index(engine: Database) -> None:
    rows = await Agency.raw(
        "SELECT name FROM sqlite_master WHERE type = 'index'"
        if isinstance(engine, EmbeddedEngine)
        else "SELECT indexname AS name FROM pg_indexes"
    )
    wanted = {
        table._get_index_name([column._meta.name])
        for table in TABLES
        for column in table._meta.foreign_key_columns
    }
    assert wanted <= {row["name"] for row in rows}
