"""What a draw is bound to before chance is known (draw-protocol.md, sections 0 and 3)."""

from __future__ import annotations

from agency_credit.domain.canonical import Root, digest, format_canonical, root
from agency_credit.domain.draw import Announcement
from agency_credit.domain.plan import PROTOCOL, DrawPlan
from agency_credit.domain.roster import InspectorRoster, Recusals
from agency_credit.sampling.fields import Faults
from agency_credit.sampling.frame import Frame
from agency_credit.sampling.line_files import format_recusals, format_roster
from agency_credit.sampling.plan_file import format_plan


def announce(plan: DrawPlan, frame: Frame, roster: InspectorRoster, recusals: Recusals) -> Announcement:
    """Bind the files of a draw together.

    Raises
    ------
    FaultsError
        The files do not fit each other (`check_files`).
    """
    check_files(plan, frame, roster, recusals)
    return Announcement(
        draw=plan.draw,
        inspectors=root(format_roster(roster)),
        plan=digest(format_plan(plan)),
        recusals=root(format_recusals(recusals)),
        targets=root(frame.content),
    )


def format_announcement(announcement: Announcement) -> bytes:
    """The bytes of `announcement.json`; A is their digest."""

    def line_root(of: Root) -> dict[str, str | int]:
        return {"root": of.root, "size": of.size}

    return format_canonical(
        {
            "draw": announcement.draw,
            "inspectors": line_root(announcement.inspectors),
            "plan": announcement.plan,
            "protocol": PROTOCOL,
            "recusals": line_root(announcement.recusals),
            "targets": line_root(announcement.targets),
        }
    )


def check_files(plan: DrawPlan, frame: Frame, roster: InspectorRoster, recusals: Recusals) -> None:
    """Hold the files against each other.

    Raises
    ------
    FaultsError
        A stratum of the plan without units or of the frame without rule; a recusal that names an
        inspector or a unit who is in no file.
    """
    faults = Faults("plan.json")
    planned, framed = {rule.stratum for rule in plan.strata}, set(frame.strata)
    for stratum in sorted(planned - framed):
        faults.add_fault(
            "strata",
            "plan.stratum-empty",
            "no unit of the frame is in the stratum {stratum}; remove its rule",
            stratum=stratum,
        )
    for stratum in sorted(framed - planned):
        faults.add_fault(
            "strata",
            "plan.stratum-missing",
            "the stratum {stratum} of the frame has no rule in the plan; add one",
            stratum=stratum,
        )
    others = Faults("recusals.jsonl")
    inspectors, units = {inspector.inspector for inspector in roster.inspectors}, set(frame.units)
    for n, pair in enumerate(recusals.pairs, 1):
        if pair.inspector not in inspectors:
            others.add_fault(
                n,
                "recusal.inspector",
                "the roster has no inspector {inspector}; add the inspector or remove this line",
                inspector=pair.inspector,
            )
        if pair.unit not in units:
            others.add_fault(
                n,
                "recusal.unit",
                "the frame has no unit {unit}; add the unit or remove this line",
                unit=pair.unit,
            )
    faults.found += others.found
    faults.raise_if_any()
