"""How strict logins are: values in a table, which the security administrator changes; none stands in code.

Where the profile is ``djbh`` (等保), the value of ``djbh_<key>`` takes the place of that of ``<key>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from agency_credit.database.tables import SecuritySetting
from agency_credit.domain.errors import Fault, FaultsError, UnavailableError
from agency_credit.domain.role import SECURITY_ADMINISTRATOR, Actor
from agency_credit.services.office import Office
from agency_credit.services.operation import operation

PROFILE, DJBH = "profile", "djbh"
_WORDS = {"profile": ("standard", DJBH), "totp_required": ("no", "yes")}
_NUMBERS = {
    "password_min_length": (8, 64),
    "password_classes": (1, 4),
    "password_max_days": (0, 3650),
    "password_history": (0, 24),
    "session_idle_minutes": (1, 1440),
    "session_longest_hours": (1, 72),
    "confirm_minutes": (1, 60),
    "login_window_minutes": (1, 1440),
    "login_failures": (3, 100),
    "login_failures_of_address": (10, 10_000),
    "invitation_days": (1, 90),
    "activation_days": (1, 180),
}
"""Least and most of each number: outside, nobody could log in, or anybody could try for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuritySettings:
    """What holds now, the profile taken into account; 0 days or passwords: no such rule.

    Parameters
    ----------
    password_classes
        How many of lower case, upper case, digits and others a password holds at least.
    password_history
        How many of the last passwords do not come again.
    confirm
        How long a password that was given stands for what needs it given lately.
    """

    password_min_length: int
    password_classes: int
    password_max_days: int
    password_history: int
    is_totp_required: bool
    idle: timedelta
    longest: timedelta
    confirm: timedelta
    login_window: timedelta
    login_failures: int
    login_failures_of_address: int
    invitation: timedelta
    activation: timedelta


async def load_security() -> SecuritySettings:
    """The settings that hold now.

    Raises
    ------
    UnavailableError
        A setting is missing or cannot be used: somebody wrote to the table past this program.
    """
    rows = await SecuritySetting.select(SecuritySetting.key, SecuritySetting.value)
    values = {row["key"]: row["value"] for row in rows}

    def number(key: str) -> int:
        text = _effective(values, key)
        if _find_fault(key, text) is not None:
            raise UnavailableError(
                "security.setting",
                "the security setting {key} cannot be used; set it at /admin/security",
                key=key,
            )
        return int(text)

    return SecuritySettings(
        password_min_length=number("password_min_length"),
        password_classes=number("password_classes"),
        password_max_days=number("password_max_days"),
        password_history=number("password_history"),
        is_totp_required=_effective(values, "totp_required") != "no",
        idle=timedelta(minutes=number("session_idle_minutes")),
        longest=timedelta(hours=number("session_longest_hours")),
        confirm=timedelta(minutes=number("confirm_minutes")),
        login_window=timedelta(minutes=number("login_window_minutes")),
        login_failures=number("login_failures"),
        login_failures_of_address=number("login_failures_of_address"),
        invitation=timedelta(days=number("invitation_days")),
        activation=timedelta(days=number("activation_days")),
    )


async def load_setting_rows() -> list[dict[str, Any]]:
    """All settings with unit, status, source and note, in the order in which they ship."""
    return await SecuritySetting.select().order_by(SecuritySetting.id)


async def change_settings(office: Office, actor: Actor, wanted: Mapping[str, str]) -> int:
    """Change the settings named in `wanted`; how many changed.

    Raises
    ------
    FaultsError
        Values outside their bounds, each at its key.
    ForbiddenError
        The actor is no security administrator.
    """
    async with operation(office, actor, "security.change", "settings", roles=SECURITY_ADMINISTRATOR) as op:
        known = {row["key"]: row["value"] for row in await load_setting_rows()}
        changed = {key: value for key, value in wanted.items() if key in known and value != known[key]}
        faults = [fault for key, value in changed.items() if (fault := _find_fault(key, value))]
        if faults:
            raise FaultsError("settings", tuple(faults))
        for key, value in changed.items():
            await SecuritySetting.update(
                {SecuritySetting.value: value, SecuritySetting.status: "entered"}
            ).where(SecuritySetting.key == key)
            op.details[key] = f"{known[key]} → {value}"
    return len(changed)


def _effective(values: Mapping[str, str], key: str) -> str:
    stricter = values.get(f"{DJBH}_{key}", "") if values.get(PROFILE) == DJBH else ""
    return stricter or values.get(key, "")


def _find_fault(key: str, value: str) -> Fault | None:
    plain = key.removeprefix(f"{DJBH}_")
    if plain in _WORDS:
        if value in _WORDS[plain]:
            return None
        return Fault(
            at=key,
            code="security.word",
            template="choose one of: {words}",
            params={"words": ", ".join(_WORDS[plain])},
        )
    least, most = _NUMBERS[plain]
    if value.isascii() and value.isdecimal() and len(value) < 9 and least <= int(value) <= most:
        return None
    return Fault(
        at=key,
        code="security.number",
        template="write a whole number from {least} to {most}",
        params={"least": least, "most": most},
    )
