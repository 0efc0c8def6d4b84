"""Checks of the machine and its files, without the database."""

from __future__ import annotations

import http.client
import os
import shutil
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agency_credit.domain.errors import AgencyCreditError, RefusedError
from agency_credit.services.backup import KEY_FILES
from agency_credit.services.finding import Finding, Patient, State, Told, describe_failure
from agency_credit.services.keys import Keys
from agency_credit.services.paper_press import find_chinese_font

LITTLE_ROOM, NO_ROOM = 2**30, 100 * 2**20
"""Free bytes below which the disk of the data folder is a warning, and a fault."""

KNOWN_SETTINGS = ("AGENCY_CREDIT_DATA", "AGENCY_CREDIT_DATABASE", "AGENCY_CREDIT_METRICS_TOKEN")


def check_settings(patient: Patient) -> Iterator[Finding]:
    """Settings that nothing reads are misspelt ones."""
    unknown = sorted(
        name
        for name in patient.environment
        if name.startswith("AGENCY_CREDIT_") and name not in KNOWN_SETTINGS
    )
    if unknown:
        yield Finding(
            check="settings",
            state="warning",
            says=Told(template="nothing reads these settings: {names}", params={"names": ", ".join(unknown)}),
            advice=Told(template="look for a misspelling; docs/operations.md names all settings"),
        )
    else:
        yield Finding(check="settings", state="ok", says=Told(template="every setting is known"))


def check_folder(patient: Patient) -> Iterator[Finding]:
    """The data folder is there, closed to others, and its disk has room."""
    folder = patient.settings.data
    if not folder.is_dir():
        yield Finding(
            check="folder",
            state="fault",
            says=Told(template="there is no data folder {folder}", params={"folder": str(folder.absolute())}),
            advice=Told(
                template="set AGENCY_CREDIT_DATA to the folder of the office, or start it once to make one"
            ),
        )
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        yield Finding(
            check="folder",
            state="warning",
            says=Told(
                template="other users of this machine may enter {folder} (mode {mode})",
                params={"folder": str(folder), "mode": f"{mode:o}"},
            ),
            advice=Told(template="run: chmod 700 {folder}", params={"folder": str(folder)}),
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(
            check="folder",
            state="fault",
            says=Told(template="this user may not write in {folder}", params={"folder": str(folder)}),
            advice=Told(template="run as the user of the service, or give the folder to this one"),
        )
    free = shutil.disk_usage(folder).free
    state: State = "fault" if free < NO_ROOM else "warning" if free < LITTLE_ROOM else "ok"
    yield Finding(
        check="disk",
        state=state,
        says=Told(template="{n} MiB are free on the disk of the data folder", params={"n": free // 2**20}),
        advice=None
        if state == "ok"
        else Told(template="make room: a full disk stops every change and every backup"),
    )


def check_clock() -> Iterator[Finding]:
    """Deadlines need China's time; the entries are compared where the database is open."""
    try:
        offset = datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")).utcoffset()
    except ZoneInfoNotFoundError:
        offset = None
    if offset != timedelta(hours=8):
        yield Finding(
            check="time zone",
            state="fault",
            says=Told(template="this machine does not know the time zone Asia/Shanghai; days would be wrong"),
            advice=Told(template="run: apt install tzdata, or install the package tzdata of Python"),
        )
    else:
        yield Finding(check="time zone", state="ok", says=Told(template="the time zone of China is known"))


def check_fonts() -> Iterator[Finding]:
    """Papers need Chinese characters."""
    font = find_chinese_font()
    if font is None:
        yield Finding(
            check="fonts",
            state="warning",
            says=Told(template="no font with Chinese characters is installed; papers cannot be printed"),
            advice=Told(template="run: apt install fonts-noto-cjk, then start the service again"),
        )
    else:
        yield Finding(
            check="fonts", state="ok", says=Told(template="papers are set in {font}", params={"font": font})
        )


def check_key_files(patient: Patient) -> Iterator[Finding]:
    """The key files are there, whole, and readable by their owner alone."""
    folder = patient.settings.keys
    paths = [folder, *(folder / name for name in KEY_FILES)]
    missing = [path for path in paths if not path.exists()]
    if missing:
        yield Finding(
            check="keys",
            state="fault" if folder.exists() else "warning",
            says=Told(template="{file} is not there", params={"file": str(missing[0])}),
            advice=Told(
                template="restore the backup of the keys; a first start makes new ones only for"
                " an empty office"
            ),
        )
        return
    owners = {path.stat().st_uid for path in paths} | {patient.settings.data.stat().st_uid}
    if len(owners) > 1:
        yield Finding(
            check="keys",
            state="warning",
            says=Told(template="the key files and the data folder belong to different users"),
            advice=Told(template="give all of them to the user of the service with chown"),
        )
    try:
        keys = Keys(folder=folder)
        signers = keys.load_log_signers()
        keys.unseal(keys.seal(b"", "doctor"), "doctor")
        _check_open_modes(paths)
    except AgencyCreditError as error:
        yield describe_failure("keys", error)
        return
    yield Finding(
        check="keys",
        state="ok",
        says=Told(
            template="the keys are whole; {n} of them have signed or will sign the log",
            params={"n": len(signers)},
        ),
    )


def _check_open_modes(paths: list[Path]) -> None:
    for path in paths:
        if path.stat().st_mode & 0o077:
            mode = "700" if path.is_dir() else "600"
            raise RefusedError(
                "keys.open",
                "other users of this machine may read {file}; run: chmod {mode} {file}",
                file=str(path),
                mode=mode,
            )


def check_service(address: tuple[str, int]) -> Iterator[Finding]:
    """Whether the service answers where it does by default, and says that it is ready."""
    host, port = address
    place = f"{host}:{port}"
    connection = http.client.HTTPConnection(host, port, timeout=3)
    try:
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        processors = os.cpu_count() or 1
        yield Finding(
            check="service",
            state="ok",
            says=Told(
                template="no service answers at {place}; this machine has {n} processors for serve --workers",
                params={"place": place, "n": processors},
            ),
        )
        return
    finally:
        connection.close()
    if status == http.HTTPStatus.OK:
        yield Finding(
            check="service",
            state="ok",
            says=Told(template="the service at {place} is ready", params={"place": place}),
        )
    else:
        yield Finding(
            check="service",
            state="warning",
            says=Told(
                template="what answers at {place} is not ready (status {status})",
                params={"place": place, "status": status},
            ),
            advice=Told(template="open http://{place}/readyz, which says why", params={"place": place}),
        )
