"""Calls of reserves in the log: each is held against the outcome of the draw."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agency_credit.domain.entry import EntryType, LogEntry
from agency_credit.publication.checkpoint import Checkpoint
from agency_credit.publication.proof import ProvenEntry
from agency_credit.verification.check_calls import check_calls
from tests.builders import VECTORS

FILES = {path.name: path.read_bytes() for path in (VECTORS / "case-032").iterdir()}
DRAW = json.loads(FILES["plan.json"])["draw"]
LAST = datetime(2026, 12, 1, 14, tzinfo=UTC)
DRAWN = LogEntry(at=LAST, type=EntryType.DRAW_DRAWN, subject=DRAW, body={"draw": DRAW})
RESULT = json.loads(FILES["result.json"])
STRATUM = next(s for s in RESULT["strata"] if len(s["drawn"]) > 1 and len(s["reserves"]) > 1)
HEAD = Checkpoint(origin="log", size=9, root=b"\0" * 32)


def proven(index: int, entry: LogEntry, body: dict[str, Any] | None = None) -> ProvenEntry:
    return ProvenEntry(index=index, entry=entry, body=body, checkpoint=HEAD)


def call(index: int, place: int, unit: str, **changes: Any) -> ProvenEntry:
    entry = LogEntry(at=LAST, type=EntryType.RESERVE_CALLED, subject=DRAW, body={"commitment": "0" * 64})
    body = {
        "called": STRATUM["reserves"][place - 1] if place else None,
        "draw": DRAW,
        "number": place,
        "reason": "已注销",
        "reason_code": "closed",
        "replaced": unit,
        "stratum": STRATUM["stratum"],
        "vacant": [],
    }
    return proven(index, entry, body | changes)


def faults(*calls: ProvenEntry) -> list[str]:
    return list(check_calls(calls, [proven(2, DRAWN)], FILES))


ONE, OTHER = STRATUM["drawn"][:2]
FIRST, SECOND = STRATUM["reserves"][:2]


def test_calls_in_their_order_fit_and_a_reserve_may_be_gone_too() -> None:
    assert faults(call(3, 1, ONE), call(5, 2, FIRST), call(6, 0, OTHER)) == []


def test_a_call_whose_body_is_not_shown_is_only_held_to_its_place() -> None:
    hidden = replace(call(3, 2, "?"), body=None)
    assert faults(hidden) == []
    assert len(faults(replace(hidden, index=1))) == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (call(3, 1, ONE, called=SECOND), "is not reserve 1"),
        (call(3, 1, ONE, called=None), "is not reserve 1"),
        (call(3, 0, ONE, called=FIRST), "is not reserve 0"),
        (call(3, 1, ONE, number=99), "no reserve 99"),
        (call(3, 1, ONE, number="1"), "no reserve"),
        (call(3, 1, ONE, reason_code="unreachable"), "is no reason"),
        (call(3, 1, SECOND), "was not to be inspected"),
        (call(3, 1, FIRST), "was not to be inspected"),
        (call(3, 1, ONE, stratum="?"), "was not to be inspected"),
        (call(3, 1, ONE, draw="?"), "another draw"),
        (call(1, 1, ONE), "does not come after the draw"),
    ],
)
def test_what_the_outcome_does_not_allow_is_named(wrong: ProvenEntry, says: str) -> None:
    assert any(says in message for message in faults(wrong))


def test_out_of_turn_and_twice() -> None:
    assert any("out of turn" in message for message in faults(call(3, 2, ONE), call(4, 1, OTHER)))
    assert any("before" in message for message in faults(call(3, 1, ONE), call(4, 2, ONE)))
