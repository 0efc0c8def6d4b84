"""Draws: the draft, then only things that are appended."""

from __future__ import annotations

from piccolo.columns import (
    BigInt,
    BigSerial,
    Bytea,
    ForeignKey,
    Integer,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from agency_credit.database.tables.people import Person
from agency_credit.database.tables.register import Inspector


class Draw(Table, tablename="draw"):
    """A draw under its public identifier; its draft can be changed until it is announced."""

    id: BigSerial = BigSerial(primary_key=True)
    draw = Varchar(length=64)
    title = Text()
    authority = Text()
    draft_json = Text()
    drafted_by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    drafted_at = Timestamptz(null=False, default=None)
    changed_at = Timestamptz(null=False, default=None)


class DraftSection(Table, tablename="draft_section"):
    """A section of a draft: how often it was saved, by whom last; nothing more once it is announced."""

    id: BigSerial = BigSerial(primary_key=True)
    draw = ForeignKey(Draw, null=False, index=True, on_delete=OnDelete.restrict)
    section = Varchar(length=20)
    version = Integer(default=1)
    saved_by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    saved_at = Timestamptz(null=False, default=None)


class DrawFile(Table, tablename="draw_file"):
    """A frozen file of a draw."""

    id: BigSerial = BigSerial(primary_key=True)
    draw = ForeignKey(Draw, null=False, index=True, on_delete=OnDelete.restrict)
    name = Varchar(length=40)
    content = Bytea(default=b"")
    digest = Varchar(length=64)


class DrawStep(Table, tablename="draw_step"):
    """A step of a draw, made once: announced, approved, drawn, published, named, voided."""

    id: BigSerial = BigSerial(primary_key=True)
    draw = ForeignKey(Draw, null=False, index=True, on_delete=OnDelete.restrict)
    step = Varchar(length=20)
    at = Timestamptz(null=False, default=None)
    by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    second_by = ForeignKey(Person, null=True, index=True, on_delete=OnDelete.restrict)
    reason_code = Varchar(length=30)
    reason = Text()
    log_index = BigInt(null=True, default=None)


class DrawVoidRequest(Table, tablename="draw_void_request"):
    """One person asks to void a draw; a second one confirms."""

    id: BigSerial = BigSerial(primary_key=True)
    draw = ForeignKey(Draw, null=False, index=True, on_delete=OnDelete.restrict)
    reason_code = Varchar(length=30)
    reason = Text()
    requested_by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    requested_at = Timestamptz(null=False, default=None)


class DrawValue(Table, tablename="draw_value"):
    """The value of a source as it was entered; a later row corrects an earlier one."""

    id: BigSerial = BigSerial(primary_key=True)
    draw = ForeignKey(Draw, null=False, index=True, on_delete=OnDelete.restrict)
    source = Integer()
    value = Text()
    entered_by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    entered_at = Timestamptz(null=False, default=None)


class DrawSecret(Table, tablename="draw_secret"):
    """A nonce of this office, sealed under a key outside the database."""

    id: BigSerial = BigSerial(primary_key=True)
    draw = ForeignKey(Draw, null=False, index=True, on_delete=OnDelete.restrict)
    source = Integer()
    sealed = Bytea(default=b"", secret=True)


class DrawPseudonym(Table, tablename="draw_pseudonym"):
    """The pseudonym of an inspector in a draw; its salt is sealed."""

    id: BigSerial = BigSerial(primary_key=True)
    draw = ForeignKey(Draw, null=False, index=True, on_delete=OnDelete.restrict)
    inspector = ForeignKey(Inspector, null=False, index=True, on_delete=OnDelete.restrict)
    pseudonym = Varchar(length=64)
    sealed_salt = Bytea(default=b"", secret=True)
