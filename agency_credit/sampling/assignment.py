"""Inspectors to targets, seat by seat (draw-protocol.md, section 7)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from agency_credit.domain.assignment import Team, Teams, UnfilledSeat
from agency_credit.domain.plan import DrawPlan
from agency_credit.domain.roster import InspectorRoster, Recusals
from agency_credit.sampling.selection import Selection
from agency_credit.sampling.tickets import PAIR, digests, equal_tickets

# Target (place in ticket order) and seat (place in the plan); compares as section 7 sorts.
Place = tuple[int, int]


def assign(
    selection: Selection, plan: DrawPlan, roster: InspectorRoster, recusals: Recusals, seed: str
) -> Teams:
    """Fill the seats of every target.

    No inspector sits twice on a target, nor on more targets than `limit`, nor where recused, outside the
    areas or without the skills. A seat stays unfilled only where no arrangement fills it together with
    those filled before it.

    Raises
    ------
    InputError
        Two tickets are equal.
    """
    names = [inspector.inspector for inspector in roster.inspectors]
    queues = [
        _in_ticket_order(unit, seats, names, seed)
        for unit, seats in zip(
            selection.targets,
            candidates(selection.targets, selection.areas, plan, roster, recusals),
            strict=True,
        )
    ]
    seating = _Seating(queues, [inspector.limit for inspector in roster.inspectors])
    unfilled = [
        UnfilledSeat(unit=unit, seat=seat)
        for target, unit in enumerate(selection.targets)
        for seat in range(len(plan.seats))
        if not seating.fill((target, seat))
    ]
    teams = []
    for target, unit in enumerate(selection.targets):
        seated = [seating.sitting.get((target, seat)) for seat in range(len(plan.seats))]
        teams.append(Team(unit=unit, inspectors=tuple(None if i is None else names[i] for i in seated)))
    return Teams(teams=tuple(teams), unfilled=tuple(unfilled))


def candidates(
    units: Sequence[str], areas: Sequence[str], plan: DrawPlan, roster: InspectorRoster, recusals: Recusals
) -> list[list[list[int]]]:
    """Who may sit where: for each unit, for each seat, the places in the roster of those who may.

    Parameters
    ----------
    units, areas
        Columns: the units and the area of each.
    """
    able = [
        [(i, inspector) for i, inspector in enumerate(roster.inspectors) if inspector.is_fit_for(seat)]
        for seat in plan.seats
    ]
    pools = {
        area: [[i for i, inspector in seat if inspector.is_sent_to(area)] for seat in able]
        for area in set(areas)
    }
    place = {inspector.inspector: i for i, inspector in enumerate(roster.inspectors)}
    barred = {unit: {place[name] for name in names} for unit, names in recusals.by_unit().items()}
    return [
        [[i for i in seat if i not in barred[unit]] for seat in pools[area]]
        if unit in barred
        else pools[area]
        for unit, area in zip(units, areas, strict=True)
    ]


def _in_ticket_order(unit: str, seats: list[list[int]], names: Sequence[str], seed: str) -> list[list[int]]:
    """The candidates of each seat of `unit`, the smallest pair ticket first."""
    everybody = sorted(set().union(*seats))
    ranked = sorted(
        zip(digests(seed, PAIR, [f"{unit}/{names[i]}" for i in everybody]), everybody, strict=True)
    )
    if any(one[0] == other[0] for one, other in pairwise(ranked)):
        raise equal_tickets()
    rank = {i: position for position, (_, i) in enumerate(ranked)}
    return [sorted(seat, key=rank.__getitem__) for seat in seats]


class _Seating:
    """Who sits where while seats are being filled.

    Parameters
    ----------
    queues
        For each target, for each seat, the inspectors who may sit there, smallest ticket first.
    limits
        Most targets of each inspector.
    """

    def __init__(self, queues: list[list[list[int]]], limits: list[int]) -> None:
        self.sitting: dict[Place, int] = {}
        self._queues = queues
        self._limits = limits
        self._seats_of: list[set[Place]] = [set() for _ in limits]
        # Seats that a failed search reached. Nobody with room can ever be reached from them again: all
        # their candidates are full, with seats among them only, and later moves cannot pass through. A
        # search may therefore leave them out and gives the same answer.
        self._closed: set[Place] = set()

    def fill(self, seat: Place) -> bool:
        """Fill `seat`, moving others where needed; the numbers are those of section 7."""
        # 1.
        reached: dict[Place, tuple[Place, int] | None] = {seat: None}
        queue = deque([seat])
        opened: set[int] = set()
        while queue:
            # 2.
            x = queue.popleft()
            sits_here = self.sitting.get(x)
            team = self._team(x[0])
            for inspector in self._queues[x[0]][x[1]]:
                if inspector == sits_here:
                    continue
                if inspector in team:  # a.
                    onward = [team[inspector]]
                elif inspector in opened:
                    continue
                else:  # b.
                    opened.add(inspector)
                    if len(self._seats_of[inspector]) < self._limits[inspector]:
                        self._move(x, inspector, reached)
                        return True
                    onward = sorted(self._seats_of[inspector])
                for y in onward:
                    if y not in reached and y not in self._closed:
                        reached[y] = (x, inspector)
                        queue.append(y)
        # 4.
        self._closed.update(reached)
        return False

    def _team(self, target: int) -> dict[int, Place]:
        """The seat of each inspector who sits on `target`."""
        places = [(target, seat) for seat in range(len(self._queues[target]))]
        return {self.sitting[place]: place for place in places if place in self.sitting}

    def _move(self, x: Place, inspector: int, reached: dict[Place, tuple[Place, int] | None]) -> None:
        """3. Seat `inspector` on `x`, whoever sat there on the seat that `x` was reached from, and so on."""
        step: tuple[Place, int] | None = (x, inspector)
        while step is not None:
            x, inspector = step
            step = reached[x]
            displaced = self.sitting.get(x)
            if displaced is not None:
                self._seats_of[displaced].remove(x)
            self.sitting[x] = inspector
            self._seats_of[inspector].add(x)
