"""The application: `create_app` puts the pages, the API and the back office on an open office."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from litestar import Litestar
from litestar.di import Provide

from agency_credit.services.daily import keep_days
from agency_credit.services.office import Office, close_office, open_office
from agency_credit.settings import Settings
from agency_credit.web.access import check_access
from agency_credit.web.dependencies import (
    provide_actor,
    provide_label,
    provide_language,
    provide_office,
    provide_tell,
)
from agency_credit.web.gate import OutgoingGate
from agency_credit.web.openapi import openapi_config
from agency_credit.web.outermost import wrap_application
from agency_credit.web.problems import EXCEPTION_HANDLERS
from agency_credit.web.routes import public_routers
from agency_credit.web.templating import template_config


def create_app(source: Settings | Office) -> Litestar:
    """The whole service.

    Parameters
    ----------
    source
        Settings: the office is opened at start and closed at the end. An open office (tests, the
        demo): it is used as it is and stays open.
    """
    from admin import routers as admin_routers  # late: the console stands beside this package, not below it

    @asynccontextmanager
    async def keep_office(app: Litestar) -> AsyncIterator[None]:
        if isinstance(source, Office):
            yield
            return
        app.state.office = office = await open_office(source)
        daily = asyncio.create_task(keep_days(office))
        try:
            yield
        finally:
            daily.cancel()
            with suppress(asyncio.CancelledError):
                await daily
            await close_office(office)

    app = Litestar(
        route_handlers=[*public_routers(), *admin_routers()],
        lifespan=[keep_office],
        guards=[check_access],
        dependencies={
            "office": Provide(provide_office, sync_to_thread=False),
            "actor": Provide(provide_actor, sync_to_thread=False),
            "language": Provide(provide_language, sync_to_thread=False),
            "label": Provide(provide_label, sync_to_thread=False),
            "tell": Provide(provide_tell, sync_to_thread=False),
        },
        exception_handlers=EXCEPTION_HANDLERS,
        logging_config=None,  # what is logged, and where to, is for whoever runs it (web/log_lines.py)
        template_config=template_config(),
        openapi_config=openapi_config(),
    )
    if isinstance(source, Office):
        app.state.office = source
    app.asgi_handler = wrap_application(OutgoingGate(app.asgi_handler))
    return app
