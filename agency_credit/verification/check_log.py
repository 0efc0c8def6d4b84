"""The last check of draw-protocol.md, section 10: log proofs and times.

The other checks show that a result follows from the files; this one, that the steps of the draw stood in
the public log in their order, the announcement before anybody could know a public value. The times are
those that the log states; what makes them credible is that the log cannot be changed afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from agency_credit.domain.canonical import digest
from agency_credit.domain.entry import EntryType
from agency_credit.domain.errors import AgencyCreditError, InputError
from agency_credit.publication.note import VerifierKey, parse_verifier_key
from agency_credit.publication.proof import ProvenEntry, parse_proof, verify_proof
from agency_credit.verification.check_calls import check_calls
from agency_credit.verification.verify_draw import Fault

CHECK = "log"
TO_DRAW = timedelta(hours=24)
"""From the last public value to the draw (section 9); later is reported, not refused."""

NAMES = "names.jsonl"
DIGESTS: Mapping[EntryType, Mapping[str, str]] = {
    EntryType.DRAW_ANNOUNCED: {"announcement.json": "announcement", "plan.json": "plan"},
    EntryType.DRAW_APPROVED: {"announcement.json": "announcement"},
    EntryType.DRAW_DRAWN: {"result.json": "result"},
    EntryType.DRAW_PUBLISHED: {},
}
"""The steps in their order; which key of the body holds the digest of which file (docs/spec/log.md).

A publication lists its files itself.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that a reader must know and that refuses nothing; `template` as in `AgencyCreditError`."""

    code: str
    template: str
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReport:
    """What the proofs show; without faults they fit the draw."""

    faults: tuple[Fault, ...]
    notes: tuple[Note, ...]


def check_log(files: Mapping[str, bytes], proofs: Sequence[str], keys: Sequence[str]) -> LogReport:
    """Check the steps of a draw in the public log, from proofs and the verifier keys of the log alone.

    1. Every proof leads to a checkpoint that a key signed, all of them to those of one log.
    2. Every entry is a step of this draw and holds the digests of these files.
    3. No step is there twice; publishing the names may add a second publication.
    4. Indexes and times follow each other as the steps do.
    5. Announced and approved before the first public value, drawn and published not before the last.
    6. Reserves were called after the draw, each in its turn (`check_calls`).

    Parameters
    ----------
    files
        The files of section 1 by name, in which `verify_files` has found no fault.
    proofs
        Texts of ``.tlog-proof`` files, in any order; of steps without one a note says so.
    keys
        Verifier keys (vkeys) of the log, from whoever checks, not from beside the proofs.

    Returns
    -------
    LogReport
        Faults of check ``log``; status 2 where a text is no proof file.

    Raises
    ------
    InputError
        A key is no verifier key.
    """
    plan = json.loads(files["plan.json"])
    known = [parse_verifier_key(key) for key in keys]
    found = [_prove(text, known, f"proof {number}") for number, text in enumerate(proofs, 1)]  # 1
    proven = [p for p in found if isinstance(p, ProvenEntry)]
    steps = _steps(proven, plan["draw"])
    messages = [*_forks(proven), *_strangers(proven, plan["draw"])]
    messages += [message for step in steps for message in _digests(step, files)]  # 2
    messages += [*_repetitions(steps), *_disorder(steps)]  # 3, 4
    messages += check_calls([p for p in proven if _is_after(p, plan["draw"])], steps, files)  # 6
    notes: list[Note] = []
    try:
        times = [datetime.fromisoformat(s["at"]) for s in plan["entropy"] if s["kind"] == "public"]
    except ValueError as error:  # a year 0 is in the form of RFC 3339, and no calendar has it
        messages.append(f"plan.json: {error}")
    else:
        messages += _untimely(steps, min(times), max(times))  # 5
        notes += _lateness(steps, max(times))
    faults = [fault for fault in found if isinstance(fault, Fault)]
    faults += [Fault(CHECK, message) for message in messages]
    return LogReport(faults=tuple(faults), notes=(*notes, *_gaps(proven, steps, files)))


def _prove(text: str, keys: Sequence[VerifierKey], where: str) -> ProvenEntry | Fault:
    try:
        proof = parse_proof(text)
    except InputError as error:
        return Fault(CHECK, f"{where}: {error}", 2)
    try:
        return verify_proof(proof, keys)
    except AgencyCreditError as error:
        return Fault(CHECK, f"{where}: {error}")


def _forks(proven: list[ProvenEntry]) -> Iterator[str]:
    """One log has one origin, one root at each size, one entry at each index."""
    heads = {(p.checkpoint.size, p.checkpoint.root) for p in proven}
    entries = {p.index: p.entry for p in proven}
    if len({p.checkpoint.origin for p in proven}) > 1:
        yield "the proofs are of several logs"
    elif len({size for size, _ in heads}) < len(heads) or any(p.entry != entries[p.index] for p in proven):
        yield "the proofs contradict each other: the log was forked"


def _is_step(p: ProvenEntry, draw: str) -> bool:
    return p.entry.type in DIGESTS and p.entry.subject == draw


def _is_after(p: ProvenEntry, draw: str) -> bool:
    """Whether the entry tells of what happened after the draw."""
    return p.entry.type in (EntryType.RESERVE_CALLED, EntryType.TEAM_CHANGED) and p.entry.subject == draw


def _steps(proven: list[ProvenEntry], draw: str) -> list[ProvenEntry]:
    """The steps of the draw in the order that the protocol wants; an entry proven twice is one."""
    order = list(DIGESTS)
    once = {p.index: p for p in proven if _is_step(p, draw)}
    return sorted(once.values(), key=lambda p: (order.index(p.entry.type), p.index))


def _strangers(proven: list[ProvenEntry], draw: str) -> Iterator[str]:
    for p in proven:
        if not _is_step(p, draw) and not _is_after(p, draw):
            yield f"entry {p.index}: {p.entry.type} of {p.entry.subject} is no step of the draw {draw}"


def _digests(step: ProvenEntry, files: Mapping[str, bytes]) -> Iterator[str]:
    """Where the body names another draw or another digest than the files have."""
    body, where = step.entry.body, f"entry {step.index}, {step.entry.type}"
    if body.get("draw", step.entry.subject) != step.entry.subject:
        yield f"{where}: the body is of another draw"
    stated: Mapping[str, object] = {name: body.get(key) for name, key in DIGESTS[step.entry.type].items()}
    wanted = set(stated)
    if step.entry.type is EntryType.DRAW_PUBLISHED:
        stated = _published(step)
        wanted = {*files, *stated} - ({NAMES} - set(stated))
    for name in sorted(wanted):
        if name not in files:
            yield f"{where}: {name:.80} is not among the files"
        elif stated.get(name) != digest(files[name]):
            yield f"{where}: {name:.80} has another digest than {stated.get(name)!r:.80}"


def _published(step: ProvenEntry) -> Mapping[str, object]:
    listed = step.entry.body.get("files")
    return listed if isinstance(listed, dict) else {}


def _repetitions(steps: list[ProvenEntry]) -> Iterator[str]:
    for kind in DIGESTS:
        made = [step for step in steps if step.entry.type is kind]
        named = [NAMES in _published(step) for step in made]
        if len(made) > 1 and not (kind is EntryType.DRAW_PUBLISHED and named == [False, True]):
            yield f"{kind} is there more than once: entries {', '.join(str(step.index) for step in made)}"


def _disorder(steps: list[ProvenEntry]) -> Iterator[str]:
    """Where a step does not follow the one before; the clock of the log counts whole seconds."""
    for before, after in pairwise(steps):
        if after.index <= before.index or after.entry.at < before.entry.at:
            yield f"{_when(after)} does not come after {_when(before)}"


def _untimely(steps: list[ProvenEntry], first: datetime, last: datetime) -> Iterator[str]:
    for step in steps:
        if step.entry.type in (EntryType.DRAW_ANNOUNCED, EntryType.DRAW_APPROVED):
            if step.entry.at >= first:
                yield f"{_when(step)} is not before the first public value, {first.isoformat()}"
        elif step.entry.at < last:
            yield f"{_when(step)} is before the last public value, {last.isoformat()}"


def _lateness(steps: list[ProvenEntry], last: datetime) -> Iterator[Note]:
    for step in steps:
        late = step.entry.at - last - TO_DRAW
        if step.entry.type is EntryType.DRAW_DRAWN and late > timedelta(0):
            minutes = -(-late // timedelta(minutes=1))
            yield Note(
                code="log.drawn-late",
                template="drawn later than the 24 hours that the protocol allows, by {hours} h {minutes} min",
                params={"hours": minutes // 60, "minutes": minutes % 60},
            )


def _gaps(proven: list[ProvenEntry], steps: list[ProvenEntry], files: Mapping[str, bytes]) -> Iterator[Note]:
    """What these proofs leave open."""
    shown = {str(step.entry.type) for step in steps} | {name for step in steps for name in _published(step)}
    wanted = [str(kind) for kind in DIGESTS] + [NAMES] * (NAMES in files)
    for what in wanted:
        if what not in shown:
            yield Note(
                code="log.no-proof",
                template="no proof shows {what} in the log, so this was not checked",
                params={"what": what},
            )
    if len({p.checkpoint.size for p in proven}) > 1:
        yield Note(
            code="log.several-checkpoints",
            template="the proofs are under several checkpoints, and nothing shows that one continues the"
            " other; fetch all of them again at one time",
        )


def _when(step: ProvenEntry) -> str:
    return f"entry {step.index}, {step.entry.type} at {step.entry.at.isoformat()}"
