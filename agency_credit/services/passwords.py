"""Passwords: hashed off the event loop, and refused where they are guessed first.

What is asked of them (length, classes, age, history) are settings; what nobody may choose is a list that
ships with the program.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from agency_credit.database.tables import PastPassword, Person
from agency_credit.domain.errors import InputError
from agency_credit.services.reference import load_parameter
from agency_credit.services.security_settings import SecuritySettings

MAX_PASSWORD = 200
"""Characters: hashing a novel would keep the machine busy for whoever sends one."""
_MIN_DISTINCT = 5
_MOST_AROUND = 20
_hasher = PasswordHasher()


async def hash_password(password: str) -> str:
    """Its argon2id hash, made in a thread."""
    return await asyncio.to_thread(_hasher.hash, password)


async def matches(hashed: str | None, password: str) -> bool:
    """Whether `password` has this hash; takes the same time where there is none (None or empty)."""
    return await asyncio.to_thread(_matches, hashed, password)


async def check_password(password: str, username: str, settings: SecuritySettings) -> None:
    """Refuse a password that is short, uniform or guessed first.

    Raises
    ------
    InputError
        With what is wrong with it, never the password itself.
    """
    least = settings.password_min_length
    if not least <= len(password) <= MAX_PASSWORD or password.casefold() == username.casefold():
        raise InputError(
            "person.password", "a password has at least {n} characters and is not the user name", n=least
        )
    office_name = (await load_parameter("office_name")).value
    if is_guessable(password, [username, office_name]):
        raise InputError(
            "person.password-common",
            "many people choose this password, or it is digits only, or little more than the name of the user"
            " or the office; think of several words that do not belong together",
        )
    if count_classes(password) < settings.password_classes:
        raise InputError(
            "person.password-classes",
            "a password here holds at least {n} of these: lower case, upper case, digits, others",
            n=settings.password_classes,
        )


async def refuse_reuse(person: int, current: str, password: str, settings: SecuritySettings) -> None:
    """Refuse one of the last passwords of the person, the present one included, where the settings say so.

    Raises
    ------
    InputError
        It was used before.
    """
    if not settings.password_history:
        return
    rows = await (
        PastPassword.select(PastPassword.password_hash)
        .where(PastPassword.person == person)
        .order_by(PastPassword.id, ascending=False)
        .limit(settings.password_history)
    )
    for hashed in {current, *(row["password_hash"] for row in rows)} - {""}:
        if await matches(hashed, password):
            raise InputError(
                "person.password-used",
                "this is one of your last {n} passwords; choose another",
                n=settings.password_history,
            )


async def store_password(person: int, hashed: str, at: datetime, settings: SecuritySettings) -> None:
    """Set the hash inside the caller's transaction; earlier ones are kept only where they are asked for."""
    await Person.update({Person.password_hash: hashed, Person.password_at: at}).where(Person.id == person)
    if not settings.password_history:
        await PastPassword.delete().where(PastPassword.person == person)
        return
    await PastPassword.insert(PastPassword(person=person, password_hash=hashed, at=at))
    kept = (
        PastPassword.select(PastPassword.id)
        .where(PastPassword.person == person)
        .order_by(PastPassword.id, ascending=False)
        .limit(settings.password_history)
    )
    await PastPassword.delete().where((PastPassword.person == person) & PastPassword.id.not_in(kept))


def is_guessable(password: str, names: Iterable[str]) -> bool:
    """Whether a guesser tries it early: a common one, digits only, few characters, names of the place."""
    plain = password.casefold()
    stem = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    if not stem or len(set(plain)) < _MIN_DISTINCT:
        return True
    if any(inner in load_common() for inner in _cores(plain)):
        return True
    known = [name.casefold() for name in names if len(name) >= 3]
    return any(name in plain and len(plain) - len(name) < 6 for name in known)


def _cores(plain: str) -> Iterator[str]:
    """`plain` with less and less of the digits and signs around it, down to its letters."""
    around = re.match(r"^([\W\d_]*)(.*?)([\W\d_]*)$", plain, re.DOTALL)
    assert around is not None, "every text is of this form"
    before, after = min(len(around[1]), _MOST_AROUND), min(len(around[3]), _MOST_AROUND)
    for start in range(before + 1):
        for end in range(after + 1):
            yield plain[start : len(plain) - end]


def count_classes(password: str) -> int:
    """How many of lower case, upper case, digits and others it holds; a Chinese character is another."""
    kinds = {
        "lower" if c.islower() else "upper" if c.isupper() else "digit" if c.isdigit() else "other"
        for c in password
    }
    return len(kinds)


@cache
def load_common() -> frozenset[str]:
    """The common passwords that ship, in lower case."""
    text = files("agency_credit.services").joinpath("reference_data/common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def _matches(hashed: str | None, password: str) -> bool:
    try:
        return _hasher.verify(hashed or _unknown_hash(), password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _unknown_hash() -> str:
    return _hasher.hash("nobody has this password; an unknown name takes as long as a known one")
