"""The table of an application's steps, in full: which may follow which, and who may take it."""

from __future__ import annotations

import pytest

from agency_credit.domain.errors import ConflictError, ForbiddenError, RefusedError
from agency_credit.inspection.repair_states import (
    CLOSING,
    OF_SECOND_PERSON,
    RepairMade,
    RepairStep,
    allowed_steps,
    check_repair_step,
)

S = RepairStep
OFFICE = {S.RETURNED, S.PROPOSED, S.WITHDRAWN}
TABLE = {
    None: {S.APPLIED},
    S.APPLIED: OFFICE,
    S.AMENDED: OFFICE,
    S.SENT_BACK: OFFICE,
    S.RETURNED: {S.AMENDED, S.WITHDRAWN},
    S.PROPOSED: {S.GRANTED, S.REFUSED, S.SENT_BACK, S.WITHDRAWN},
    S.GRANTED: set(),
    S.REFUSED: set(),
    S.WITHDRAWN: set(),
}


def history(last, verdict=S.GRANTED):
    if last is None:
        return []
    return [RepairMade(step=last, by=1, verdict=verdict if last is S.PROPOSED else None)]


@pytest.mark.parametrize("last", TABLE)
@pytest.mark.parametrize("step", RepairStep)
def test_each_step_after_each(last, step):
    before = history(last, S.REFUSED if step is S.REFUSED else S.GRANTED)
    assert allowed_steps(before) == TABLE[last]
    if step in TABLE[last]:
        check_repair_step(before, step, 2)
        return
    with pytest.raises(ConflictError if last in CLOSING else RefusedError):
        check_repair_step(before, step, 2)


@pytest.mark.parametrize("step", sorted(OF_SECOND_PERSON))
def test_whoever_proposed_neither_decides_nor_sends_back(step):
    with pytest.raises(ForbiddenError):
        check_repair_step(history(S.PROPOSED, S.REFUSED if step is S.REFUSED else S.GRANTED), step, 1)


@pytest.mark.parametrize(("proposed", "decided"), [(S.GRANTED, S.REFUSED), (S.REFUSED, S.GRANTED)])
def test_what_was_not_proposed_is_not_decided(proposed, decided):
    with pytest.raises(RefusedError) as caught:
        check_repair_step(history(S.PROPOSED, proposed), decided, 2)
    assert caught.value.code == "repair.other-verdict"
