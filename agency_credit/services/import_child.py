"""A file of an office is read in a process of its own, which may take so much memory and time and no more.

The readers measure what they can before they unpack it; what a hostile file still does to a parser written
in C or Rust (one text that a million cells refer to, a loop, a crash) ends this process and nothing else.
It opens no file, gets no environment, and hands back rows as bytes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec

from agency_credit.domain.errors import InputError
from agency_credit.services.import_format import check_size, read_sheets
from agency_credit.services.import_sheets import CellValue, Sheet

MAX_MEMORY_BYTES = 1024**3
"""Address space of the child; the interpreter and its libraries take a tenth of it."""
MAX_CPU_SECONDS = 30
MAX_WALL_SECONDS = 60
MAX_ANSWER_BYTES = 200 * 1024**2

_PLAIN = (str, float, int, bool)
_MARKS: dict[type, int] = {datetime: 1, date: 2, time: 3, timedelta: 4}
_COMMAND = """
import sys
sys.path[:] = {paths!r}
from agency_credit.services.import_child import main
main({memory}, {cpu})
"""


def read_apart(name: str, content: bytes) -> tuple[Sheet, ...]:
    """`read_sheets` in a process of its own; blocks until it has ended or was ended.

    Raises
    ------
    InputError
        As `read_sheets` does; also where the file took too much memory or time, or broke the reader.
    """
    check_size(name, content)
    paths = [str(Path(__file__).parents[2]), *sys.path]
    code = _COMMAND.format(paths=paths, memory=MAX_MEMORY_BYTES, cpu=MAX_CPU_SECONDS)
    command = [sys.executable, "-I", "-S", "-c", code]
    sent = msgspec.msgpack.encode((name, content))
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter, our own code, no shell)
            command,
            input=sent,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=MAX_WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _too_heavy(name) from error
    if done.returncode:
        raise _too_heavy(name)
    answer = _decoder.decode(done.stdout)
    if answer.fault is not None:
        code, template, params = answer.fault
        raise InputError(code, template, **params)
    return tuple(_to_sheet(sheet) for sheet in answer.sheets)


def main(memory: int, cpu: int) -> None:
    """Read a file from standard input, write its sheets or what is wrong with it to standard output.

    Parameters
    ----------
    memory, cpu
        Bytes and seconds after which this process ends.
    """
    _limit_oneself(memory, cpu)
    name, content = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=tuple[str, bytes])
    try:
        sheets = [_from_sheet(sheet) for sheet in read_sheets(name, content)]
        answer = msgspec.msgpack.encode(_Answer(sheets=sheets))
        if len(answer) > MAX_ANSWER_BYTES:
            raise _too_heavy(name)
    except InputError as error:
        fault = (error.code, error.template, dict(error.params))
        answer = msgspec.msgpack.encode(_Answer(fault=fault))
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()


class _Parts(msgspec.Struct, array_like=True):
    """A sheet as it travels; `numbers` is empty where they count from 1."""

    name: str | None
    rows: list[list[Any]]
    numbers: list[int]
    formulas: list[tuple[int, int]]


class _Answer(msgspec.Struct):
    sheets: list[_Parts] = []
    fault: tuple[str, str, dict[str, str | int]] | None = None


def _limit_oneself(memory: int, cpu: int) -> None:
    import resource

    for which, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (limit, limit))


def _from_sheet(sheet: Sheet) -> _Parts:
    counted = isinstance(sheet.numbers, range)
    return _Parts(
        name=sheet.name,
        rows=[[cell if type(cell) in _PLAIN else _pack(cell) for cell in row] for row in sheet.rows],
        numbers=[] if counted else list(sheet.numbers),
        formulas=sorted(sheet.formulas),
    )


def _to_sheet(parts: _Parts) -> Sheet:
    return Sheet(
        name=parts.name,
        rows=parts.rows,
        numbers=parts.numbers or range(1, len(parts.rows) + 1),
        formulas=frozenset(parts.formulas),
    )


def _pack(cell: CellValue) -> msgspec.msgpack.Ext:
    text = str(cell.total_seconds()) if isinstance(cell, timedelta) else cell.isoformat()  # type: ignore[union-attr]
    return msgspec.msgpack.Ext(_MARKS[type(cell)], text.encode())


def _unpack(mark: int, data: memoryview) -> CellValue:
    text = bytes(data).decode()
    if mark == _MARKS[timedelta]:
        return timedelta(seconds=float(text))
    kinds: Sequence[type[datetime | date | time]] = (datetime, date, time)
    return kinds[mark - 1].fromisoformat(text)


_decoder = msgspec.msgpack.Decoder(_Answer, ext_hook=_unpack)


def _too_heavy(name: str) -> InputError:
    return InputError(
        "import.too-heavy",
        "{file} could not be read within {seconds} seconds and {megabytes} MB of memory; remove pictures, "
        "formats and other sheets, or copy the list into a new workbook, and import that",
        file=name,
        seconds=MAX_CPU_SECONDS,
        megabytes=MAX_MEMORY_BYTES // 1024**2,
    )
