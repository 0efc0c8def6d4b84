"""Inspections that a draw opened, and their results; inspections by other bodies."""

from __future__ import annotations

from piccolo.columns import (
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from agency_credit.database.tables.draw import Draw
from agency_credit.database.tables.imports import ImportRun
from agency_credit.database.tables.people import Person
from agency_credit.database.tables.register import Agency, Inspector


class Inspection(Table, tablename="inspection"):
    """An agency that has to be visited: a target of a draw, or (`draw` None) for a lead."""

    id: BigSerial = BigSerial(primary_key=True)
    draw = ForeignKey(Draw, null=True, index=True, on_delete=OnDelete.restrict)
    agency = ForeignKey(Agency, null=False, index=True, on_delete=OnDelete.restrict)
    stratum = Varchar(length=64)
    stream = Varchar(length=20)
    position = Integer()
    due_on = Date(null=True, default=None)


class InspectionSeat(Table, tablename="inspection_seat"):
    """A seat of the team, empty where nobody could be seated."""

    id: BigSerial = BigSerial(primary_key=True)
    inspection = ForeignKey(Inspection, null=False, index=True, on_delete=OnDelete.restrict)
    seat = Integer()
    role = Varchar(length=64)
    inspector = ForeignKey(Inspector, null=True, index=True, on_delete=OnDelete.restrict)


class InspectionResult(Table, tablename="inspection_result"):
    """A version of a result: the form as its team confirms it, and the digest of its bytes.

    `reason` says why a published version is corrected by this one.
    """

    id: BigSerial = BigSerial(primary_key=True)
    inspection = ForeignKey(Inspection, null=False, index=True, on_delete=OnDelete.restrict)
    version = Integer()
    inspected_on = Date(null=False, default=None)
    categories_json = Text(default="[]")
    findings = Text()
    entered_by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    entered_at = Timestamptz(null=False, default=None)
    form_json = Text()
    digest = Varchar(length=64)
    reason = Text()


class ResultStep(Table, tablename="result_step"):
    """What became of a version of a result: confirmed, returned, rejected, reviewed, published, withdrawn."""

    id: BigSerial = BigSerial(primary_key=True)
    result = ForeignKey(InspectionResult, null=False, index=True, on_delete=OnDelete.restrict)
    step = Varchar(length=20)
    by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    at = Timestamptz(null=False, default=None)
    reason = Text()
    log_index = BigInt(null=True, default=None)


class OtherInspection(Table, tablename="other_inspection"):
    """An inspection of an agency by another body, from its list; counts towards the annual cap.

    Its kind is routine (日常), special (专项) or case (个案).
    """

    id: BigSerial = BigSerial(primary_key=True)
    agency = ForeignKey(Agency, null=False, index=True, on_delete=OnDelete.restrict)
    inspected_on = Date(null=False, default=None)
    authority = Varchar(length=200)
    kind = Varchar(length=20)
    is_on_site = Boolean()
    is_lead_based = Boolean(help_text="on a complaint, a report or a transferred case")
    document_number = Varchar(length=120)
    items = Text()
    import_run = ForeignKey(ImportRun, null=True, index=True, on_delete=OnDelete.restrict)
    known_at = Timestamptz(null=False, default=None)


class ResultConfirmation(Table, tablename="result_confirmation"):
    """A member of the team says under his own account: this form, byte for byte."""

    id: BigSerial = BigSerial(primary_key=True)
    result = ForeignKey(InspectionResult, null=False, index=True, on_delete=OnDelete.restrict)
    inspector = ForeignKey(Inspector, null=False, index=True, on_delete=OnDelete.restrict)
    by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    digest = Varchar(length=64)
    at = Timestamptz(null=False, default=None)


class ResultSubmission(Table, tablename="result_submission"):
    """The key under which a telephone sent a form: sent again, it is the same form."""

    id: BigSerial = BigSerial(primary_key=True)
    person = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    key = Varchar(length=128)
    request = Varchar(length=64)
    result = ForeignKey(InspectionResult, null=False, index=True, on_delete=OnDelete.restrict)


class ResultDraft(Table, tablename="result_draft"):
    """What a member has filled in so far, on the version that he had before him; nobody's statement yet."""

    id: BigSerial = BigSerial(primary_key=True)
    inspection = ForeignKey(Inspection, null=False, index=True, on_delete=OnDelete.restrict)
    person = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    base_version = Integer()
    revision = Integer()
    content_json = Text()
    at = Timestamptz(null=False, default=None)


class ResultWithdrawal(Table, tablename="result_withdrawal"):
    """What a published result rested on was annulled; a second person takes the result down."""

    id: BigSerial = BigSerial(primary_key=True)
    result = ForeignKey(InspectionResult, null=False, index=True, on_delete=OnDelete.restrict)
    annulled_on = Date(null=False, default=None)
    document = Varchar(length=200)
    reason = Text()
    due_on = Date(null=False, default=None)
    asked_by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    asked_at = Timestamptz(null=False, default=None)


class Photograph(Table, tablename="photograph"):
    """A photograph of an inspection or of its signed record, encoded anew; never public.

    `source_digest` is that of what was sent, `digest` that of what is kept.
    """

    id: BigSerial = BigSerial(primary_key=True)
    inspection = ForeignKey(Inspection, null=False, index=True, on_delete=OnDelete.restrict)
    kind = Varchar(length=10)
    digest = Varchar(length=64)
    source_digest = Varchar(length=64)
    width = Integer()
    height = Integer()
    n_bytes = Integer()
    sent_by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    sent_at = Timestamptz(null=False, default=None)


class PhotographContent(Table, tablename="photograph_content"):
    """The bytes of a photograph, apart so that a list of photographs does not carry them."""

    id: BigSerial = BigSerial(primary_key=True)
    photograph = ForeignKey(Photograph, null=False, index=True, on_delete=OnDelete.restrict)
    content = Bytea()


class RecusalApplication(Table, tablename="recusal_application"):
    """The agency asks that a member of the team step back."""

    id: BigSerial = BigSerial(primary_key=True)
    inspection = ForeignKey(Inspection, null=False, index=True, on_delete=OnDelete.restrict)
    inspector = ForeignKey(Inspector, null=False, index=True, on_delete=OnDelete.restrict)
    reason = Text()
    applied_on = Date(null=False, default=None)
    recorded_by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    recorded_at = Timestamptz(null=False, default=None)


class RecusalDecision(Table, tablename="recusal_decision"):
    """What was decided on such an application."""

    id: BigSerial = BigSerial(primary_key=True)
    application = ForeignKey(RecusalApplication, null=False, index=True, on_delete=OnDelete.restrict)
    verdict = Varchar(length=10)
    reason = Text()
    by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    at = Timestamptz(null=False, default=None)


class FollowUp(Table, tablename="follow_up"):
    """What is done about a problem that an inspection found, until it is closed."""

    id: BigSerial = BigSerial(primary_key=True)
    inspection = ForeignKey(Inspection, null=False, index=True, on_delete=OnDelete.restrict)
    result = ForeignKey(InspectionResult, null=False, index=True, on_delete=OnDelete.restrict)
    opened_by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    opened_at = Timestamptz(null=False, default=None)


class FollowUpStep(Table, tablename="follow_up_step"):
    """A step of a follow-up: ordered, rechecked, penalty, handed over, replied, closed."""

    id: BigSerial = BigSerial(primary_key=True)
    follow_up = ForeignKey(FollowUp, null=False, index=True, on_delete=OnDelete.restrict)
    step = Varchar(length=20)
    on = Date(null=False, default=None)
    due_on = Date(null=True, default=None)
    document = Varchar(length=200)
    body = Varchar(length=200)
    text = Text()
    by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    at = Timestamptz(null=False, default=None)


class ArrivalCode(Table, tablename="arrival_code"):
    """The code on the papers of an inspection, which leads to its scan on arrival."""

    id: BigSerial = BigSerial(primary_key=True)
    inspection = ForeignKey(Inspection, null=False, index=True, on_delete=OnDelete.restrict)
    code = Varchar(length=20)


class Arrival(Table, tablename="arrival"):
    """A member of the team arrived and scanned the papers (扫码入企)."""

    id: BigSerial = BigSerial(primary_key=True)
    inspection = ForeignKey(Inspection, null=False, index=True, on_delete=OnDelete.restrict)
    person = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    at = Timestamptz(null=False, default=None)
