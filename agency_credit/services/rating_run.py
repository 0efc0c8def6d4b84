"""Rate and keep what changed: everybody, or only those whom new knowledge touches.

1. Records of all subjects as known now, the repaired and withdrawn ones left out (docs/spec/rating.md).
2. Score and tier of everybody at once. Whoever has the score, tier and rule pack of the rating before, and of
   whom nothing became known since, keeps that rating.
3. The ledger of each of the others; the same as before makes no new rating. The second implementation
   verifies it before anything is stored.
4. Rows and entries of the log are appended in bulk. Ratings of practitioners are no entries: never public.
5. Agencies with a desk that have another tier than before are told there, all at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from agency_credit.domain.errors import InputError
from agency_credit.domain.record import CreditRecord
from agency_credit.domain.role import RATERS, Actor
from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring import RulePack, encode_population, fit_assessments, score_population
from agency_credit.services.agency_messages import TierMove, find_tier_moves, tell_of_tiers
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.rating import (
    SUBJECTS,
    Rateable,
    find_packs,
    load_agency_subjects,
    load_practitioner_subjects,
    rate,
)
from agency_credit.services.rating_store import (
    Latest,
    NewRating,
    append_ratings,
    load_latest,
    load_touched_since,
    refuse_clock_back,
)
from agency_credit.services.record_history import (
    leave_out_gone,
    load_agency_records,
    load_practitioner_records,
)
from agency_credit.services.rule_book import load_rule_book

BATCH = 2_000
"""Ratings that are worked out before they are written: those of a nation would fill the memory."""

Records = dict[int, list[CreditRecord]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingRun:
    """What rating did.

    Parameters
    ----------
    n_rated, n_changed
        Ratings of agencies and practitioners that hold now, and those of them that are new.
    n_practitioners
        How many of the ratings are of practitioners.
    tiers
        Agencies by practice line and tier.
    missing
        Instruments that are not in force; whom they would rate was left out.
    """

    on: date
    n_rated: int
    n_changed: int
    n_practitioners: int
    tiers: dict[str, dict[str, int]]
    missing: dict[RatingSubject, InputError]


async def rate_all(office: Office, actor: Actor, on: date | None = None) -> RatingRun:
    """Rate every agency in force and every practitioner who practises, and keep what changed.

    A practitioner at no agency, or whom no instrument rates on the day, is left out.

    Parameters
    ----------
    on
        The day; today if None, never in the future.

    Raises
    ------
    InputError
        The day lies in the future, or an instrument for agencies is missing on it.
    FaultsError
        Records that cannot be scored, all of them.
    RefusedError
        There is a rating of a later day or instant: the clock was set back.
    VerificationError
        The second implementation disagrees; nothing was stored.
    """
    day = on or office.today()
    if day > office.today():
        raise InputError(
            "rating.future", "nobody can be rated on {day}: it lies in the future", day=day.isoformat()
        )
    async with operation(office, actor, "rating.all", day.isoformat(), roles=RATERS) as op:
        subjects = [*await load_agency_subjects(), *await load_practitioner_subjects()]
        latest = await load_latest()
        touched = await load_touched_since(min((r.rated_at for r in latest.values()), default=None))
        known = {key: rating for key, rating in latest.items() if not _is_touched(key, rating, touched)}
        run = await _rate(op, day, subjects, latest, known)
        for instrument in SUBJECTS.values():
            if instrument in run.missing:
                raise run.missing[instrument]
        op.details.update(rated=run.n_rated, changed=run.n_changed)
    return run


async def rate_due(office: Office, actor: Actor) -> int:
    """Rate anew, today, those who were rated before; how many ratings are new.

    An instrument that is missing today is no error: whom it would rate keeps the rating that he has.

    Raises
    ------
    FaultsError, RefusedError, VerificationError
        As `rate_all`.
    """
    if not await load_latest():
        return 0
    async with operation(office, actor, "rating.daily", office.today().isoformat(), roles=None) as op:
        latest = await load_latest()
        subjects = [*await load_agency_subjects(), *await load_practitioner_subjects()]
        touched = await load_touched_since(min((r.rated_at for r in latest.values()), default=None))
        known = {key: rating for key, rating in latest.items() if not _is_touched(key, rating, touched)}
        rated = [subject for subject in subjects if subject.key in latest]
        run = await _rate(op, op.office.today(), rated, latest, known)
        op.details.update(rated=run.n_rated, changed=run.n_changed)
    return run.n_changed


async def rate_touched(
    op: Operation, agencies: Collection[int], practitioners: Collection[int] = ()
) -> RatingRun:
    """Rate anew, today, those of these agencies and practitioners who were rated before; nobody else.

    Inside the use case that learnt something of them, after it was stored. A missing instrument is no
    error here: it is among `RatingRun.missing`.
    """
    latest = await load_latest(agencies, practitioners)
    subjects = [
        *await load_agency_subjects(agencies=agencies),
        *await load_practitioner_subjects(practitioners=practitioners),
    ]
    return await _rate(op, op.office.today(), [s for s in subjects if s.key in latest], latest, {})


async def _rate(
    op: Operation,
    on: date,
    subjects: Sequence[Rateable],
    latest: dict[tuple[bool, int, str], Latest],
    untouched: dict[tuple[bool, int, str], Latest],
) -> RatingRun:
    """Rate `subjects`; who is among `untouched` keeps the latest rating unless its standing is another."""
    await refuse_clock_back(op, on)
    subjects = [subject for subject in subjects if subject.agency is not None]
    packs, missing = find_packs(await load_rule_book(op.office), subjects, on)
    tiers: dict[str, Counter[str]] = {line: Counter() for line in sorted(SUBJECTS)}
    counts: Counter[str] = Counter()
    moved: list[TierMove] = []
    for are_people, group in groupby(sorted(subjects, key=_sort), key=lambda s: s.is_practitioner):
        members = list(group)
        records = await _load_records(are_people, members, on)  # 1
        for instrument, part in groupby(members, key=lambda subject: subject.instrument):
            if instrument not in packs:
                continue
            rated, pack = list(part), packs[instrument]
            fitted = {s.number: fit_assessments(records.get(s.number, ()), pack) for s in rated}
            counts["rated"] += len(rated)
            counts["people"] += len(rated) if are_people else 0
            changed = []
            for subject, score, tier in _score(rated, fitted, pack, on):  # 2
                if not are_people:
                    tiers[subject.practice_line][tier] += 1
                kept = untouched.get(subject.key)
                if kept is None or kept.standing != (score, tier, pack.digest):
                    changed.append(subject)
            for start in range(0, len(changed), BATCH):  # 3
                ratings = [
                    NewRating(
                        subject=subject,
                        records=fitted[subject.number],
                        rating=rate(subject, fitted[subject.number], pack, on),
                        before=latest.get(subject.key),
                    )
                    for subject in changed[start : start + BATCH]
                ]
                counts["changed"] += await append_ratings(op, ratings)  # 4
                moved.extend(find_tier_moves(ratings))
    await tell_of_tiers(op, moved)  # 5
    return RatingRun(
        on=on,
        n_rated=counts["rated"],
        n_changed=counts["changed"],
        n_practitioners=counts["people"],
        tiers={line: dict(counter) for line, counter in tiers.items()},
        missing=missing,
    )


def _is_touched(
    key: tuple[bool, int, str], rating: Latest, touched: dict[tuple[bool, int], datetime]
) -> bool:
    return touched.get(key[:2], rating.rated_at) > rating.rated_at


def _sort(subject: Rateable) -> tuple[bool, str, str]:
    return subject.is_practitioner, subject.instrument.value, subject.code


async def _load_records(are_people: bool, members: Sequence[Rateable], on: date) -> Records:
    """Records that a rating on the day `on` rests on: of all, where many are asked for."""
    ids = {subject.number for subject in members}
    load = load_practitioner_records if are_people else load_agency_records
    records = await load(ids if len(ids) < BATCH else None)
    return {number: leave_out_gone(records.get(number, ()), on) for number in ids}


def _score(
    subjects: Sequence[Rateable], records: Records, pack: RulePack, on: date
) -> Iterator[tuple[Rateable, int, str]]:
    """Score and tier of each subject."""
    codes = [subject.code for subject in subjects]
    columns = encode_population(codes, (r for s in subjects for r in records.get(s.number, ())), pack)
    scores = score_population(columns, len(subjects), pack, on)
    names = [tier.name for tier in pack.tiers]
    for subject, score, tier in zip(subjects, scores.score.tolist(), scores.tier.tolist(), strict=True):
        yield subject, score, names[tier]
