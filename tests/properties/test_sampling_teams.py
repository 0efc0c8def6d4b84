"""What holds for every assignment of inspectors: the rule of section 7, and that nobody could do better."""

from __future__ import annotations

from collections import Counter, deque
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.assignment import Teams
from agency_credit.sampling import (
    DrawFiles,
    Selection,
    assign,
    count_candidates,
    explain_unfilled,
    parse_files,
    select,
    ticket,
)
from tests.draw_files import draw_files, inspector, plan, unit

Seat = tuple[str, int]
AREAS = ["", "1", "11", "12", "2"]
SKILLS = [[], [], ["expert"], ["lead"], ["expert", "lead"]]
SEED = "ab" * 32


@st.composite
def draws(draw: st.DrawFn) -> DrawFiles:
    """Up to 6 targets, 2 or 3 seats, up to 6 inspectors: tight enough that seats move and stay empty."""
    salt = draw(st.integers(0, 10**6))  # other names, other tickets
    units = [
        unit(f"U{salt}-{i}", area=draw(st.sampled_from(AREAS[1:]))) for i in range(draw(st.integers(1, 6)))
    ]
    roster = [
        inspector(
            f"I{salt}-{i}",
            limit=draw(st.integers(0, 4)),
            skills=draw(st.sampled_from(SKILLS)),
            areas=draw(st.lists(st.sampled_from(AREAS[1:]), max_size=2, unique=True).map(sorted)),
        )
        for i in range(draw(st.integers(0, 6)))
    ]
    met = [(u["unit"], i["inspector"]) for u in units for i in roster]
    recusals = draw(st.lists(st.sampled_from(met), unique=True, max_size=len(met) // 3)) if met else []
    seats = [
        {"role": f"席{k}", "skills": draw(st.sampled_from(SKILLS))} for k in range(draw(st.integers(2, 3)))
    ]
    whole = plan(seats=seats, strata=[{"stratum": "A", "take": {"all": True}}])
    return parse_files(draw_files(whole, units, roster, recusals))


def drawn(files: DrawFiles) -> tuple[Selection, Teams]:
    selection = select(files.frame, files.plan, SEED)
    return selection, assign(selection, files.plan, files.roster, files.recusals, SEED)


def may_sit(files: DrawFiles, selection: Selection) -> dict[Seat, set[str]]:
    """Who may sit where, from the words of section 7."""
    recused = {(pair.unit, pair.inspector) for pair in files.recusals.pairs}
    return {
        (name, k): {
            one.inspector
            for one in files.roster.inspectors
            if (name, one.inspector) not in recused
            and (not one.areas or any(area.startswith(prefix) for prefix in one.areas))
            and set(seat.skills) <= set(one.skills)
        }
        for name, area in zip(selection.targets, selection.areas, strict=True)
        for k, seat in enumerate(files.plan.seats)
    }


def can_fill(seats: list[Seat], candidates: dict[Seat, set[str]], limits: dict[str, int]) -> bool:
    """Whether some arrangement fills all `seats`: a maximum flow inspector -> target -> seat."""
    flow: dict[tuple[Any, Any], int] = {}
    room: dict[tuple[Any, Any], int] = {}
    for seat in seats:
        room[seat, "end"] = 1
        for name in candidates[seat]:
            room["start", name] = limits[name]
            room[name, (name, seat[0])] = 1
            room[(name, seat[0]), seat] = 1
    edges: dict[Any, set[Any]] = {}
    for a, b in room:
        edges.setdefault(a, set()).add(b)
        edges.setdefault(b, set()).add(a)
    filled = 0
    while (path := augmenting_path(edges, room, flow)) is not None:
        for a, b in pairwise(path):
            flow[a, b] = flow.get((a, b), 0) + 1
            flow[b, a] = flow.get((b, a), 0) - 1
        filled += 1
    return filled == len(seats)


def augmenting_path(
    edges: dict[Any, set[Any]], room: dict[Any, int], flow: dict[Any, int]
) -> list[Any] | None:
    came: dict[Any, Any] = {"start": None}
    queue = deque(["start"])
    while queue:
        a = queue.popleft()
        for b in edges.get(a, ()):
            if b not in came and flow.get((a, b), 0) < room.get((a, b), 0):
                came[b] = a
                queue.append(b)
    if "end" not in came:
        return None
    path = ["end"]
    while path[-1] != "start":
        path.append(came[path[-1]])
    return path[::-1]


def literal_teams(files: DrawFiles, selection: Selection) -> dict[Seat, str]:
    """Section 7 followed word by word, without any short cut."""
    candidates = may_sit(files, selection)
    limits = {one.inspector: one.limit for one in files.roster.inspectors}
    order = {name: i for i, name in enumerate(selection.targets)}
    sits: dict[Seat, str] = {}
    for s in candidates:
        reached: dict[Seat, tuple[Seat, str] | None] = {s: None}
        queue, opened = [s], set()
        found: tuple[Seat, str] | None = None
        while queue and found is None:
            x = queue.pop(0)
            for who in sorted(candidates[x], key=lambda name: ticket(SEED, "pair", f"{x[0]}/{name}")):
                if sits.get(x) == who:
                    continue
                own = [y for y in sits if y[0] == x[0] and sits[y] == who]
                seats = own
                if not own:
                    if who in opened:
                        continue
                    opened.add(who)
                    seats = sorted((y for y in sits if sits[y] == who), key=lambda y: (order[y[0]], y[1]))
                    if len(seats) < limits[who]:
                        found = (x, who)
                        break
                for y in seats:
                    if y not in reached:
                        reached[y] = (x, who)
                        queue.append(y)
        while found is not None:
            x, who = found
            sits[x] = who
            found = reached[x]
    return sits


small = settings(deadline=None, max_examples=150)


@small
@given(draws())
def test_teams_follow_section_7_word_by_word(files: DrawFiles) -> None:
    selection, teams = drawn(files)
    sits = literal_teams(files, selection)
    assert {team.unit: team.inspectors for team in teams.teams} == {
        name: tuple(sits.get((name, k)) for k in range(len(files.plan.seats))) for name in selection.targets
    }


@small
@given(draws())
def test_nobody_is_over_the_limit_recused_or_twice_on_a_target(files: DrawFiles) -> None:
    selection, teams = drawn(files)
    candidates = may_sit(files, selection)
    for team in teams.teams:
        seated = [name for name in team.inspectors if name is not None]
        assert len(seated) == len(set(seated))
        assert all(name is None or name in candidates[team.unit, k] for k, name in enumerate(team.inspectors))
    loads = Counter(name for team in teams.teams for name in team.inspectors if name is not None)
    assert teams.loads() == loads
    assert all(loads[one.inspector] <= one.limit for one in files.roster.inspectors)


@small
@given(draws())
def test_an_unfilled_seat_cannot_be_filled_together_with_those_before_it(files: DrawFiles) -> None:
    selection, teams = drawn(files)
    candidates = may_sit(files, selection)
    limits = {one.inspector: one.limit for one in files.roster.inspectors}
    unfilled = {(seat.unit, seat.seat) for seat in teams.unfilled}
    assert unfilled == {
        (team.unit, k) for team in teams.teams for k, name in enumerate(team.inspectors) if name is None
    }
    filled: list[Seat] = []
    for seat in candidates:  # in the order in which they are called
        if seat in unfilled:
            assert not can_fill([*filled, seat], candidates, limits)
        else:
            filled.append(seat)
    assert can_fill(filled, candidates, limits)


@small
@given(draws())
def test_reasons_name_all_who_block_a_seat(files: DrawFiles) -> None:
    selection, teams = drawn(files)
    candidates = may_sit(files, selection)
    limits = {one.inspector: one.limit for one in files.roster.inspectors}
    seats_of = {
        name: {(t.unit, k) for t in teams.teams for k, seated in enumerate(t.inspectors) if seated == name}
        for name in limits
    }
    reasons = explain_unfilled(selection, files.plan, files.roster, files.recusals, teams)
    assert [(r.unit, r.seat) for r in reasons] == [(seat.unit, seat.seat) for seat in teams.unfilled]
    for reason in reasons:
        blockers = set(reason.full) | set(reason.seated)
        assert blockers >= candidates[reason.unit, reason.seat]
        # nobody outside can take a seat from one who is full, which would make room
        assert all(blockers >= candidates[seat] for name in reason.full for seat in seats_of[name])
        assert all(len(seats_of[name]) == limits[name] for name in reason.full)
        assert not set(reason.full) & set(reason.seated)


@small
@given(draws())
def test_candidates_are_counted_seat_by_seat(files: DrawFiles) -> None:
    selection, _ = drawn(files)
    counted = count_candidates(selection.targets, selection.areas, files.plan, files.roster, files.recusals)
    assert {(seat.unit, seat.seat): seat.n_candidates for seat in counted} == {
        seat: len(names) for seat, names in may_sit(files, selection).items()
    }
