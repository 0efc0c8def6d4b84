"""The public log (docs/spec/log.md)."""

from __future__ import annotations

from piccolo.columns import BigInt, BigSerial, Bytea, Text, Timestamptz, Varchar
from piccolo.table import Table


class LogEntry(Table, tablename="log_entry"):
    """An entry; its bytes are what the tree commits to."""

    id: BigSerial = BigSerial(primary_key=True)
    index = BigInt()
    at = Timestamptz(null=False, default=None)
    type = Varchar(length=40)
    subject = Varchar(length=200)
    entry = Bytea(default=b"")
    leaf_hash = Bytea(default=b"")


class LogBody(Table, tablename="log_body"):
    """Body and salt of an entry that only commits to its body; deleted when it must be forgotten."""

    id: BigSerial = BigSerial(primary_key=True)
    log_index = BigInt()
    body_json = Text()
    salt = Bytea(default=b"")


class Checkpoint(Table, tablename="checkpoint"):
    """A signed head of the log."""

    id: BigSerial = BigSerial(primary_key=True)
    size = BigInt()
    root = Varchar(length=64)
    note = Text()
    signed_at = Timestamptz(null=False, default=None)
