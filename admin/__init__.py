"""The regulators' back office at /admin: the console that runs a draw, and the reference tables."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler


def routers() -> list[ControllerRouterHandler]:
    """What the back office adds to the application; every handler declares its roles in `opt`."""
    from litestar import Router

    from admin.api import api_handlers
    from admin.reference import reference_handler

    return [
        Router(path="/", route_handlers=_pages(), include_in_schema=False),
        reference_handler(),
        *api_handlers(),
    ]


def _pages() -> list[ControllerRouterHandler]:
    """Handlers of the console's pages."""
    from admin import (
        agencies,
        alarms,
        ceremony,
        desk,
        draft,
        draws,
        import_runs,
        imports,
        inspections,
        list_templates,
        papers,
        people,
        records,
        rules,
        session,
        statistics,
    )

    return [
        session.show_login,
        session.log_in,
        session.log_out,
        desk.show_desk,
        desk.show_rating,
        desk.rate,
        desk.show_audit,
        statistics.show_statistics,
        *imports.PAGES,
        *import_runs.PAGES,
        *list_templates.PAGES,
        people.show_people,
        people.add_person,
        people.show_password,
        people.reset_password,
        people.show_recusals,
        people.approve,
        *draft.PAGES,
        *draws.PAGES,
        *ceremony.PAGES,
        *agencies.PAGES,
        *alarms.PAGES,
        *records.PAGES,
        *rules.PAGES,
        *inspections.PAGES,
        *papers.PAGES,
    ]
