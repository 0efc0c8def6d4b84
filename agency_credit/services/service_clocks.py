"""The clocks of the office towards agencies, as everybody may see them: promised against actual, no names."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from datetime import date

import msgspec

from agency_credit.database.tables import CaseStep, CreditCase
from agency_credit.domain.day import day_in_china
from agency_credit.inspection.repair_states import RepairStep
from agency_credit.inspection.service_clocks import CaseTimes, quarters, tally, years
from agency_credit.services.calendar import load_workdays
from agency_credit.services.office import Office
from agency_credit.services.supervision import load_value

KINDS: dict[str, tuple[str, ...]] = {
    "objection": ("objection-own", "objection-others"),
    "repair": ("repair-decided",),
}
"""Kinds of cases, and the values of the profile that promise something."""
FEW = 5
"""Fewer decided cases than this say little; the page says so."""
_TAKEN_BACK = "withdrawn"
_RESTS = (CaseStep.case.kind == "repair") & (CaseStep.step == RepairStep.RETURNED.value)
"""The agency completes its application: the clock of the office rests."""


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What the profile promises today; `working_days` None: it does not say."""

    key: str
    wording: str
    wording_en: str
    working_days: int | None
    status: str


class ClockView(msgspec.Struct, frozen=True, kw_only=True):
    """A quarter or year; `median` and `ninety` in working days, None where nothing was decided in it."""

    span: str
    first_on: date
    last_on: date
    opened: int
    decided: int
    taken_back: int
    late: int
    open: int
    overdue: int
    median: int | None
    ninety: int | None


class ServiceClock(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of case: what is promised, the newest quarters and years first."""

    kind: str
    promises: list[Promise]
    quarters: list[ClockView]
    years: list[ClockView]


class ServiceClocks(msgspec.Struct, frozen=True, kw_only=True):
    """All kinds, counted today."""

    on: date
    clocks: list[ServiceClock]


async def load_service_clocks(office: Office) -> ServiceClocks:
    """Objections and applications for repair by quarter and year, from the first case on."""
    today = office.today()
    cases = await _load_cases()
    opened = [case.opened_on for kind in cases.values() for case in kind]
    spans = quarters(min(opened, default=today), today)
    is_workday = await load_workdays(spans[0][0], today)
    clocks = []
    for kind in KINDS:
        rows = [
            [
                ClockView(
                    span=_name(first_on, is_year=is_year),
                    **asdict(tally(cases[kind], first_on, last_on, is_workday)),
                )
                for first_on, last_on in reversed(those)
            ]
            for those, is_year in ((spans, False), (years(spans), True))
        ]
        clocks.append(
            ServiceClock(
                kind=kind, promises=await _load_promises(office, kind), quarters=rows[0], years=rows[1]
            )
        )
    return ServiceClocks(on=today, clocks=clocks)


async def _load_cases() -> dict[str, list[CaseTimes]]:
    steps = defaultdict(list)
    rows = await (
        CaseStep.select(CaseStep.case, CaseStep.at, CaseStep.due_on, CaseStep.closes, CaseStep.step)
        .where(
            CaseStep.due_on.is_not_null()
            | (CaseStep.closes == True)  # noqa: E712
            | _RESTS
        )
        .order_by(CaseStep.sequence)
    )
    for row in rows:
        steps[row["case"]].append(row)
    cases: dict[str, list[CaseTimes]] = {kind: [] for kind in KINDS}
    for row in await CreditCase.select(CreditCase.id, CreditCase.kind, CreditCase.opened_at):
        those = steps[row["id"]]
        end = next((step for step in those if step["closes"]), None)
        cases[row["kind"]].append(
            CaseTimes(
                opened_on=day_in_china(row["opened_at"]),
                promises=tuple((day_in_china(s["at"]), s["due_on"]) for s in those if not s["closes"]),
                closed_on=None if end is None else day_in_china(end["at"]),
                is_decided=end is not None and end["step"] != _TAKEN_BACK,
            )
        )
    return cases


async def _load_promises(office: Office, kind: str) -> list[Promise]:
    found = [(key, await load_value(office, key)) for key in KINDS[kind]]
    return [
        Promise(
            key=key,
            wording=value.wording.zh,
            wording_en=value.wording.en,
            working_days=value.value,
            status=value.provenance.status.value,
        )
        for key, value in found
        if value is not None
    ]


def _name(first_on: date, *, is_year: bool) -> str:
    return f"{first_on.year}" if is_year else f"{first_on.year}-Q{(first_on.month + 2) // 3}"
