"""Cases that agencies open about their records: objections and applications for repair.

What happened (`CreditCase`, `CaseStep`) is only ever added to. What people wrote and sent (`CaseText`,
`CaseFile`, `CaseFileContent`) is never changed either, but stands apart, so that it can be forgotten.
"""

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

from agency_credit.database.tables.people import Person
from agency_credit.database.tables.register import Agency


class CreditCase(Table, tablename="credit_case"):
    """An objection or an application for repair, about one record.

    `record` is the number of the record and no foreign key: a repaired record is removed later, what was
    decided about it is not. `attempt` counts the cases of one kind about one record, so that of two opened
    at once one is refused.
    """

    id: BigSerial = BigSerial(primary_key=True)
    kind = Varchar(length=20)
    agency = ForeignKey(Agency, null=False, index=True, on_delete=OnDelete.restrict)
    record = BigInt()
    attempt = Integer()
    commitment = Varchar(length=64, help_text="of the record when the case was opened")
    opened_by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    opened_at = Timestamptz(null=False, default=None)


class CaseStep(Table, tablename="case_step"):
    """A step of a case, in facts alone: what was said stands in `CaseText`.

    `sequence` counts the steps of a case from 1, so that of two steps at once one is refused. `closes`: the
    case is over with this step; a case is closed once.
    """

    id: BigSerial = BigSerial(primary_key=True)
    case = ForeignKey(CreditCase, null=False, index=True, on_delete=OnDelete.restrict)
    sequence = Integer()
    step = Varchar(length=20)
    closes = Boolean()
    by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    at = Timestamptz(null=False, default=None)
    due_on = Date(null=True, default=None)
    details_json = Text(default="{}")
    log_index = BigInt(null=True, default=None)


class CaseText(Table, tablename="case_text"):
    """What was said with a step: grounds, reasons."""

    id: BigSerial = BigSerial(primary_key=True)
    step = ForeignKey(CaseStep, null=False, index=True, on_delete=OnDelete.restrict)
    text = Text()


class CaseFile(Table, tablename="case_file"):
    """A file sent with a step, by the digest of what is kept; the same bytes once in a case."""

    id: BigSerial = BigSerial(primary_key=True)
    case = ForeignKey(CreditCase, null=False, index=True, on_delete=OnDelete.restrict)
    step = ForeignKey(CaseStep, null=False, index=True, on_delete=OnDelete.restrict)
    digest = Varchar(length=64)
    name = Varchar(length=120)
    media_type = Varchar(length=40)
    n_bytes = Integer()


class CaseFileContent(Table, tablename="case_file_content"):
    """The bytes of a file, apart so that a list of files does not carry them."""

    id: BigSerial = BigSerial(primary_key=True)
    file = ForeignKey(CaseFile, null=False, index=True, on_delete=OnDelete.restrict)
    content = Bytea()
