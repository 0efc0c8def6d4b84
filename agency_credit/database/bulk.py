"""Many rows at once: Piccolo builds SQL for every row, which costs twenty times the insert itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from piccolo.table import Table

from agency_credit.database import piccolo_conf


async def append_rows(table: type[Table], rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows inside the caller's transaction, in their order.

    Parameters
    ----------
    rows
        Values by column, the same columns in each; a column that is left out takes its default.

    Raises
    ------
    ConflictError, RefusedError
        As for any insert; then the caller's transaction cannot be committed.
    """
    await _append(table, rows, "")


async def upsert_rows(
    table: type[Table], rows: Iterable[Mapping[str, Any]], key: Sequence[str], changing: Sequence[str]
) -> None:
    """Add rows inside the caller's transaction; where one with the same key is there, change it.

    Parameters
    ----------
    rows
        As for `append_rows`.
    key
        Columns of a unique index.
    changing
        Columns that a row that is there takes over.

    Raises
    ------
    ConflictError, RefusedError
        As for `append_rows`.
    """
    names = ", ".join(f'"{column}"' for column in key)
    wanted = ", ".join(f'"{column}" = excluded."{column}"' for column in changing)
    await _append(table, rows, f"ON CONFLICT ({names}) DO UPDATE SET {wanted}")


async def _append(table: type[Table], rows: Iterable[Mapping[str, Any]], otherwise: str) -> None:
    engine: Any = piccolo_conf.DB
    assert engine is not None, "connect() first"
    rows = list(rows)
    if not rows:
        return
    meta: Any = table._meta  # noqa: SLF001  (Piccolo names its columns nowhere else)
    columns = {column._meta.name: column for column in meta.columns}  # noqa: SLF001
    given = list(rows[0])
    missing = [name for name in columns if name not in (*given, "id")]
    defaults = tuple(columns[name].get_default_value() for name in missing)
    records = [(*(row[name] for name in given), *defaults) for row in rows]
    await engine.append_records(meta.tablename, [*given, *missing], records, otherwise)


async def append_records(table: str, columns: Sequence[str], records: Sequence[Sequence[Any]]) -> None:
    """Add rows with all their values, ids included, inside the caller's transaction.

    Parameters
    ----------
    table, columns
        Names of our own, never input.
    """
    engine: Any = piccolo_conf.DB
    assert engine is not None, "connect() first"
    await engine.append_records(table, columns, records)
