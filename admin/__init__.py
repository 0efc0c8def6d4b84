"""Behind a login: the regulators' back office at /admin, and the desk of an agency at /desk."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler


def routers() -> list[ControllerRouterHandler]:
    """What the back office adds to the application; every handler declares its roles in `opt`."""
    from litestar import Router

    from admin.api import api_handlers
    from admin.notices import note_unread
    from admin.reference import reference_handler

    return [
        Router(path="/", route_handlers=_pages(), include_in_schema=False, before_request=note_unread),
        reference_handler(),
        *api_handlers(),
    ]


def _pages() -> list[ControllerRouterHandler]:
    """Handlers of the console's pages."""
    from admin import (
        ceremony,
        changes,
        desk,
        draft,
        draws,
        field,
        import_runs,
        imports,
        inspections,
        items,
        leads,
        list_workbooks,
        notices,
        papers,
        people,
        plans,
        rules,
        statistics,
        teams,
    )
    from admin.agency import desk_pages

    return [
        *_account_pages(),
        *_credit_pages(),
        *desk_pages(),
        desk.show_desk,
        desk.show_rating,
        desk.rate,
        statistics.show_statistics,
        *imports.PAGES,
        *import_runs.PAGES,
        *list_workbooks.PAGES,
        people.show_people,
        people.add_person,
        people.show_recusals,
        people.approve,
        *draft.PAGES,
        *draws.PAGES,
        *ceremony.PAGES,
        *teams.PAGES,
        *rules.PAGES,
        *inspections.PAGES,
        *field.PAGES,
        *notices.PAGES,
        *papers.PAGES,
        *items.PAGES,
        *plans.PAGES,
        *leads.PAGES,
        *changes.PAGES,
    ]


def _credit_pages() -> list[ControllerRouterHandler]:
    """Agencies, their records, and what they ask about these."""
    from admin import agencies, alarms, objections, records, repairs, replies

    return [*agencies.PAGES, *alarms.PAGES, *objections.PAGES, *records.PAGES, *repairs.PAGES, *replies.PAGES]


def _account_pages() -> list[ControllerRouterHandler]:
    """Logins, accounts, how strict they are, and what everybody did."""
    from admin import account, activation, archive, audit, invitation, person, security, session

    return [
        *session.PAGES,
        *invitation.PAGES,
        *account.PAGES,
        *person.PAGES,
        *activation.PAGES,
        *security.PAGES,
        *archive.PAGES,
        *audit.PAGES,
    ]
