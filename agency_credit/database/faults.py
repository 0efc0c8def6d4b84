"""What the databases complain about, in our own error tree; one mapping for both."""

from __future__ import annotations

import sqlite3

import asyncpg

from agency_credit.domain.errors import AgencyCreditError, ConflictError, RefusedError, UnavailableError


def describe_sqlite_error(error: Exception) -> AgencyCreditError | None:
    """The error of ours for one of SQLite's; None where it is a fault in our own code."""
    if isinstance(error, (OverflowError, UnicodeEncodeError)):  # a value that no column can hold
        return _broken(str(error))
    code = getattr(error, "sqlite_errorcode", 0)
    primary = code & 0xFF
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return _locked()
    if primary == sqlite3.SQLITE_FULL:
        return _full()
    if primary in _UNUSABLE_FILE:
        return _unusable(str(error))
    if code in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY):
        return _exists(str(error))
    if isinstance(error, sqlite3.IntegrityError):
        return _broken(str(error))
    return None


def describe_server_error(error: Exception) -> AgencyCreditError | None:
    """The error of ours for one of PostgreSQL's; None where it is a fault in our own code."""
    if isinstance(error, asyncpg.UniqueViolationError):
        return _exists(error.constraint_name or "")
    if isinstance(error, _BROKEN):
        return _broken(error.args[0])
    if isinstance(error, (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)):
        return _locked()
    if isinstance(error, asyncpg.DiskFullError):
        return _full()
    if isinstance(error, TimeoutError):
        return _late()
    if isinstance(error, _UNUSABLE_SERVER):
        return _unusable(str(error))
    return None


_BROKEN = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.RaiseError)
_UNUSABLE_FILE = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_READONLY,
)
_UNUSABLE_SERVER = (
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
)


def _locked() -> AgencyCreditError:
    return UnavailableError(
        "database.locked", "the database is locked by another process; nothing was changed, try again"
    )


def _late() -> AgencyCreditError:
    return UnavailableError(
        "database.late", "the database did not answer in time; nothing was changed, try again"
    )


def _full() -> AgencyCreditError:
    return UnavailableError(
        "database.full", "the disk of the database is full; nothing was changed, make room and try again"
    )


def _unusable(reason: str) -> AgencyCreditError:
    return UnavailableError(
        "database.unusable",
        "the database cannot be used ({reason}); check its folder or address and try again",
        reason=reason,
    )


def _exists(what: str) -> AgencyCreditError:
    return ConflictError(
        "database.exists", "somebody else has done this already ({what}); load the page again", what=what
    )


def _broken(what: str) -> AgencyCreditError:
    return RefusedError("database.rule", "the database refuses this ({what}); nothing was changed", what=what)
