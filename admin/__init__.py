"""The regulators' back office at /admin: the console that runs a draw, and the reference tables."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler


def routers() -> list[ControllerRouterHandler]:
    """What the back office adds to the application; every handler declares its roles in `opt`."""
    return []
