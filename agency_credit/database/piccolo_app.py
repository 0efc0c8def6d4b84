"""The tables as a Piccolo app, for its migrations."""

from __future__ import annotations

from pathlib import Path

from piccolo.conf.apps import AppConfig

from agency_credit.database.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="agency_credit",
    migrations_folder_path=str(Path(__file__).parent / "piccolo_migrations"),
    table_classes=list(TABLES),
)
