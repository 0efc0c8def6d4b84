"""Accounts as lists and pages show them: those of the office, and those of the people of agencies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from piccolo.columns.combination import WhereRaw

from agency_credit.database.tables import Person, PersonRole
from agency_credit.domain.errors import NotFoundError
from agency_credit.domain.role import Role, Seat
from agency_credit.services.agency_seats import load_seats_of
from agency_credit.services.register_search import like_patterns

PAGE_SIZE = 100
KINDS = ("office", "agency")
_LIKE = (
    "(lower(person.username) LIKE {} ESCAPE '!' OR lower(person.display_name) LIKE {} ESCAPE '!'"
    " OR EXISTS (SELECT 1 FROM agency_seat s JOIN agency a ON a.id = s.agency WHERE s.person = person.id"
    " AND s.ended_at IS NULL AND (a.search_text LIKE {} ESCAPE '!' OR lower(a.uscc) LIKE {} ESCAPE '!')))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as a list shows it; `roles`: their names, in order."""

    person: int
    username: str
    name: str
    roles: tuple[str, ...]
    is_active: bool

    @property
    def is_of_agency(self) -> bool:
        """Whether it belongs to a person of an agency."""
        return Role.AGENCY in self.roles


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """A page of accounts by user name; `after` asks for the next one, None at the end."""

    items: tuple[Account, ...]
    after: str | None


async def load_people() -> list[dict[str, object]]:
    """All accounts with their roles, by user name, for the command line."""
    rows = await Person.select(Person.id, Person.username, Person.display_name, Person.is_active).order_by(
        Person.username
    )
    return [
        {
            "username": account.username,
            "name": account.name,
            "roles": " ".join(account.roles),
            "active": account.is_active,
        }
        for account in _accounts(rows, await PersonRole.select(PersonRole.person, PersonRole.role))
    ]


async def search_accounts(
    *, q: str = "", kind: str = "", after: str = "", limit: int = PAGE_SIZE
) -> AccountPage:
    """Accounts by user name.

    Parameters
    ----------
    q
        Words that all occur in user name, name, or the name or code of an agency where the person sits.
    kind
        Only those of the ``office`` or of an ``agency``; anything else: all.
    after
        The last user name of the page before.
    """
    query = Person.select(Person.id, Person.username, Person.display_name, Person.is_active)
    of_agencies = PersonRole.select(PersonRole.person).where(PersonRole.role == Role.AGENCY.value)
    if kind in KINDS:
        number: Any = Person.id
        query = query.where(number.is_in(of_agencies) if kind == "agency" else number.not_in(of_agencies))
    for pattern in like_patterns(q[:64]):
        query = query.where(WhereRaw(_LIKE, pattern, pattern, pattern, pattern))
    if after and after.isprintable():
        query = query.where(Person.username > after[:64])
    rows = await query.order_by(Person.username).limit(limit + 1)
    found = rows[:limit]
    ids = [row["id"] for row in found] or [0]
    roles = await PersonRole.select(PersonRole.person, PersonRole.role).where(PersonRole.person.is_in(ids))
    items = _accounts(found, roles)
    return AccountPage(items=items, after=items[-1].username if len(rows) > limit else None)


async def load_account(username: str) -> tuple[Account, tuple[Seat, ...]]:
    """One account, and the desks at which its person sits; raises NotFoundError."""
    rows = await Person.select(Person.id, Person.username, Person.display_name, Person.is_active).where(
        Person.username == username
    )
    if not rows:
        raise NotFoundError("person.unknown", "there is no person {username}", username=username)
    number = rows[0]["id"]
    roles = await PersonRole.select(PersonRole.person, PersonRole.role).where(PersonRole.person == number)
    (account,) = _accounts(rows, roles)
    return account, await load_seats_of(number)


def _accounts(rows: Sequence[dict[str, Any]], roles: Sequence[dict[str, Any]]) -> tuple[Account, ...]:
    of_person: defaultdict[int, list[str]] = defaultdict(list)
    for role in roles:
        of_person[role["person"]].append(role["role"])
    return tuple(
        Account(
            person=row["id"],
            username=row["username"],
            name=row["display_name"],
            roles=tuple(sorted(of_person[row["id"]])),
            is_active=row["is_active"],
        )
        for row in rows
    )
