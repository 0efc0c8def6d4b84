"""Log proofs and times: what is wrong with steps in the log is found, entry by entry made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from agency_credit.domain.canonical import digest
from agency_credit.domain.entry import EntryType, LogEntry
from agency_credit.domain.errors import InputError
from agency_credit.publication.checkpoint import Checkpoint, sign_checkpoint
from agency_credit.publication.entry import format_entry
from agency_credit.publication.merkle import hash_leaf, inclusion_proof, root
from agency_credit.publication.note import format_verifier_key
from agency_credit.publication.proof import LogProof, format_extra, format_proof
from agency_credit.verification.check_log import LogReport, check_log
from tests.builders import VECTORS
from tests.unit.test_publication_note import FakeSigner

SIGNER = FakeSigner()
KEY = format_verifier_key(SIGNER.key)
UNNAMED = {path.name: path.read_bytes() for path in (VECTORS / "case-012").iterdir()}
FILES = UNNAMED | {"names.jsonl": b"{}\n"}  # what is in a file, the checks before this one have seen
DRAW = json.loads(FILES["plan.json"])["draw"]
FIRST, LAST = datetime(2026, 12, 1, 13, 15, tzinfo=UTC), datetime(2026, 12, 1, 14, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OF = {name: digest(content) for name, content in FILES.items()}
OF_UNNAMED = {name: OF[name] for name in UNNAMED}


def entry(kind: str, at: datetime, **body: object) -> LogEntry:
    return LogEntry(at=at, type=EntryType(f"draw.{kind}"), subject=DRAW, body={"draw": DRAW, **body})  # type: ignore[dict-item]


ANNOUNCED = entry("announced", FIRST - DAY, announcement=OF["announcement.json"], plan=OF["plan.json"])
APPROVED = entry("approved", FIRST - HOUR, announcement=OF["announcement.json"])
DRAWN = entry("drawn", LAST + HOUR, result=OF["result.json"])
PUBLISHED = entry("published", LAST + DAY, files=OF)
STEPS = (ANNOUNCED, APPROVED, DRAWN, PUBLISHED)


def prove(*entries: LogEntry, signer: FakeSigner = SIGNER) -> list[str]:
    leaves = [hash_leaf(format_entry(entry)) for entry in entries]
    head = Checkpoint(origin=signer.name, size=len(leaves), root=root(leaves))
    checkpoint = sign_checkpoint(head, [signer])
    return [
        format_proof(
            LogProof(
                index=index,
                path=tuple(inclusion_proof(leaves, index)),
                checkpoint=checkpoint,
                extra=format_extra(entry),
            )
        )
        for index, entry in enumerate(entries)
    ]


def check(*entries: LogEntry, files: dict[str, bytes] = FILES) -> LogReport:
    return check_log(files, prove(*entries), [KEY])


def only_fault(report: LogReport) -> str:
    assert [fault.check for fault in report.faults] == ["log"]
    assert report.faults[0].status == 1
    return str(report.faults[0].message)


def changed(step: LogEntry, **body: object) -> LogEntry:
    return replace(step, body={**step.body, **body})  # type: ignore[dict-item]


def test_the_steps_of_a_draw_fit_and_leave_nothing_open() -> None:
    assert check(*STEPS) == LogReport(faults=(), notes=())
    assert check_log(FILES, prove(*STEPS)[::-1] * 2, [KEY]) == LogReport(faults=(), notes=())


def test_names_may_be_published_by_a_second_entry() -> None:
    before = entry("published", LAST + HOUR, files=OF_UNNAMED)
    assert check(*STEPS[:3], before, PUBLISHED) == LogReport(faults=(), notes=())
    assert check(*STEPS[:3], before, files=UNNAMED) == LogReport(faults=(), notes=())
    [note] = check(*STEPS[:3], before).notes
    assert note.params == {"what": "names.jsonl"}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.type))
def test_a_step_without_proof_is_named(step: LogEntry) -> None:
    report = check(*(other for other in STEPS if other is not step))
    assert report.faults == ()
    assert {"what": str(step.type)} in [note.params for note in report.notes]


@pytest.mark.parametrize(
    ("step", "body", "file"),
    [
        (ANNOUNCED, {"announcement": "0" * 64}, "announcement.json"),
        (ANNOUNCED, {"plan": "0" * 64}, "plan.json"),
        (APPROVED, {"announcement": None}, "announcement.json"),
        (DRAWN, {"result": OF["plan.json"]}, "result.json"),
        (PUBLISHED, {"files": OF | {"targets.jsonl": "0" * 64}}, "targets.jsonl"),
        (PUBLISHED, {"files": {n: d for n, d in OF.items() if n != "reveal.json"}}, "reveal.json"),
        (PUBLISHED, {"files": OF | {"more.json": "0" * 64}}, "more.json"),
    ],
)
def test_another_digest_is_found(step: LogEntry, body: dict[str, object], file: str) -> None:
    steps = [changed(other, **body) if other is step else other for other in STEPS]
    assert f"entry {STEPS.index(step)}, {step.type}: {file} " in only_fault(check(*steps))


def test_names_that_are_not_in_the_bundle_are_missed() -> None:
    assert "names.jsonl is not among the files" in only_fault(check(*STEPS, files=UNNAMED))


@pytest.mark.parametrize(
    "stranger",
    [
        replace(APPROVED, subject="D2"),
        replace(APPROVED, type=EntryType.DRAW_VOIDED),
        replace(APPROVED, type=EntryType.SOFTWARE),
    ],
)
def test_an_entry_that_is_no_step_of_this_draw_is_named(stranger: LogEntry) -> None:
    message = only_fault(check(ANNOUNCED, stranger, *STEPS[2:]))
    assert message.startswith("entry 1: ")
    assert message.endswith(f"is no step of the draw {DRAW}")


def test_a_body_of_another_draw_is_found() -> None:
    assert "another draw" in only_fault(check(ANNOUNCED, changed(APPROVED, draw="D2"), *STEPS[2:]))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.type))
def test_a_step_is_there_once(step: LogEntry) -> None:
    at = STEPS.index(step)
    assert "more than once" in only_fault(check(*STEPS[:at], step, *STEPS[at:]))


def test_a_committed_body_proves_no_digest() -> None:
    hidden = replace(DRAWN, body={"commitment": "0" * 64})
    assert "result.json" in only_fault(check(*STEPS[:2], hidden, PUBLISHED))


@pytest.mark.parametrize(("a", "b"), list(pairwise(range(4))))
def test_steps_in_another_order_are_found(a: int, b: int) -> None:
    swapped = list(STEPS)
    swapped[a], swapped[b] = STEPS[b], STEPS[a]  # each with its own time, so that only the index is wrong
    messages = [fault.message for fault in check(*swapped).faults]
    assert any("does not come after" in message for message in messages), messages


def test_times_that_run_backwards_are_found() -> None:
    early = replace(APPROVED, at=ANNOUNCED.at - timedelta(seconds=1))
    assert "does not come after" in only_fault(check(ANNOUNCED, early, *STEPS[2:]))
    same = replace(APPROVED, at=ANNOUNCED.at)
    assert check(ANNOUNCED, same, *STEPS[2:]).faults == ()


def test_announced_or_approved_when_a_value_could_be_known_is_too_late() -> None:
    late = replace(APPROVED, at=FIRST)
    assert "entry 1" in only_fault(check(ANNOUNCED, late, *STEPS[2:]))
    both = check(replace(ANNOUNCED, at=FIRST), late, *STEPS[2:]).faults
    assert ["not before the first public value" in fault.message for fault in both] == [True, True]


def test_drawn_before_the_last_value_is_a_fault() -> None:
    early = replace(DRAWN, at=LAST - timedelta(seconds=1))
    assert "before the last public value" in only_fault(check(*STEPS[:2], early, PUBLISHED))
    assert check(*STEPS[:2], replace(DRAWN, at=LAST), PUBLISHED).faults == ()


def test_drawn_later_than_a_day_after_the_last_value_is_noted_not_refused() -> None:
    published = replace(PUBLISHED, at=LAST + 9 * DAY)
    in_time = check(*STEPS[:2], replace(DRAWN, at=LAST + DAY), published)
    late = check(*STEPS[:2], replace(DRAWN, at=LAST + DAY + 25 * HOUR + timedelta(seconds=1)), published)
    assert in_time == LogReport(faults=(), notes=())
    assert late.faults == ()
    assert [(note.code, dict(note.params)) for note in late.notes] == [
        ("log.drawn-late", {"hours": 25, "minutes": 1})
    ]


def test_a_wrong_key_proves_nothing() -> None:
    forged = prove(*STEPS, signer=FakeSigner(number=2))
    report = check_log(FILES, forged, [KEY])
    assert [fault.status for fault in report.faults] == [1] * 4
    assert len(report.notes) == 5  # four steps and the names
    with pytest.raises(InputError):
        check_log(FILES, forged, ["log.example/1+00000000+AAAA"])


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        (lambda text: "", 2),
        (lambda text: text.replace("tlog-proof@v1", "tlog-proof@v2"), 2),
        (lambda text: text.replace("index 3", "index 2"), 1),
        (lambda text: text.replace("\nextra ", "\nextra AAAA"), 1),
        (lambda text: text.replace("\n— ", "\n- "), 1),
    ],
)
def test_a_spoilt_proof_is_a_fault(spoil: Callable[[str], str], status: int) -> None:
    proofs = prove(*STEPS)
    report = check_log(FILES, [*proofs[:3], spoil(proofs[3])], [KEY])
    assert [(fault.check, fault.status) for fault in report.faults] == [("log", status)]
    assert report.faults[0].message.startswith("proof 4: ")


def test_proofs_of_two_logs_are_refused() -> None:
    other = FakeSigner(name="log.example/2", number=2)
    proofs = [*prove(*STEPS)[:3], prove(*STEPS, signer=other)[3]]
    report = check_log(FILES, proofs, [KEY, format_verifier_key(other.key)])
    assert only_fault(report) == "the proofs are of several logs"


def test_two_heads_of_one_size_are_a_fork() -> None:
    fork = prove(*STEPS[:3], replace(PUBLISHED, at=PUBLISHED.at + HOUR))
    report = check_log(FILES, [*prove(*STEPS)[:3], fork[3]], [KEY])
    assert "forked" in only_fault(report)


def test_two_entries_of_one_index_are_a_fork() -> None:
    later = replace(APPROVED, at=APPROVED.at + timedelta(seconds=1))
    report = check_log(FILES, [*prove(*STEPS), prove(ANNOUNCED, later)[1]], [KEY])
    assert "forked" in only_fault(report)


def test_heads_of_several_sizes_are_noted() -> None:
    proofs = [*prove(*STEPS[:3]), prove(*STEPS)[3]]
    report = check_log(FILES, proofs, [KEY])
    assert report.faults == ()
    assert [note.code for note in report.notes] == ["log.several-checkpoints"]
    assert check_log(FILES, [*proofs, *prove(*STEPS)], [KEY]).faults == ()


def test_a_time_that_no_calendar_has_is_a_fault() -> None:
    plan = FILES["plan.json"].replace(b"2026-12-01T21", b"0000-12-01T21")
    report = check(*STEPS, files=FILES | {"plan.json": plan})
    assert any(fault.message.startswith("plan.json: ") for fault in report.faults)
