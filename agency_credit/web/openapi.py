"""OpenAPI at /api/v1/openapi.json; the pages for people are not part of it."""

from __future__ import annotations

from importlib.metadata import version

from litestar import Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin


def openapi_config() -> OpenAPIConfig:
    """The description of the API as JSON alone: no docs page that loads from elsewhere."""
    return OpenAPIConfig(
        title="agency-credit",
        version=version("agency-credit"),
        summary="Credit files and verifiable double-random inspections of patent and trademark agencies",
        openapi_router=Router(path="/api/v1", route_handlers=[], opt={"public": True}),
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        use_handler_docstrings=True,
    )
