"""All tables, a file a stage."""

from __future__ import annotations

from agency_credit.database.tables.changes import ChangeDecision, ChangeRequest, RuleVersion
from agency_credit.database.tables.draw import (
    Draw,
    DrawFile,
    DrawPseudonym,
    DrawSecret,
    DrawStep,
    DrawValue,
    DrawVoidRequest,
)
from agency_credit.database.tables.imports import (
    ImportColumn,
    ImportRow,
    ImportRun,
    ImportUndo,
    ImportUpload,
)
from agency_credit.database.tables.inspection import (
    Inspection,
    InspectionResult,
    InspectionSeat,
    OtherInspection,
    ResultStep,
)
from agency_credit.database.tables.log import Checkpoint, LogBody, LogEntry
from agency_credit.database.tables.people import (
    AuditLine,
    IdempotentAnswer,
    Invitation,
    LoginAttempt,
    PastPassword,
    Person,
    PersonRole,
    PersonTotp,
    RecoveryCode,
    SecuritySetting,
    Session,
)
from agency_credit.database.tables.plans import AnnualPlan, AnnualPlanDraft, LeadInspection
from agency_credit.database.tables.rating import Rating
from agency_credit.database.tables.reference import (
    CalendarDay,
    District,
    InspectionItem,
    LegalParameter,
    ResultCategory,
)
from agency_credit.database.tables.register import (
    Agency,
    AgencyPractice,
    CreditRecord,
    Inspector,
    Practitioner,
    PractitionerPost,
    RecordEvent,
    RecordSalt,
    Recusal,
)

TABLES = (
    District, InspectionItem, ResultCategory, CalendarDay, LegalParameter,
    SecuritySetting, Person, PersonRole, Invitation, PersonTotp, RecoveryCode, PastPassword,
    Session, LoginAttempt, IdempotentAnswer, AuditLine,
    ImportRun, ImportRow, ImportUndo, ImportUpload, ImportColumn,
    ChangeRequest, ChangeDecision, RuleVersion,
    Agency, AgencyPractice, Practitioner, PractitionerPost, CreditRecord, RecordEvent, RecordSalt,
    Inspector, Recusal, Rating,
    Draw, DrawFile, DrawStep, DrawVoidRequest, DrawValue, DrawSecret, DrawPseudonym,
    Inspection, InspectionSeat, InspectionResult, ResultStep, OtherInspection,
    AnnualPlanDraft, AnnualPlan, LeadInspection,
    LogEntry, LogBody, Checkpoint,
)  # fmt: skip

APPEND_ONLY = (
    AuditLine, ImportRun, ImportRow, ImportUndo, ChangeRequest, ChangeDecision, RuleVersion,
    CreditRecord, RecordEvent, Rating,
    DrawFile, DrawStep, DrawVoidRequest, DrawValue, DrawSecret, DrawPseudonym,
    InspectionResult, ResultStep, InspectionItem, AnnualPlan, LeadInspection, LogEntry, Checkpoint,
)  # fmt: skip
"""What is only ever added to; triggers hold it in both databases."""

__all__ = [
    "APPEND_ONLY",
    "TABLES",
    "Agency",
    "AgencyPractice",
    "AnnualPlan",
    "AnnualPlanDraft",
    "AuditLine",
    "CalendarDay",
    "ChangeDecision",
    "ChangeRequest",
    "Checkpoint",
    "CreditRecord",
    "District",
    "Draw",
    "DrawFile",
    "DrawPseudonym",
    "DrawSecret",
    "DrawStep",
    "DrawValue",
    "DrawVoidRequest",
    "IdempotentAnswer",
    "ImportColumn",
    "ImportRow",
    "ImportRun",
    "ImportUndo",
    "ImportUpload",
    "Inspection",
    "InspectionItem",
    "InspectionResult",
    "InspectionSeat",
    "Inspector",
    "Invitation",
    "LeadInspection",
    "LegalParameter",
    "LogBody",
    "LogEntry",
    "LoginAttempt",
    "OtherInspection",
    "PastPassword",
    "Person",
    "PersonRole",
    "PersonTotp",
    "Practitioner",
    "PractitionerPost",
    "Rating",
    "RecordEvent",
    "RecordSalt",
    "RecoveryCode",
    "Recusal",
    "ResultCategory",
    "ResultStep",
    "RuleVersion",
    "SecuritySetting",
    "Session",
]
