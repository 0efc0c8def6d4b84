"""Rules of a model of records: objections and applications for repair, tried by anybody at any time."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
)

from agency_credit.domain.errors import (
    ConflictError,
    FaultsError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
)
from agency_credit.inspection.objection_states import Verdict
from agency_credit.inspection.repair_states import RepairStep
from agency_credit.services.objection_basis import Proposal
from agency_credit.services.objections import (
    decide_objection,
    extend_objection,
    open_objection,
    propose_verdict,
    return_verdict,
    withdraw_objection,
)
from agency_credit.services.repairs import (
    RepairProposal,
    amend_repair,
    apply_for_repair,
    decide_repair,
    propose_repair,
    return_repair,
    withdraw_repair,
)
from tests.record_life import APPROVERS, DESK, DRAFTERS, OFFICE, SECOND, Life, first_of, is_elsewhere
from tests.record_model import (
    DAY,
    Change,
    Objection,
    Repair,
    add_working_days,
    can_be,
)


class Cases(Life):
    """Objections and repairs."""

    # --- objections

    @rule(who=st.sampled_from(DESK), place=st.integers(0, 3), is_good=st.sampled_from((True, True, False)))
    def object(self, who: str, place: int, is_good: bool) -> None:
        """By those of the agency who may, to a record that stands and has no open objection."""
        record = self._record(place)
        expected = first_of(
            *self._at_desk(who),
            (not is_good, FaultsError),
            (record.is_forgotten, NotFoundError),
            (record.withdrawn_on is not None, RefusedError),
            (self._open_objection(record) is not None, ConflictError),
        )
        grounds = "处罚决定已经撤销" if is_good else "请联系13800138000"
        call = open_objection(self.hub.office, self._actor(who), self.uscc, record.commitment, grounds)
        if self._try(call, expected):
            due_on = add_working_days(self.today, 3)
            number = self.answer
            self.objections.append(
                Objection(
                    number=number, record=record, opened_on=self.today, due_on=due_on, before=record.note
                )
            )
            record.note = "open", self.today
            self.log.append("objection.opened")

    @precondition(lambda self: self.objections)
    @rule(who=st.sampled_from(OFFICE), place=st.integers(0, 3))
    def extend(self, who: str, place: int) -> None:
        """Once, before the promised day has passed and a verdict is proposed."""
        case = self._objection(place)
        expected = first_of(
            (who not in DRAFTERS | APPROVERS, ForbiddenError),
            (case.state != "open" or case.is_extended or case.due_on < self.today, RefusedError),
        )
        call = extend_objection(self.hub.office, self._actor(who), case.number, "由市局协助核查")
        if self._try(call, expected):
            case.is_extended, case.due_on = True, add_working_days(case.opened_on, 7)

    @precondition(lambda self: self.objections)
    @rule(
        who=st.sampled_from(OFFICE),
        place=st.integers(0, 3),
        verdict=st.sampled_from(("upheld", "upheld", "partly", "partly", "rejected")),
        event=st.sampled_from(("corrected", "assessed", "assessed-wild", "")),
    )
    def propose(self, who: str, place: int, verdict: str, event: str) -> None:
        """While it is open; upheld in part only by a change that can be."""
        case = self._objection(place)
        record, change = case.record, None
        if verdict == "partly" and event:
            change = self._change(record, event)
        elif verdict == "upheld" and record.stands():
            change = Change(event="withdrawn", on=record.decided_on, n_events=record.n_events)
        is_wrong = verdict == "partly" and (not record.stands() or change is None)
        expected = first_of(
            (who not in DRAFTERS, ForbiddenError),
            (case.state != "open", RefusedError),
            (is_wrong or (change is not None and not can_be(record, change, self.today)), FaultsError),
        )
        said = self._said(record, change) if verdict == "partly" and change is not None else None
        proposal = Proposal(verdict=Verdict(verdict), reasons="经核查", change=said)
        if self._try(propose_verdict(self.hub.office, self._actor(who), case.number, proposal), expected):
            case.state, case.verdict, case.change, case.proposed_by = "proposed", verdict, change, who

    @precondition(lambda self: self.objections)
    @rule(who=st.sampled_from(SECOND), place=st.integers(0, 3))
    def decide(self, who: str, place: int) -> None:
        """By another person, as proposed, as long as the record is the one that was looked at."""
        case = self._objection(place)
        record, change = case.record, case.change
        is_applied = change is not None and record.stands()
        expected = first_of(
            (who not in APPROVERS, ForbiddenError),
            (case.state != "proposed", RefusedError),
            (case.proposed_by == who, ForbiddenError),
            (is_applied and change is not None and change.n_events != record.n_events, ConflictError),
            (is_applied and change is not None and not can_be(record, change, self.today), FaultsError),
            (not is_applied and case.verdict == "partly", RefusedError),
        )
        if self._try(decide_objection(self.hub.office, self._actor(who), case.number), expected):
            if is_applied and change is not None:
                self._apply(record, change)
            record.note = None if case.verdict == "upheld" else (case.verdict, self.today)
            case.state = "decided"
            self._close(case)
            self.ends[case.verdict] += 1

    @precondition(lambda self: self.objections)
    @rule(who=st.sampled_from(SECOND), place=st.integers(0, 3))
    def send_back(self, who: str, place: int) -> None:
        """A proposed verdict, by another person."""
        case = self._objection(place)
        expected = first_of(
            (who not in APPROVERS, ForbiddenError),
            (case.state != "proposed", RefusedError),
            (case.proposed_by == who, ForbiddenError),
        )
        call = return_verdict(self.hub.office, self._actor(who), case.number, "请补充理由")
        if self._try(call, expected):
            case.state = "open"

    @precondition(lambda self: self.objections)
    @rule(who=st.sampled_from(DESK), place=st.integers(0, 3))
    def take_back(self, who: str, place: int) -> None:
        """By the agency, until it is decided; what was said before stands again."""
        case = self._objection(place)
        expected = first_of(*self._at_desk(who), (case.state not in ("open", "proposed"), RefusedError))
        call = withdraw_objection(self.hub.office, self._actor(who), self.uscc, case.number)
        if self._try(call, expected):
            case.state, case.record.note = "withdrawn", case.before
            self._close(case)

    # --- repairs

    @rule(
        who=st.sampled_from(DESK),
        place=st.integers(0, 3),
        how=st.sampled_from(("complete", "complete", "undeclared", "personal")),
    )
    def apply(self, who: str, place: int, how: str) -> None:
        """When its time has come, once, with everything that its conditions ask for."""
        record = self._record(place)
        expected = first_of(
            *self._at_desk(who),
            (record.is_forgotten, NotFoundError),
            (self._is_unmet(record) or self._is_barred(record), FaultsError),
            (how != "complete", FaultsError),
        )
        form = self.run(self._form(record, how))
        call = apply_for_repair(self.hub.office, self._actor(who), self.uscc, record.commitment, form)
        if self._try(call, expected):
            self.repairs.append(Repair(number=self.answer, record=record, opened_on=self.today))

    @precondition(lambda self: self.repairs)
    @rule(
        who=st.sampled_from(DESK),
        place=st.integers(0, 3),
        how=st.sampled_from(("complete", "complete", "undeclared", "personal")),
    )
    def amend(self, who: str, place: int, how: str) -> None:
        """What was returned."""
        case = self._repair(place)
        expected = first_of(
            *self._at_desk(who),
            (case.is_closed, ConflictError),
            (case.state != "returned", RefusedError),
            (case.record.is_forgotten, NotFoundError),
            (self._is_unmet(case.record) or how != "complete", FaultsError),
        )
        form = self.run(self._form(case.record, how))
        call = amend_repair(self.hub.office, self._actor(who), self.uscc, case.number, form)
        if self._try(call, expected):
            case.state = "amended"

    @precondition(lambda self: self.repairs)
    @rule(who=st.sampled_from(DESK), place=st.integers(0, 3))
    def give_up(self, who: str, place: int) -> None:
        """An application, until it is decided."""
        case = self._repair(place)
        expected = first_of(*self._at_desk(who), (case.is_closed, ConflictError))
        if self._try(withdraw_repair(self.hub.office, self._actor(who), self.uscc, case.number), expected):
            case.state = "withdrawn"

    @precondition(lambda self: self.repairs)
    @rule(who=st.sampled_from(OFFICE), place=st.integers(0, 3))
    def return_it(self, who: str, place: int) -> None:
        """An application that is with the office, to be completed."""
        case = self._repair(place)
        expected = first_of((who not in DRAFTERS, ForbiddenError), *is_elsewhere(case))
        call = return_repair(self.hub.office, self._actor(who), case.number, "请补充缴款凭证")
        if self._try(call, expected):
            case.state = "returned"

    @precondition(lambda self: self.repairs)
    @rule(
        who=st.sampled_from(OFFICE),
        place=st.integers(0, 3),
        verdict=st.sampled_from(("granted", "granted", "refused")),
        is_good=st.sampled_from((True, True, False)),
    )
    def examine(self, who: str, place: int, verdict: str, is_good: bool) -> None:
        """Propose to grant what the registers allow, or to refuse for one of the reasons until a day."""
        case = self._repair(place)
        expected = first_of(
            (who not in DRAFTERS, ForbiddenError),
            *is_elsewhere(case),
            (verdict == "granted" and case.record.is_forgotten, NotFoundError),
            (verdict == "granted" and self._is_unmet(case.record), FaultsError),
            (not is_good, FaultsError),
        )
        next_on = self.today + 45 * DAY
        proposal = RepairProposal(
            verdict=RepairStep(verdict),
            reason="材料齐全，已经核实" if is_good or verdict == "refused" else " ",
            reason_code="" if verdict == "granted" else "evidence" if is_good else "mood",
            next_on=next_on if verdict == "refused" else None,
            next_reason="待证据补齐" if verdict == "refused" else "",
        )
        call = propose_repair(self.hub.office, self._actor(who), case.number, proposal)
        if self._try(call, expected):
            case.state, case.verdict, case.proposed_by = "proposed", verdict, who
            case.next_on = next_on if verdict == "refused" else None

    @precondition(lambda self: self.repairs)
    @rule(
        who=st.sampled_from(SECOND),
        place=st.integers(0, 3),
        how=st.sampled_from(("as-proposed", "as-proposed", "otherwise", "sent-back")),
    )
    def settle(self, who: str, place: int, how: str) -> None:
        """By another person, as proposed, while nothing stands against it; or sent back."""
        case = self._repair(place)
        record = case.record
        verdict = "granted" if (case.verdict == "granted") is (how == "as-proposed") else "refused"
        verdict = "sent-back" if how == "sent-back" else verdict
        is_granted = verdict == "granted"
        expected = first_of(
            (who not in APPROVERS, ForbiddenError),
            (case.is_closed, ConflictError),
            (case.state != "proposed", RefusedError),
            (case.proposed_by == who, ForbiddenError),
            (verdict not in (case.verdict, "sent-back"), RefusedError),
            (is_granted and record.is_forgotten, NotFoundError),
            (is_granted and self._is_unmet(record), FaultsError),
        )
        call = decide_repair(self.hub.office, self._actor(who), case.number, RepairStep(verdict), "请核对")
        if self._try(call, expected):
            case.state = verdict
            self.ends[verdict] += 1
            if is_granted:
                self._forget(record)
