"""Where Piccolo looks for the engine; `connect` puts the one of this process here."""

from __future__ import annotations

from typing import Any

from piccolo.conf.apps import AppRegistry
from piccolo.engine.base import Engine

DB: Engine[Any] | None = None

APP_REGISTRY = AppRegistry(apps=["agency_credit.database.piccolo_app"])
