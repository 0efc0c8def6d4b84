"""Whose a transaction is: a task's, and nobody else's.

A task that is started inside a transaction inherits it through its context, and would write into it,
beside its owner, or after it has ended. Both databases refuse that with the same words.
"""

from __future__ import annotations

import asyncio
from typing import Any


class Ownership:
    """The task that opened a transaction, from begin to end.

    Raises
    ------
    RuntimeError
        By `check`, in every other task; and in the task itself once the transaction has ended.
    """

    __slots__ = ("_is_open", "_task")

    def __init__(self) -> None:
        self._task: asyncio.Task[Any] | None = asyncio.current_task()
        self._is_open = True

    def check(self) -> None:
        """Refuse a task that was started inside the transaction but runs beside or after it."""
        if not self._is_open:
            raise RuntimeError("this task was started inside a transaction that has ended; start it after")
        if self._task is not asyncio.current_task():
            raise RuntimeError("a transaction belongs to one task; await its queries one after another")

    def end(self) -> None:
        """The transaction is over, whoever still holds on to it."""
        self._is_open = False


def refuse_nesting() -> RuntimeError:
    """Neither database nests: an inner failure would stay in the outer commit."""
    return RuntimeError("a transaction is open already in this task; transactions do not nest")
