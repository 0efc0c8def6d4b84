"""Whatever asks two people asks them in the database too, and exclusive roles exclude: raw rows on both."""

from __future__ import annotations

from typing import Any

import pytest

from agency_credit.database import Database
from agency_credit.database.tables import (
    AuditLine,
    Draw,
    DrawStep,
    DrawVoidRequest,
    InspectionResult,
    Person,
    PersonRole,
    Recusal,
    ResultStep,
)
from agency_credit.domain.errors import RefusedError
from agency_credit.domain.role import Role, find_conflict
from tests.integration.test_portable import AT, append, fill


async def add_people(n: int) -> None:
    """Accounts 1 to `n`."""
    for number in range(1, n + 1):
        await append(Person, username=f"person{number}")


async def add_draw(**columns: Any) -> None:
    """The draw ``D-1``, drafted by person 1, announced by person 2."""
    await append(Draw, draw="D-1", drafted_by=1, **columns)
    await append(DrawStep, step="announced", by=2)


@pytest.mark.parametrize("author", [1, 2, 3])
async def test_no_author_approves_his_draw(engine: Database, author: int) -> None:
    """Person 1 drafted it, person 2 announced it, person 3 changed the draft."""
    await add_people(4)
    await append(Draw, draw="D-1", drafted_by=1)
    await append(AuditLine, actor="person3", action="draw.change", subject="D-1")
    await append(DrawStep, step="announced", by=2)
    with pytest.raises(RefusedError, match="prepared"):
        await append(DrawStep, step="approved", by=author)
    await append(DrawStep, step="approved", by=4)


async def test_a_change_that_was_refused_or_of_another_draw_makes_no_author(engine: Database) -> None:
    await add_people(3)
    await add_draw()
    await append(AuditLine, actor="person3", action="draw.change", subject="D-1", outcome="refused")
    await append(AuditLine, actor="person3", action="draw.change", subject="D-2")
    await append(DrawStep, step="approved", by=3)


async def test_nobody_voids_a_draw_alone(engine: Database) -> None:
    await add_people(2)
    await add_draw()
    for second in (None, 1, 2):  # nobody has asked
        with pytest.raises(RefusedError, match="another person asked"):
            await append(DrawStep, step="voided", by=2, second_by=second)
    await append(DrawVoidRequest, requested_by=2)
    for by, second in ((2, 2), (2, 1), (1, None), (1, 1)):
        with pytest.raises(RefusedError, match=r"another person asked|two_people"):
            await append(DrawStep, step="voided", by=by, second_by=second)
    await append(DrawStep, step="voided", by=1, second_by=2)


@pytest.mark.parametrize("step", ["rejected", "returned"])  # reviewed: tests/integration/test_results.py
async def test_nobody_judges_the_result_he_entered(engine: Database, step: str) -> None:
    await fill()
    await append(InspectionResult, version=2, entered_by=2)
    with pytest.raises(RefusedError, match=r"reviews the result|his own team"):
        await append(ResultStep, result=2, step=step, by=2)
    await append(ResultStep, result=2, step=step, by=1)


async def test_an_approved_recusal_keeps_its_two_people(engine: Database) -> None:
    await fill()
    await Recusal.update({Recusal.proposed_by: 1}, force=True)
    with pytest.raises(RefusedError, match="approved_whole"):
        await Recusal.update({Recusal.approved_at: AT}, force=True)  # by nobody
    await Recusal.update({Recusal.approved_by: 2, Recusal.approved_at: AT}, force=True)
    for column in (Recusal.proposed_by, Recusal.approved_by):
        with pytest.raises(RefusedError, match=r"two people|approved_whole"):
            await Recusal.update({column: None}, force=True)


@pytest.mark.parametrize("first", list(Role))
async def test_roles_exclude_each_other_as_the_domain_says(engine: Database, first: Role) -> None:
    await append(Person)
    await append(PersonRole, role=first.value)
    for second in Role:
        if second is first:
            continue
        if find_conflict({first, second}):
            with pytest.raises(RefusedError, match="exclude"):
                await append(PersonRole, role=second.value)
        else:
            await append(PersonRole, role=second.value)
            await PersonRole.delete().where(PersonRole.role == second.value)
    assert await PersonRole.count() == 1


async def test_a_role_is_never_turned_into_another(engine: Database) -> None:
    await append(Person)
    await append(PersonRole, role="drafter")
    with pytest.raises(RefusedError, match="never changed"):
        await PersonRole.update({PersonRole.role: "security"}, force=True)


async def test_a_user_name_stays(engine: Database) -> None:
    await append(Person, username="wang")
    with pytest.raises(RefusedError, match="by it"):
        await Person.update({Person.username: "li"}, force=True)
    await Person.update({Person.display_name: "王芳"}, force=True)
