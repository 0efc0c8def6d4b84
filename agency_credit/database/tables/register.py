"""The registers: agencies, practitioners, credit records, inspectors, recusals."""

from __future__ import annotations

from typing import Any

from piccolo.columns import (
    BigInt,
    BigSerial,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    LazyTableReference,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from agency_credit.database.tables.changes import ChangeRequest
from agency_credit.database.tables.imports import ImportRun
from agency_credit.database.tables.people import Person


class Agency(Table, tablename="agency"):
    """A licensed firm or a branch of one; a firm with both practice lines is one agency."""

    id: BigSerial = BigSerial(primary_key=True)
    uscc = Varchar(length=18)
    name = Varchar(length=200)
    search_text = Text(help_text="name, pinyin initials, codes; lower case")
    area = Varchar(length=12, help_text="code of the district")
    address = Text()
    head = Varchar(length=100, help_text="personal: never leaves the office unmasked")
    telephone = Varchar(length=60, help_text="personal: never leaves the office")
    established_on = Date(null=True, default=None)
    status = Varchar(length=20)
    branch_of: ForeignKey[Any] = ForeignKey(
        LazyTableReference("Agency", module_path=__name__), null=True, index=True, on_delete=OnDelete.restrict
    )
    list_status = Varchar(length=20, default="none")
    list_since = Date(null=True, default=None)
    n_staff = Integer(null=True, default=None)
    legal_form = Varchar(length=20, default="unknown", help_text="partnership, company, law_firm")
    n_partners = Integer(null=True, default=None, help_text="partners or shareholders")
    n_certified_partners = Integer(null=True, default=None, help_text="those of them with a certificate")
    flags_json = Text(default="[]")
    created_at = Timestamptz(null=False, default=None)
    changed_at = Timestamptz(null=False, default=None)


class AgencyPractice(Table, tablename="agency_practice"):
    """A practice line of an agency.

    `altered_on` and `alteration_filed_on`: the latest change of what was filed, and the filing of it;
    `report_year` and `reported_on`: the latest annual report that was submitted.
    """

    id: BigSerial = BigSerial(primary_key=True)
    agency = ForeignKey(Agency, null=False, index=True, on_delete=OnDelete.restrict)
    practice_line = Varchar(length=20)
    agency_code = Varchar(length=30)
    filed_on = Date(null=True, default=None)
    valid_until = Date(null=True, default=None)
    altered_on = Date(null=True, default=None)
    alteration_filed_on = Date(null=True, default=None)
    report_year = Integer(null=True, default=None)
    reported_on = Date(null=True, default=None)


class Practitioner(Table, tablename="practitioner"):
    """A person who practises; the certificate number is the stable key (docs/legal-sources.md, 7.2)."""

    id: BigSerial = BigSerial(primary_key=True)
    certificate = Varchar(length=40)
    name = Varchar(length=100)
    agency = ForeignKey(Agency, null=True, index=True, on_delete=OnDelete.restrict)
    practice_line = Varchar(length=20)
    status = Varchar(length=20)


class PractitionerPost(Table, tablename="practitioner_post"):
    """That an agency claims a practitioner as its own; over once it lets the person go.

    `Practitioner.agency` is the one that claimed him last; who has two open posts practises at two agencies.
    `claimed_at`: since when the register knows; None: from before posts were kept.
    """

    id: BigSerial = BigSerial(primary_key=True)
    practitioner = ForeignKey(Practitioner, null=False, index=True, on_delete=OnDelete.restrict)
    agency = ForeignKey(Agency, null=False, index=True, on_delete=OnDelete.restrict)
    claimed_at = Timestamptz(null=True, default=None)
    released_at = Timestamptz(null=True, default=None)
    import_run = ForeignKey(ImportRun, null=True, index=True, on_delete=OnDelete.restrict)


class CreditRecord(Table, tablename="credit_record"):
    """One record of a credit file; appended, never changed.

    A record about a practitioner names the agency at which the person practised as well.
    Empty texts and no day: nobody has said it.
    """

    id: BigSerial = BigSerial(primary_key=True)
    agency = ForeignKey(Agency, null=False, index=True, on_delete=OnDelete.restrict)
    practitioner = ForeignKey(Practitioner, null=True, index=True, on_delete=OnDelete.restrict)
    kind = Varchar(length=100)
    document_number = Varchar(length=120)
    decided_on = Date(null=False, default=None)
    authority = Varchar(length=200)
    summary = Text()
    known_at = Timestamptz(null=False, default=None)
    import_run = ForeignKey(ImportRun, null=True, index=True, on_delete=OnDelete.restrict)
    digest = Varchar(length=64)
    evidence = Varchar(length=64, default="", help_text="SHA-256 of the document behind it")
    category = Varchar(length=20, default="", help_text="penalty, list, discipline, inspection, …")
    procedure = Varchar(length=20, default="", help_text="of a penalty: ordinary, summary")
    sanctions = Varchar(length=200, default="", help_text="of a penalty: words separated by blanks")
    severity = Varchar(length=200, default="", help_text="classes of period tables, separated by blanks")
    served_on = Date(null=True, default=None)
    conduct_ended_on = Date(null=True, default=None)
    corrects: ForeignKey[Any] = ForeignKey(
        LazyTableReference("CreditRecord", module_path=__name__),
        null=True,
        index=True,
        on_delete=OnDelete.restrict,
    )


class RecordEvent(Table, tablename="record_event"):
    """What befell a record later: when it was true (`on`), and since when it is known."""

    id: BigSerial = BigSerial(primary_key=True)
    record = ForeignKey(CreditRecord, null=False, index=True, on_delete=OnDelete.restrict)
    event = Varchar(length=20)
    on = Date(null=True, default=None)
    until = Date(null=True, default=None)
    millipoints = BigInt(null=True, default=None)
    facts_json = Text(default="", help_text="what an authority said later of the record (classified)")
    known_at = Timestamptz(null=False, default=None)
    change = ForeignKey(ChangeRequest, null=True, index=True, on_delete=OnDelete.restrict)


class RecordSalt(Table, tablename="record_salt"):
    """Salt of a record and the commitment under which ratings name it; can be deleted, to forget."""

    id: BigSerial = BigSerial(primary_key=True)
    record = ForeignKey(CreditRecord, null=False, index=True, on_delete=OnDelete.restrict)
    salt = Bytea(default=b"")
    commitment = Varchar(length=64)


class RecordPublication(Table, tablename="record_publication"):
    """That a record stands in the public log; `record` is its number alone, for a record can be forgotten.

    `published_on`: the day from which the public could see it, from which periods of disclosure may count.
    """

    id: BigSerial = BigSerial(primary_key=True)
    record = BigInt()
    log_index = BigInt()
    published_on = Date(null=False, default=None)
    at = Timestamptz(null=False, default=None)


class Inspector(Table, tablename="inspector"):
    """A certified officer of the roster."""

    id: BigSerial = BigSerial(primary_key=True)
    certificate = Varchar(length=40)
    name = Varchar(length=100)
    organisation = Varchar(length=200)
    area_codes_json = Text(default="[]")
    skills_json = Text(default="[]")
    status = Varchar(length=20)
    draw_limit = Integer(null=True, default=None)


class Recusal(Table, tablename="recusal"):
    """An inspector and an agency that must not meet; counts once a second person approved it."""

    id: BigSerial = BigSerial(primary_key=True)
    inspector = ForeignKey(Inspector, null=False, index=True, on_delete=OnDelete.restrict)
    agency = ForeignKey(Agency, null=False, index=True, on_delete=OnDelete.restrict)
    category = Varchar(length=60)
    reason = Text()
    proposed_by = ForeignKey(Person, null=True, index=True, on_delete=OnDelete.restrict)
    proposed_at = Timestamptz(null=False, default=None)
    approved_by = ForeignKey(Person, null=True, index=True, on_delete=OnDelete.restrict)
    approved_at = Timestamptz(null=True, default=None)
