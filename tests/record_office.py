"""Offices for a model of records: one for some dozens of sequences, each with an agency of its own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agency_credit.database import transaction
from agency_credit.database.tables import (
    TABLES,
    Agency,
    AgencySeat,
    LogEntry,
)
from agency_credit.domain.role import Actor, DeskRight, Role, Seat
from agency_credit.domain.tier import RatingSubject
from agency_credit.publication.proof import parse_proof, verify_proof
from agency_credit.services.log import load_log_keys, load_proof
from agency_credit.services.objection_basis import OTHERS, OWN
from agency_credit.services.office import close_office, open_office
from agency_credit.services.people import load_actor
from agency_credit.services.rating_run import rate_all
from agency_credit.services.rule_book import load_rule_book
from tests import world as worlds
from tests.builders import add_agency, add_person
from tests.conftest import PACKS, Clock
from tests.databases import Databases

BLOCK = 50
"""Sequences of one office: a log that grows for ever would make the last ones slow."""
BEGIN = datetime(2031, 3, 3, 4, tzinfo=UTC)
"""So far ahead that only weekends are known to be free."""


class RecordOffices:
    """The offices of all sequences, one after the other, with the people who try things."""

    def __init__(self, databases: Databases, kind: str, folder: Path) -> None:
        self.databases, self.kind, self.folder = databases, kind, folder
        self.clock = Clock(BEGIN)
        self.office: Any = None
        self.n_sequences = 0
        self.people: dict[str, Actor] = {}
        self.empty_form: Any = None
        self.previous = 0
        self.forgotten: list[str] = []
        """Texts of records that were forgotten in the office of now."""

    async def begin_sequence(self) -> tuple[str, int]:
        """A new agency with people at its desk, on the next second of March at noon; code and number."""
        if self.n_sequences % BLOCK == 0:
            await self.end()
            await self._open()
        self.n_sequences += 1
        year = self.clock.now.year + 1
        self.clock.now = datetime(year, 3, 2, 4, tzinfo=UTC)
        await Agency.update({Agency.status: "cancelled"}).where(Agency.id == self.previous)
        code = worlds.uscc(self.n_sequences)
        number = self.previous = await add_agency(code, f"淄博模型{self.n_sequences}号知识产权代理有限公司")
        async with transaction():
            for name, right in (("clerk", DeskRight.CLERK), ("reader", DeskRight.READER)):
                await self._seat(name, number, code, right)
        await rate_all(self.office, self.people["drafter"])
        return code, number

    async def end(self) -> None:
        """Every proof of the office that ends; no table of it holds a text that was forgotten."""
        if self.office is None:
            return
        await self.check_proofs(None)
        for table in TABLES:
            stored = str(await table.select())
            assert not [text for text in self.forgotten if text in stored], table
        await close_office(self.office)
        self.office = None

    async def check_proofs(self, subject: str | None) -> None:
        """Of the last and of a middle entry about `subject`; None: of all entries of the log."""
        where = LogEntry.index >= 0 if subject is None else LogEntry.subject == subject
        rows = await LogEntry.select(LogEntry.index).where(where).order_by(LogEntry.index)
        indexes = [row["index"] for row in rows]
        keys = [key.signer.verifier for key in await load_log_keys(self.office)]
        for index in indexes if subject is None else {indexes[-1], indexes[len(indexes) // 2]}:
            proven = verify_proof(parse_proof(await load_proof(self.office, index)), keys)
            assert proven.index == index

    async def _open(self) -> None:
        folder = self.folder / str(self.n_sequences)
        self.clock.now = BEGIN
        fresh = await asyncio.to_thread(self.databases.fresh, self.kind, folder)
        office = await open_office(fresh, clock=self.clock, packs_folder=PACKS)
        self.office, self.previous, self.forgotten = office, 0, []
        roles = {
            "drafter": [Role.DRAFTER],
            "approver": [Role.APPROVER, Role.PUBLISHER],
            "deputy": [Role.DRAFTER, Role.APPROVER],
            "auditor": [Role.AUDIT],
            "clerk": [Role.AGENCY],
            "reader": [Role.AGENCY],
            "other": [Role.AGENCY],
        }
        for name, held in roles.items():
            await add_person(name, *held)
            actor = await load_actor(name)
            assert actor is not None
            self.people[name] = actor
        world = worlds.World(office, self.clock, self.people["drafter"], self.people["approver"], ())
        for key, days in ((OWN, 3), (OTHERS, 7)):
            await worlds.enter_value_of_profile(world, key, days)
        code = worlds.uscc(90_000_000)
        await self._seat("other", await add_agency(code, "淄博邻家专利代理事务所"), code, DeskRight.MANAGER)
        book = await load_rule_book(office)
        self.pack = book.pack_on(RatingSubject.PATENT_AGENCY, office.today())

    async def _seat(self, name: str, agency: int, code: str, right: DeskRight) -> None:
        actor = self.people[name]
        await AgencySeat.insert(
            AgencySeat(
                person=actor.person_id,
                agency=agency,
                right=right.value,
                given_by="operator",
                given_at=self.clock.now,
                ended_by="",
                ended_at=None,
            )
        )
        seat = Seat(agency_id=agency, uscc=code, name=code, right=right)
        self.people[name] = replace(actor, seats=(seat,))
