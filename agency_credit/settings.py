"""The only reader of the environment.

Everything that is not named here has a default that is right for one office on one machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where this installation keeps its things.

    Parameters
    ----------
    data
        Folder of the embedded database, the keys and the bundles.
    database
        Address of a PostgreSQL database, ``postgresql://…``; None: the embedded database.
    metrics_token
        What opens ``/metrics``; None: nothing does.
    """

    data: Path
    database: str | None = None
    metrics_token: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Settings from ``AGENCY_CREDIT_DATA``, ``…_DATABASE`` and ``…_METRICS_TOKEN``."""
        return cls(
            data=Path(environment.get("AGENCY_CREDIT_DATA") or "data"),
            database=environment.get("AGENCY_CREDIT_DATABASE") or None,
            metrics_token=environment.get("AGENCY_CREDIT_METRICS_TOKEN") or None,
        )

    @property
    def database_file(self) -> Path:
        """File of the embedded database."""
        return self.data / "agency-credit.db"

    @property
    def keys(self) -> Path:
        """Folder of the key files: outside the database, mode 0700."""
        return self.data / "keys"

    @property
    def bundles(self) -> Path:
        """Folder of the published bundles, one folder a draw."""
        return self.data / "bundles"
