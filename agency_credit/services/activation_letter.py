"""The letter with an activation code, as PDF; in Chinese like all papers, its words are here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from agency_credit.domain.day import OFFICE_ZONE, day_in_china
from agency_credit.domain.errors import InputError
from agency_credit.domain.role import SECURITY_ADMINISTRATOR, Actor, DeskRight
from agency_credit.services.activation_codes import OFFICE, PAGE, NewCode, find_code
from agency_credit.services.agency_access import issue_codes
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.paper_press import draw_code, print_pages
from agency_credit.services.papers import Paper
from agency_credit.services.reference import load_parameter

_TITLE = "激活码通知书"


def activation_address(base: str, code: NewCode) -> str:
    """Where the code to scan leads: the page with credit code and code filled in."""
    return f"{base}{PAGE}?uscc={quote(code.uscc)}&code={quote(code.code)}"


async def print_letter(office: Office, actor: Actor, uscc: str, code: str, base: str) -> Paper:
    """The letter of the open code of an agency, by whoever still has the code before him.

    Parameters
    ----------
    base
        Where this service is reached, such as ``"http://10.1.2.3:8000"``; the code leads there.

    Raises
    ------
    InputError
        This is not the code that is open for the agency.
    """
    async with operation(office, actor, "activation.print", uscc, roles=SECURITY_ADMINISTRATOR) as op:
        row = await find_code(uscc, code)
        is_open = row["origin"] == OFFICE and row["used_at"] is None and row["cancelled_at"] is None
        if not is_open:
            raise InputError("activation.not-open", "this code is no longer open; issue a new one")
        letter = NewCode(
            uscc=uscc,
            agency=row["agency_name"],
            right=DeskRight(row["right"]),
            issued_for="",
            code=code,
            expires_at=row["expires_at"],
        )
    return await _print(actor, [letter], base, op.at, f"{uscc}-{_TITLE}.pdf")


async def issue_letters(office: Office, actor: Actor, usccs: Sequence[str], base: str) -> Paper:
    """New codes for several agencies, as one PDF with a letter for each; the codes stand nowhere else.

    Raises
    ------
    InputError, NotFoundError, RefusedError
        As `agency_credit.services.agency_access.issue_codes`.
    """
    codes = await issue_codes(office, actor, usccs)
    name = f"{_TITLE}-{len(codes)}.pdf"
    return await _print(actor, codes, base, office.now(), name)


async def _print(actor: Actor, codes: Sequence[NewCode], base: str, at: datetime, name: str) -> Paper:
    sender = (await load_parameter("office_name")).value or "主管部门"
    pages = [_page(code, sender, actor, base, at) for code in codes]
    content = await asyncio.to_thread(print_pages, "activation", _TITLE, sender, pages, at)
    return Paper(name=name, content=content)


def _page(code: NewCode, sender: str, actor: Actor, base: str, at: datetime) -> dict[str, Any]:
    return {
        "number": f"统一社会信用代码 {code.uscc}",
        "office": sender,
        "agency": code.agency,
        "uscc": code.uscc,
        "code": code.code,
        "until": _written_at(code.expires_at),
        "page": base + PAGE,
        "login": base + "/desk",
        "clerk": actor.display_name or actor.username,
        "date": _written(day_in_china(at)),
        "scan": asdict(draw_code("扫码激活", activation_address(base, code))),
    }


def _written(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _written_at(at: datetime) -> str:
    local = at.astimezone(OFFICE_ZONE)
    return f"{_written(local.date())}{local:%H:%M}"
