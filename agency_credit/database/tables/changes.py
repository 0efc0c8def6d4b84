"""Changes that one person proposes and another decides: rules and records."""

from __future__ import annotations

from piccolo.columns import (
    BigInt,
    BigSerial,
    Boolean,
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


class ChangeRequest(Table, tablename="change_request"):
    """A proposed change; appended, never changed."""

    id: BigSerial = BigSerial(primary_key=True)
    kind = Varchar(length=20)
    subject = Varchar(length=200, help_text="id of the rule file, commitment of the record")
    based_on = Integer(help_text="number of what the proposer looked at; another since then is a conflict")
    payload_json = Text(default="{}")
    applies_from = Date(null=True, default=None)
    is_correction = Boolean(default=False)
    reason = Text()
    proposed_by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    proposed_at = Timestamptz(null=False, default=None)


class ChangeDecision(Table, tablename="change_decision"):
    """What became of a proposed change; never decided by who proposed it, who may only take it back."""

    id: BigSerial = BigSerial(primary_key=True)
    request = ForeignKey(ChangeRequest, null=False, index=True, on_delete=OnDelete.restrict)
    verdict = Varchar(length=20)
    reason = Text()
    by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    at = Timestamptz(null=False, default=None)


class RuleVersion(Table, tablename="rule_version"):
    """A step in the history of a rule file: a whole file, or values of clauses (docs/spec/rule-pack.md)."""

    id: BigSerial = BigSerial(primary_key=True)
    instrument = Varchar(length=60)
    number = Integer()
    kind = Varchar(length=10)
    content = Text()
    applies_from = Date(null=False, default=None)
    origin = Varchar(length=10)
    known_at = Timestamptz(null=False, default=None)
    change = ForeignKey(ChangeRequest, null=True, index=True, on_delete=OnDelete.restrict)
    log_index = BigInt(null=True, default=None)
