"""Constraints that hold on both databases, for migrations.

Piccolo's own `Unique` and `Check` cannot be created on SQLite, and neither database knows append-only
tables (docs/adr/0011). Names are those of tables and columns in our own code, never input.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from piccolo.engine.base import Engine
from piccolo.engine.finder import engine_finder


async def unique(table: str, *columns: str) -> None:
    """At most one row with the same values in `columns`."""
    names = ", ".join(f'"{column}"' for column in columns)
    await _run(f'CREATE UNIQUE INDEX "{_name(table, *columns)}_unique" ON "{table}" ({names})')


async def index(table: str, *columns: str) -> None:
    """An index over several columns."""
    names = ", ".join(f'"{column}"' for column in columns)
    await _run(f'CREATE INDEX "{_name(table, *columns)}_index" ON "{table}" ({names})')


async def check(table: str, name: str, condition: str) -> None:
    """Every row meets `condition`.

    Parameters
    ----------
    condition
        SQL over columns of the row, each in double quotes; what comes to NULL holds, as in the standard.
    """
    if _is_server():
        await _run(f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_{name}_check" CHECK ({condition})')
        return
    on_new = re.sub(r'"(\w+)"', r'NEW."\1"', condition)
    for event in ("INSERT", "UPDATE"):
        await _run(
            f'CREATE TRIGGER "{table}_{name}_check_{event.lower()}" BEFORE {event} ON "{table}" '
            f"WHEN NOT ({on_new}) BEGIN SELECT RAISE(ABORT, '{table}.{name} check failed'); END"
        )


async def one_of(table: str, column: str, *values: str) -> None:
    """`column` holds one of `values`."""
    listed = ", ".join(f"'{value}'" for value in values)
    await check(table, column, f'"{column}" IN ({listed})')


async def drop_one_of(table: str, column: str) -> None:
    """`column` may hold any word again: the next `one_of` says which."""
    if _is_server():
        await _run(f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_{column}_check"')
    else:
        for event in ("insert", "update"):
            await _run(f'DROP TRIGGER "{table}_{column}_check_{event}"')


async def allow_null(table: str, column: str) -> None:
    """`column` may be empty from now on.

    SQLite knows no statement for it, and a table to which others refer cannot be made anew inside a
    transaction. Nothing on the disk changes but the text of the schema, which its manual lets one rewrite
    (https://www.sqlite.org/lang_altertable.html, section 7).
    """
    if _is_server():
        await _run(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" DROP NOT NULL')
        return
    rows = await _run(f"SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '{table}'")  # noqa: S608
    before = rows[0]["sql"]
    after, n_changed = re.subn(rf'("{column}" [^,]*?) NOT NULL', r"\1", before, count=1)
    if n_changed != 1:
        raise ValueError(f"{table}.{column} is not NOT NULL in {before}")
    version = (await _run("PRAGMA schema_version"))[0]["schema_version"]
    await _run("PRAGMA writable_schema = ON")
    quoted = after.replace("'", "''")
    await _run(f"UPDATE sqlite_schema SET sql = '{quoted}' WHERE type = 'table' AND name = '{table}'")  # noqa: S608
    await _run(f"PRAGMA schema_version = {version + 1}")
    await _run("PRAGMA writable_schema = OFF")


async def limit_lengths(table: str) -> None:
    """No text is longer than its column declares, which PostgreSQL holds by itself and SQLite does not."""
    if _is_server():
        return
    columns = await _run(f"SELECT name, type FROM pragma_table_info('{table}')")  # noqa: S608  (a name of ours)
    limits = [
        f'length("{column["name"]}") <= {found[1]}'
        for column in columns
        if (found := re.fullmatch(r"VARCHAR\((\d+)\)", column["type"]))
    ]
    if limits:
        await check(table, "length", " AND ".join(limits))


async def append_only(table: str) -> None:
    """Rows are only ever added: no change, no removal, no emptying, no replacing."""
    for event in ("UPDATE", "DELETE"):
        await refuse(table, event, "append_only", f"{table} is append-only")
    if _is_server():
        await _run(
            f'CREATE TRIGGER "{table}_append_only_truncate" BEFORE TRUNCATE ON "{table}" '
            f'FOR EACH STATEMENT EXECUTE FUNCTION "{table}_append_only_delete_refused"()'
        )


async def refuse_emptying(table: str, message: str) -> None:
    """Refuse TRUNCATE, which asks no trigger of a row; SQLite has no such statement."""
    if not _is_server():
        return
    trigger = f"{table}_emptying"
    await _run(
        f'CREATE FUNCTION "{trigger}_refused"() RETURNS trigger LANGUAGE plpgsql AS '
        f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$"
    )
    await _run(
        f'CREATE TRIGGER "{trigger}" BEFORE TRUNCATE ON "{table}" '
        f'FOR EACH STATEMENT EXECUTE FUNCTION "{trigger}_refused"()'
    )


async def refuse(table: str, event: str, name: str, message: str, *, when: str | None = None) -> None:
    """Refuse `event` (INSERT, UPDATE, DELETE) on a row.

    Parameters
    ----------
    when
        SQL over ``OLD``, for INSERT over ``NEW``; None: always.
    """
    trigger = f"{table}_{name}_{event.lower()}"
    if not _is_server():
        condition = f"WHEN {when} " if when else ""
        await _run(
            f'CREATE TRIGGER "{trigger}" BEFORE {event} ON "{table}" {condition}'
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    raised = f"RAISE EXCEPTION '{message}';"
    body = f"IF {when} THEN {raised} END IF; RETURN COALESCE(NEW, OLD);" if when else raised
    await _run(
        f'CREATE FUNCTION "{trigger}_refused"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$'
    )
    await _run(
        f'CREATE TRIGGER "{trigger}" BEFORE {event} ON "{table}" '
        f'FOR EACH ROW EXECUTE FUNCTION "{trigger}_refused"()'
    )


async def unless_sealed(
    table: str, *, blanks: Sequence[Mapping[str, str]] = (), is_deleted: bool = False
) -> None:
    """An append-only table lets go of rows that stand in ``sealed_place``, and of no other.

    Parameters
    ----------
    blanks
        Sets of columns, with the SQL behind the name that says what each becomes, such as ``= ''``; all of
        one set at once, the other columns staying as they are. Empty: nothing may be changed.
    is_deleted
        Whether such a row may be deleted.
    """
    listed = f'EXISTS (SELECT 1 FROM "sealed_place" WHERE "place" = \'{table}\' AND "row" = OLD."id")'  # noqa: S608
    ways = [f"({await _becomes(table, blank)})" for blank in blanks]
    events = {"UPDATE": f"{listed} AND ({' OR '.join(ways)})"} if blanks else {}
    events |= {"DELETE": listed} if is_deleted else {}
    for event, allowed in events.items():
        drop = f'DROP TRIGGER "{table}_append_only_{event.lower()}"'
        await _run(f'{drop} ON "{table}"' if _is_server() else drop)
        name = "unless_sealed" if _is_server() else "append_only"  # the function of that name goes on there
        await refuse(table, event, name, f"{table} is append-only", when=f"NOT ({allowed})")


async def _becomes(table: str, blank: Mapping[str, str]) -> str:
    """SQL: the columns of `blank` become what it says, all others stay."""
    if _is_server():
        names = await _run(
            "SELECT column_name AS name FROM information_schema.columns"  # noqa: S608  (a name of ours)
            f" WHERE table_name = '{table}' AND table_schema = current_schema()"
        )
    else:
        names = await _run(f"SELECT name FROM pragma_table_info('{table}')")  # noqa: S608  (a name of ours)
    kept = {row["name"]: f'IS NOT DISTINCT FROM OLD."{row["name"]}"' for row in names}
    return " AND ".join(f'NEW."{name}" {rule}' for name, rule in sorted((kept | dict(blank)).items()))


async def freeze_parent(table: str, parent: str) -> None:
    """Adding a row locks the row of `parent` against change until the end of the transaction.

    Else a change that began before the row was committed would not see it, and pass a rule that asks for
    such rows. SQLite has one writer at a time, so that the question does not come up.
    """
    if not _is_server():
        return
    name = f"{table}_freezes_{parent}"
    await _run(
        f'CREATE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS '
        f'$$ BEGIN PERFORM 1 FROM "{parent}" WHERE "id" = NEW."{parent}" FOR SHARE; RETURN NEW; END $$'
    )
    await _run(f'CREATE TRIGGER "{name}" BEFORE INSERT ON "{table}" FOR EACH ROW EXECUTE FUNCTION "{name}"()')


def _name(*parts: str) -> str:
    return "_".join(parts)[:50]


def _engine() -> Engine[Any]:
    engine = engine_finder()
    assert engine is not None
    return engine


def _is_server() -> bool:
    return _engine().engine_type == "postgres"


async def _run(statement: str) -> Any:
    return await _engine().run_ddl(statement)
