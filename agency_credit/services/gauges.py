"""The state of the office in numbers, for `GET /metrics`: no names, no agencies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from agency_credit.database import pool_state
from agency_credit.database.tables import DrawStep, ImportRun
from agency_credit.services.desk_results import load_desk_inspections
from agency_credit.services.log import load_head_state, look_for_fork
from agency_credit.services.office import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A number, or several told apart by labels.

    Parameters
    ----------
    values
        Values of the labels, in their order, and the number.
    """

    name: str
    help: str
    values: Sequence[tuple[Sequence[str], float]]
    labels: Sequence[str] = ()


async def load_gauges(office: Office) -> list[Gauge]:
    """Everything at this instant; a handful of queries."""
    head = await load_head_state()
    fork = await look_for_fork(office)
    age = (office.now() - head.signed_at).total_seconds() if head.signed_at else 0.0
    open_ones = [
        one for one in await load_desk_inspections(office) if one.state not in ("published", "withdrawn")
    ]
    overdue = sum(one.is_overdue for one in open_ones)
    due = sum(one.due_on is not None for one in open_ones) - overdue
    steps = Counter(row["step"] for row in await DrawStep.select(DrawStep.step))
    pool = pool_state(office.engine)
    return [
        _one("log_entries", "Entries of the public log.", head.n_entries),
        _one("log_unsigned_entries", "Entries that no signed head covers yet.", head.n_unsigned),
        _one("log_head_age_seconds", "Since the newest head of the log was signed.", age),
        _one("read_only", "1 while the log does not continue what was signed last.", int(fork is not None)),
        Gauge(
            name="database_connections",
            help="Connections of this worker to the server, by state; none of the embedded database.",
            labels=("state",),
            values=[((state,), n) for state, n in pool.items()],
        ),
        Gauge(
            name="inspections_open",
            help="Inspections without a published result.",
            labels=("deadline",),
            values=[(("none",), len(open_ones) - due - overdue), (("due",), due), (("overdue",), overdue)],
        ),
        Gauge(
            name="draw_steps",
            help="Steps of draws that were made, by step.",
            labels=("step",),
            values=[((step,), n) for step, n in sorted(steps.items())],
        ),
        _one("imports", "Imports that were taken in.", await ImportRun.count()),
    ]


def _one(name: str, text: str, number: float) -> Gauge:
    return Gauge(name=name, help=text, values=[((), number)])
