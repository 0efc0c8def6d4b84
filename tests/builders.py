"""Rows for tests that read: agencies, ratings, records, people, draws from the vectors.

They go straight into the tables, past the services, so that the read side is tested by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pypinyin import Style, lazy_pinyin

from agency_credit.database import transaction
from agency_credit.database.tables import (
    Agency,
    AgencyPractice,
    CreditRecord,
    Draw,
    DrawFile,
    DrawStep,
    DrawVoidRequest,
    Inspection,
    InspectionResult,
    Person,
    PersonRole,
    Rating,
    ResultStep,
)
from agency_credit.domain.canonical import digest
from agency_credit.domain.role import Role
from agency_credit.services.record_salts import append_salts, record_body

VECTORS = Path(__file__).parent / "vectors" / "double-random-1"
NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
STEPS = ("announced", "approved", "drawn", "published")


async def add_agency(uscc: str, name: str, *, lines: Mapping[str, str] | None = None, **columns: Any) -> int:
    """An agency in force with its agency codes by practice line; its number."""
    codes = {"patent": "37001"} if lines is None else lines
    initials = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER, errors="ignore"))
    agency = Agency(
        **{
            "uscc": uscc,
            "name": name,
            "search_text": " ".join([name, initials, uscc, *codes.values()]).lower(),
            "area": "370303",
            "address": "张店区人民西路1号",
            "head": "赵保密",
            "telephone": "13800001234",
            "status": "in_force",
            "created_at": NOON,
            "changed_at": NOON,
        }
        | columns
    )
    await agency.save()
    for line, code in codes.items():
        await AgencyPractice.insert(AgencyPractice(agency=agency.id, practice_line=line, agency_code=code))
    return int(agency.id)


async def add_rating(
    agency: int,
    tier: str,
    score: int,
    *,
    line: str = "patent",
    on: date = date(2026, 11, 24),
    lines: Sequence[Mapping[str, Any]] = (),
    moved: Sequence[Mapping[str, Any]] = (),
    pack: str = "fictional-patent-agency",
    is_fictional: bool = True,
) -> None:
    """A rating; `score` in thousandths."""
    await Rating.insert(
        Rating(
            agency=agency,
            practice_line=line,
            rated_on=on,
            pack_id=pack,
            pack_digest="0" * 64,
            is_fictional=is_fictional,
            score=score,
            tier=tier,
            lines_json=json.dumps(list(lines), ensure_ascii=False),
            moved_json=json.dumps(list(moved), ensure_ascii=False),
            rated_at=NOON,
        )
    )


def ledger_line(**changes: Any) -> dict[str, Any]:
    """A line of a ledger as ratings keep it."""
    return {
        "clause": "F-PA-04", "points": "-5", "state": "counting", "from": "2026-03-02", "until": "2027-03-01",
        "citation": "演示规则 第四项", "record": "0" * 64, "record_kind": "警告", "decided_on": "2026-03-02",
    } | changes  # fmt: skip


async def add_record(agency: int, kind: str, *, on: date = date(2026, 3, 2), **columns: Any) -> None:
    """A credit record with its salt."""
    record = CreditRecord(
        **{
            "agency": agency,
            "kind": kind,
            "document_number": "淄知罚〔2026〕3号",
            "decided_on": on,
            "authority": "淄博市市场监督管理局",
            "summary": "",
            "known_at": NOON,
            "digest": digest(f"{agency}{kind}{on}".encode()),
        }
        | columns
    )
    await record.save()
    owner = await Agency.select(Agency.uscc).where(Agency.id == agency).first()
    assert owner is not None
    async with transaction():
        await append_salts([(int(record.id), record_body(record.to_dict(), owner["uscc"]))])


async def add_person(username: str, *roles: Role) -> int:
    """An account that nobody can log in to."""
    person = Person(
        username=username, display_name=username, password_hash="-", is_active=True, created_at=NOON
    )
    await person.save()
    for role in roles:
        await PersonRole.insert(PersonRole(person=person.id, role=role.value))
    return int(person.id)


async def add_draw(
    case: str,
    *steps: str,
    names: Mapping[str, str] | None = None,
    void: tuple[str, str] = ("ordered", "依法院裁定"),
) -> int:
    """The draw of a vector as it stands after `steps`; its units become agencies. Its number.

    Parameters
    ----------
    names
        Names of some units; the others are called after their code.
    void
        Code and words of the reason of a step ``voided``.
    """
    folder = VECTORS / case
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    plan, result = json.loads(files["plan.json"]), json.loads(files["result.json"])
    drafter = await _person("drafter")
    draw = Draw(
        draw=plan["draw"],
        title=plan["title"],
        authority=plan["authority"],
        draft_json=json.dumps({"replaces": None}),
        drafted_by=drafter,
        drafted_at=NOON,
        changed_at=NOON,
    )
    await draw.save()
    for name, content in files.items():
        if name in _stored_after(steps):
            await DrawFile.insert(DrawFile(draw=draw.id, name=name, content=content, digest=digest(content)))
    second = await _person("approver")
    for n, step in enumerate(steps):
        code, reason = void if step == "voided" else ("", "")
        if step == "voided":
            await DrawVoidRequest.insert(
                DrawVoidRequest(draw=draw.id, requested_by=drafter, requested_at=NOON + timedelta(days=n))
            )
        await DrawStep.insert(
            DrawStep(
                draw=draw.id,
                step=step,
                at=NOON + timedelta(days=n),
                by=second if step in ("approved", "voided") else drafter,
                second_by=drafter if step == "voided" else None,
                reason_code=code,
                reason=reason,
                log_index=n,
            )
        )
    if "drawn" in steps:
        await _add_inspections(int(draw.id), files, result, names or {})
    return int(draw.id)


async def add_result(
    draw: int, unit: str, *, categories: Sequence[str] = ("1",), findings: str = "", is_published: bool = True
) -> None:
    """A result of the inspection of `unit`, published or only entered."""
    inspection = await (
        Inspection.select(Inspection.id)
        .where((Inspection.draw == draw) & (Inspection.agency.uscc == unit))
        .first()
    )
    assert inspection is not None
    author = await _person("inspector")
    result = InspectionResult(
        inspection=inspection["id"],
        version=1,
        inspected_on=date(2026, 11, 27),
        categories_json=json.dumps(list(categories)),
        findings=findings,
        entered_by=author,
        entered_at=NOON + timedelta(days=3),
    )
    await result.save()
    if is_published:
        reviewer = await _person("drafter")
        await ResultStep.insert(
            ResultStep(
                result=result.id, step="published", by=reviewer, at=NOON + timedelta(days=4), log_index=9
            )
        )


def _stored_after(steps: Sequence[str]) -> set[str]:
    stored = {"plan.json", "announcement.json", "targets.jsonl", "inspectors.jsonl", "recusals.jsonl"}
    stored |= {"result.json"} if "drawn" in steps else set()
    return stored | ({"reveal.json", "names.jsonl"} if "published" in steps else set())


async def _add_inspections(
    draw: int, files: Mapping[str, bytes], result: Mapping[str, Any], names: Mapping[str, str]
) -> None:
    frame = [json.loads(line) for line in files["targets.jsonl"].splitlines()]
    agencies = {row["unit"]: await _agency(row["unit"], names.get(row["unit"]), row["area"]) for row in frame}
    strata = {row["unit"]: row["stratum"] for row in frame}
    for position, team in enumerate(result["teams"]):
        unit = team["unit"]
        await Inspection.insert(
            Inspection(
                draw=draw,
                agency=agencies[unit],
                stratum=strata[unit],
                stream="mandatory" if unit in result["mandatory"] else "drawn",
                position=position,
            )
        )


async def _agency(uscc: str, name: str | None, area: str) -> int:
    known = await Agency.select(Agency.id).where(Agency.uscc == uscc).first()
    return int(known["id"]) if known else await add_agency(uscc, name or f"代理机构{uscc}", area=area)


async def _person(username: str) -> int:
    known = await Person.select(Person.id).where(Person.username == username).first()
    return int(known["id"]) if known else await add_person(username)
