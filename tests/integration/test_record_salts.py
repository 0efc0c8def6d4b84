"""Every record has its salt: those of an import, and those that were there before there were salts."""

from __future__ import annotations

from importlib import import_module

import pytest

from agency_credit.database import append_rows, transaction
from agency_credit.database.embedded import EmbeddedEngine
from agency_credit.database.tables import Agency, CreditRecord, Practitioner, RecordSalt
from agency_credit.domain.canonical import digest, format_canonical
from agency_credit.domain.errors import ConflictError
from agency_credit.services.import_file import import_file
from tests.builders import add_agency, add_record
from tests.world import add_agencies, uscc

MIGRATION = "agency_credit.database.piccolo_migrations.agency_credit_2026_11_27t06_20_00_000000"


async def _commitments() -> list[tuple[str, str]]:
    """What each record's commitment is, and what it should be."""
    rows = await RecordSalt.select(
        RecordSalt.salt,
        RecordSalt.commitment,
        *(column.as_alias(column._meta.name) for column in (
            RecordSalt.record.kind, RecordSalt.record.document_number, RecordSalt.record.decided_on,
            RecordSalt.record.authority, RecordSalt.record.summary,
        )),
        RecordSalt.record.agency.uscc.as_alias("uscc"),
        RecordSalt.record.practitioner.certificate.as_alias("certificate"),
    ).order_by(RecordSalt.record)  # fmt: skip
    found = []
    for row in rows:
        body = {
            "authority": row["authority"],
            "decided_on": row["decided_on"].isoformat(),
            "document": row["document_number"],
            "kind": row["kind"],
            "subject": row["certificate"] or row["uscc"],
            "summary": row["summary"],
        }
        assert len(row["salt"]) == 32
        found.append((row["commitment"], digest(bytes(row["salt"]) + format_canonical(body))))
    return found


async def test_records_from_before_get_a_salt_by_the_migration(office):
    agency = await add_agency(uscc(1), "甲所")
    await add_record(agency, "警告", summary="摘要")
    await add_record(agency, "罚款")
    table = "" if isinstance(office.engine, EmbeddedEngine) else " ON record_salt"
    await office.engine.run_ddl(f"DROP TRIGGER record_salt_unless_sealed_delete{table}")
    await RecordSalt.delete(force=True)
    await import_module(MIGRATION)._salt_known_records()
    found = await _commitments()
    assert len({ours for ours, _ in found}) == 2
    assert all(ours == expected for ours, expected in found)


async def test_an_import_salts_what_it_appends_and_names_the_practitioner(office, operator):
    await add_agencies(2)
    agency = await Agency.select(Agency.id).where(Agency.uscc == uscc(1)).first()
    assert agency is not None
    await Practitioner.insert(
        Practitioner(
            certificate="3712345", name="甲", agency=agency["id"], practice_line="patent", status="active"
        )
    )
    text = "信用代码,资格证号,信息类别,文书号,决定日期,证据摘要\n"
    text += f"{uscc(0)},,列入经营异常名录,1号,2026-01-02,{'a' * 64}\n"
    text += ",3712345,列入经营异常名录,2号,2026-01-02,\n"
    report = await import_file(office, operator, "records", "记录.csv", text.encode())
    assert (report.new, report.faults) == (2, ())
    again = await import_file(office, operator, "records", "记录.csv", text.encode())
    assert (again.new, again.same) == (0, 2)
    found = await _commitments()
    assert len(found) == 2
    assert all(ours == expected for ours, expected in found)
    rows = await CreditRecord.select().order_by(CreditRecord.id)
    assert [row["evidence"] for row in rows] == ["a" * 64, ""]
    assert rows[0]["practitioner"] is None
    assert (rows[1]["practitioner"], rows[1]["agency"]) == (1, agency["id"])
    lists = await Agency.select(Agency.list_status).order_by(Agency.uscc).output(as_list=True)
    assert lists == ["abnormal", "none"], "a practitioner's record lists no agency"


async def test_rows_in_bulk_take_defaults_and_meet_the_same_constraints(office):
    row = {"code": "370399", "name": "甲区"}
    from agency_credit.database.tables import District

    async with transaction():
        await append_rows(District, [])
        await append_rows(District, [row, {"code": "370398", "name": "乙区"}])
    with pytest.raises(ConflictError):
        async with transaction():
            await append_rows(District, [{"code": "370397", "name": "丙区"}, row])
    assert await District.count().where(District.code.is_in(["370397", "370398", "370399"])) == 2
