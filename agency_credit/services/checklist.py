"""The checklist of an inspection: the items of its draw that concern what the agency does."""

from __future__ import annotations

import json
from datetime import date

from agency_credit.database.tables import AgencyPractice, DrawFile, Inspection
from agency_credit.domain.record_form import FormLine
from agency_credit.services.items import Item, load_items


async def load_checklist(inspection: int, on: date) -> tuple[FormLine, ...]:
    """The lines to answer, unanswered; a form that was handed in keeps the words that it had.

    The plan of a draw names its items by title, which is what was announced. Items of lines of practice
    that the agency does not have stay out, unless nothing would be left.

    Parameters
    ----------
    on
        The day as of which the list of items reads.
    """
    row = (
        await Inspection.select(Inspection.agency, Inspection.draw).where(Inspection.id == inspection).first()
    )
    assert row is not None, "asked of an inspection that was just loaded"
    practices = await AgencyPractice.select(AgencyPractice.practice_line).where(
        AgencyPractice.agency == row["agency"]
    )
    does = {practice["practice_line"] for practice in practices}
    titles = await _load_titles(row["draw"])
    items = [item for item in await load_items(on) if not titles or item.title in titles]
    fitting = [item for item in items if item.practice_line in does] or items
    return tuple(line for item in fitting for line in _lines_of(item))


def _lines_of(item: Item) -> list[FormLine]:
    if not item.checklist:
        return [FormLine(code=item.code, title=item.title, basis=item.basis, answer="")]
    return [
        FormLine(code=f"{item.code}.{n}", title=point, basis=item.basis, answer="")
        for n, point in enumerate(item.checklist, start=1)
    ]


async def _load_titles(draw: int | None) -> set[str]:
    if draw is None:
        return set()
    file = await (
        DrawFile.select(DrawFile.content)
        .where((DrawFile.draw == draw) & (DrawFile.name == "plan.json"))
        .first()
    )
    return set(json.loads(file["content"])["items"]) if file else set()
