"""People of the office, their logins, and what everybody did."""

from __future__ import annotations

from typing import Any

from piccolo.columns import (
    BigSerial,
    Boolean,
    Bytea,
    ForeignKey,
    Integer,
    LazyTableReference,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

_REGISTER = "agency_credit.database.tables.register"


class Person(Table, tablename="person"):
    """An account."""

    id: BigSerial = BigSerial(primary_key=True)
    username = Varchar(length=64)
    display_name = Varchar(length=100)
    password_hash = Text(secret=True)
    is_active = Boolean(default=True)
    inspector: ForeignKey[Any] = ForeignKey(
        LazyTableReference("Inspector", module_path=_REGISTER),
        null=True,
        index=True,
        on_delete=OnDelete.restrict,
    )
    agency: ForeignKey[Any] = ForeignKey(
        LazyTableReference("Agency", module_path=_REGISTER),
        null=True,
        index=True,
        on_delete=OnDelete.restrict,
    )
    created_at = Timestamptz(null=False, default=None)


class PersonRole(Table, tablename="person_role"):
    """A right of a person."""

    id: BigSerial = BigSerial(primary_key=True)
    person = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    role = Varchar(length=20)


class Session(Table, tablename="session"):
    """A login; only the digest of its token is kept."""

    id: BigSerial = BigSerial(primary_key=True)
    token_hash = Varchar(length=64)
    csrf_token = Varchar(length=64, secret=True)
    person = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    created_at = Timestamptz(null=False, default=None)
    last_seen_at = Timestamptz(null=False, default=None)
    expires_at = Timestamptz(null=False, default=None)


class LoginAttempt(Table, tablename="login_attempt"):
    """A try to log in, for the throttle."""

    id: BigSerial = BigSerial(primary_key=True)
    username = Varchar(length=64)
    address = Varchar(length=64)
    at = Timestamptz(null=False, default=None)
    succeeded = Boolean(default=False)


class IdempotentAnswer(Table, tablename="idempotent_answer"):
    """The answer to a request with an ``Idempotency-Key``; its status is 0 while there is none yet."""

    id: BigSerial = BigSerial(primary_key=True)
    person = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    key = Varchar(length=128)
    request = Varchar(length=64)
    status = Integer()
    content_type = Varchar(length=100)
    body = Bytea()
    at = Timestamptz(null=False, default=None)


class AuditLine(Table, tablename="audit_line"):
    """Who did what, when, to what, and how it ended; appended, never changed."""

    id: BigSerial = BigSerial(primary_key=True)
    at = Timestamptz(null=False, default=None)
    actor = Varchar(length=64)
    action = Varchar(length=60)
    subject = Varchar(length=200)
    outcome = Varchar(length=20)
    details_json = Text(default="{}")
