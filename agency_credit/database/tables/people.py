"""People of the office, their logins, and what everybody did."""

from __future__ import annotations

from typing import Any

from piccolo.columns import (
    BigInt,
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
        help_text="of before there were seats; no longer read or written",
    )
    created_at = Timestamptz(null=False, default=None)
    password_at = Timestamptz(null=True, default=None)
    requires_totp = Boolean(default=False)


class AgencySeat(Table, tablename="agency_seat"):
    """A person's place at the desk of an agency, with a right (`domain.role.DeskRight`), until it ends."""

    id: BigSerial = BigSerial(primary_key=True)
    person = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    agency: ForeignKey[Any] = ForeignKey(
        LazyTableReference("Agency", module_path=_REGISTER),
        null=False,
        index=True,
        on_delete=OnDelete.restrict,
    )
    right = Varchar(length=20)
    given_by = Varchar(length=64, help_text="user name; of the operator too, who has no account")
    given_at = Timestamptz(null=False, default=None)
    ended_by = Varchar(length=64)
    ended_at = Timestamptz(null=True, default=None)


class ActivationCode(Table, tablename="activation_code"):
    """A code that gives whoever enters it a seat at the desk of an agency, once; only its digest is kept."""

    id: BigSerial = BigSerial(primary_key=True)
    agency: ForeignKey[Any] = ForeignKey(
        LazyTableReference("Agency", module_path=_REGISTER),
        null=False,
        index=True,
        on_delete=OnDelete.restrict,
    )
    origin = Varchar(length=20, help_text="office: by letter; desk: by a manager of the agency")
    right = Varchar(length=20)
    issued_for = Varchar(length=100, help_text="whom a manager means it for, as he calls the person")
    code_digest = Varchar(length=64)
    created_by = Varchar(length=64)
    created_at = Timestamptz(null=False, default=None)
    expires_at = Timestamptz(null=False, default=None)
    used_by = Varchar(length=64)
    used_at = Timestamptz(null=True, default=None)
    cancelled_by = Varchar(length=64)
    cancelled_at = Timestamptz(null=True, default=None)


class PersonRole(Table, tablename="person_role"):
    """A right of a person; rights that exclude each other are refused (`domain.role.find_conflict`)."""

    id: BigSerial = BigSerial(primary_key=True)
    person = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    role = Varchar(length=20)


class Invitation(Table, tablename="invitation"):
    """A code that opens an account once: its owner sets a password with it; only its digest is kept."""

    id: BigSerial = BigSerial(primary_key=True)
    person = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    code_digest = Varchar(length=64)
    created_by = Varchar(length=64, help_text="user name; of the operator too, who has no account")
    created_at = Timestamptz(null=False, default=None)
    expires_at = Timestamptz(null=False, default=None)
    closed_at = Timestamptz(null=True, default=None, help_text="used, or replaced by another")


class PersonTotp(Table, tablename="person_totp"):
    """The authenticator of a person (RFC 6238); its secret is sealed under a key outside the database."""

    id: BigSerial = BigSerial(primary_key=True)
    person = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    sealed_secret = Bytea(default=b"", secret=True)
    confirmed_at = Timestamptz(null=True, default=None)
    last_step = BigInt(help_text="of the last code that was taken; none of it or before is taken again")


class RecoveryCode(Table, tablename="recovery_code"):
    """Stands in for the authenticator once; only its digest is kept."""

    id: BigSerial = BigSerial(primary_key=True)
    person = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    code_digest = Varchar(length=64, secret=True)
    used_at = Timestamptz(null=True, default=None)


class PastPassword(Table, tablename="past_password"):
    """A password that a person had, for the rule that none of the last ones comes again."""

    id: BigSerial = BigSerial(primary_key=True)
    person = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    password_hash = Varchar(length=200, secret=True)
    at = Timestamptz(null=False, default=None)


class SecuritySetting(Table, tablename="security_setting"):
    """How strict logins are; the security administrator sets it."""

    id: BigSerial = BigSerial(primary_key=True)
    key = Varchar(length=60)
    value = Text()
    unit = Varchar(length=20)
    status = Varchar(length=20)
    source = Text()
    note = Text()


class Session(Table, tablename="session"):
    """A login; only the digest of its token is kept."""

    id: BigSerial = BigSerial(primary_key=True)
    token_hash = Varchar(length=64)
    csrf_token = Varchar(length=64, secret=True)
    person = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    created_at = Timestamptz(null=False, default=None)
    last_seen_at = Timestamptz(null=False, default=None)
    expires_at = Timestamptz(null=False, default=None)
    confirmed_at = Timestamptz(
        null=True, default=None, help_text="when the password was given last; null: at the login"
    )
    address = Varchar(length=64)
    agent = Varchar(length=200, help_text="what the browser calls itself")


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
    """Who did what, when, to what, and how it ended; appended, never changed.

    `chain` is the digest over the line and the `chain` of the one before; empty in lines of before there
    was a chain, which its first link covers (docs/adr/0027).
    """

    id: BigSerial = BigSerial(primary_key=True)
    at = Timestamptz(null=False, default=None)
    actor = Varchar(length=64)
    action = Varchar(length=60)
    subject = Varchar(length=200)
    outcome = Varchar(length=20)
    details_json = Text(default="{}")
    chain = Varchar(length=64)
