"""OpenAPI at /api/v1/openapi.json; the pages for people are not part of it."""

from __future__ import annotations

from importlib.metadata import version

from litestar import MediaType, Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin


def openapi_config() -> OpenAPIConfig:
    """The description of the API as JSON alone: no docs page that loads from elsewhere."""
    return OpenAPIConfig(
        title="agency-credit",
        version=version("agency-credit"),
        summary="Credit files and verifiable double-random inspections of patent and trademark agencies",
        # A router of its own path: Litestar adds a page for everything that is missing below it.
        openapi_router=Router(
            path="/api/v1/openapi.json", route_handlers=[], opt={"public": True}, include_in_schema=False
        ),
        render_plugins=[JsonRenderPlugin(path="/", media_type=MediaType.JSON)],
        use_handler_docstrings=True,
    )
