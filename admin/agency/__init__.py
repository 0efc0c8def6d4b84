"""The agency's desk at /desk: its own file, its ways to object, to ask for repair and to reply."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler


def desk_pages() -> list[ControllerRouterHandler]:
    """Handlers of the desk's pages, a file a page."""
    from admin.agency import (
        activate,
        draws,
        export,
        home,
        inspections,
        messages,
        objections,
        outlook,
        people,
        practitioners,
        records,
        repairs,
        replies,
        statements,
    )

    return [
        *activate.PAGES,
        *draws.PAGES,
        *export.PAGES,
        *home.PAGES,
        *inspections.PAGES,
        *messages.PAGES,
        *objections.PAGES,
        *outlook.PAGES,
        *people.PAGES,
        *practitioners.PAGES,
        *records.PAGES,
        *repairs.PAGES,
        *replies.PAGES,
        *statements.PAGES,
    ]
