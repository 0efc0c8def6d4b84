"""Reference data: what a new installation starts with, and reading it back.

The defaults fill in what is missing and never touch what an administrator changed.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, cast

from agency_credit.database import lock_log, transaction
from agency_credit.database.tables import District, LegalParameter, ResultCategory, SecuritySetting
from agency_credit.domain.errors import InputError

ParameterStatus = Literal["found", "unverified", "entered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value of the law that this office works with, and where it comes from."""

    key: str
    value: str
    unit: str
    status: ParameterStatus
    source: str

    @property
    def number(self) -> int | None:
        """The value as a whole number; None where none was entered."""
        if not self.value:
            return None
        if not self.value.isdecimal():
            raise InputError(
                "parameter.number",
                "the parameter {key} is {value}; enter a whole number at /admin/reference or leave it empty",
                key=self.key,
                value=self.value,
            )
        return int(self.value)


async def append_missing_reference() -> None:
    """Insert those defaults whose key is not there yet."""
    defaults = load_defaults()
    async with transaction():
        await lock_log()  # processes that start at once find the same things missing
        for position, row in enumerate(defaults["result_category"]):
            row["position"] = position
        await _append_missing(District, "code", defaults["district"])
        await _append_missing(LegalParameter, "key", defaults["legal_parameter"])
        await _append_missing(SecuritySetting, "key", defaults["security_setting"])
        await _append_missing(ResultCategory, "code", defaults["result_category"])


def load_defaults() -> dict[str, Any]:
    """What a new installation starts with, by table."""
    return tomllib.loads(
        files("agency_credit.services").joinpath("reference_data/defaults.toml").read_text("utf-8")
    )


async def load_parameter(key: str) -> Parameter:
    """A legal parameter; raises KeyError for a key nobody defined."""
    row = await LegalParameter.select().where(LegalParameter.key == key).first()
    if row is None:
        raise KeyError(key)
    return _to_parameter(row)


async def load_parameters(prefix: str) -> dict[str, Parameter]:
    """The legal parameters whose keys begin with `prefix`, by key."""
    rows = await LegalParameter.select().order_by(LegalParameter.key)
    return {row["key"]: _to_parameter(row) for row in rows if row["key"].startswith(prefix)}


async def load_districts() -> dict[str, str]:
    """District names by code, in the order of the codes."""
    rows = await District.select(District.code, District.name).order_by(District.code)
    return {row["code"]: row["name"] for row in rows}


async def load_categories() -> dict[str, str]:
    """Texts of the result categories by code, in their order on the form."""
    rows = await ResultCategory.select(ResultCategory.code, ResultCategory.text).order_by(
        ResultCategory.position
    )
    return {row["code"]: row["text"] for row in rows}


def _to_parameter(row: dict[str, Any]) -> Parameter:
    return Parameter(
        key=row["key"],
        value=row["value"].strip(),
        unit=row["unit"],
        status=cast("ParameterStatus", row["status"]),
        source=row["source"],
    )


async def _append_missing(table: Any, key: str, rows: list[dict[str, Any]]) -> None:
    column = getattr(table, key)
    known = {row[key] for row in await table.select(column)}
    missing = [table(**row) for row in rows if row[key] not in known]
    if missing:
        await table.insert(*missing)
