"""Checks of the office in its database: schema, log, clock, audit lines, calendar, backups."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from agency_credit import database
from agency_credit.database.snapshot import list_tables
from agency_credit.database.tables import AuditLine, Checkpoint, LogEntry
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import AgencyCreditError, RefusedError
from agency_credit.services.audit_chain import verify_chain
from agency_credit.services.backup import KEY_FILES, KEYS_KIND, OFFICE_KIND
from agency_credit.services.calendar import is_year_known
from agency_credit.services.finding import Finding, Patient, Told, describe_failure
from agency_credit.services.fork_guard import NAME as GUARD
from agency_credit.services.fork_guard import find_fork, read_guard
from agency_credit.services.keys import Keys, check_own_log
from agency_credit.services.log_fsck import check_log

BACKUP_AGE = timedelta(days=7)


async def check_database(engine: database.Database) -> list[Finding]:
    """It answers, is of a known kind, and has the schema of this version."""
    name = await database.describe(engine)
    found = [
        Finding(
            check="database",
            state="ok",
            says=Told(template="the database answers: {name}", params={"name": name}),
        )
    ]
    if (broken := await database.find_damage(engine)) is not None:
        found[0] = Finding(
            check="database",
            state="fault",
            says=Told(template="the file of the database is damaged: {what}", params={"what": broken}),
            advice=Told(template="stop the service and restore the newest backup"),
        )
    try:
        is_empty = "migration" not in await list_tables(engine)
        waiting = database.migration_names() if is_empty else await database.find_waiting()
    except RefusedError as error:
        return [*found, describe_failure("migrations", error)]
    if waiting:
        found.append(
            Finding(
                check="migrations",
                state="fault",
                says=Told(template="{n} migrations of the database wait", params={"n": len(waiting)}),
                advice=Told(
                    template="make a backup with the version that ran before, then start the"
                    " service: it migrates"
                ),
            )
        )
    else:
        found.append(
            Finding(
                check="migrations",
                state="ok",
                says=Told(template="the database has the schema of this version"),
            )
        )
    return found


async def check_log_keys(patient: Patient) -> AsyncIterator[Finding]:
    """The key files are those that signed this log, and the log continues what they signed."""
    head = await Checkpoint.select(Checkpoint.note).order_by(Checkpoint.id, ascending=False).first()
    try:
        signers = Keys(folder=patient.settings.keys).load_log_signers()
        if head:
            check_own_log(head["note"], signers, patient.settings.keys / KEY_FILES[0])
        guard = read_guard(patient.settings.keys)
    except AgencyCreditError as error:
        yield describe_failure("log", error)
        return
    keys = [signer.verifier for signer in signers]
    report = await check_log(keys, [guard] if guard else [])
    missing = None
    if guard is None:
        file = patient.settings.keys / GUARD
        missing = find_fork(None, leaves=(), is_signed=head is not None, keys=keys, file=file)
    for fault in [*report.faults, *([missing] if missing else [])][:10]:
        yield Finding(
            check="log",
            state="fault",
            says=Told(template=fault.template, params=fault.params),
            advice=Told(
                template="find out what was changed (log fsck); docs/operations.md, “When an"
                " older state came back”"
            ),
        )
    if not report.faults and missing is None:
        yield Finding(
            check="log",
            state="ok",
            says=Told(
                template="{n} entries of the public log fit {heads} signed heads",
                params={"n": report.n_entries, "heads": report.n_checkpoints},
            ),
        )


async def check_newest(patient: Patient) -> AsyncIterator[Finding]:
    """The clock was not set back behind what was written."""
    entry = await LogEntry.select(LogEntry.at).order_by(LogEntry.index, ascending=False).first()
    line = await AuditLine.select(AuditLine.at).order_by(AuditLine.id, ascending=False).first()
    newest = max([row["at"] for row in (entry, line) if row], default=None)
    if newest is not None and newest > patient.now + timedelta(minutes=1):
        minutes = int((newest - patient.now).total_seconds() // 60)
        yield Finding(
            check="clock",
            state="fault",
            says=Told(
                template="the clock stands {n} minutes before the newest entry; what depends on time is"
                " refused",
                params={"n": minutes},
            ),
            advice=Told(template="set the clock: timedatectl set-ntp true, or date -s"),
        )
    else:
        yield Finding(
            check="clock",
            state="ok",
            says=Told(template="the clock stands after everything that was written"),
        )


async def check_audit(patient: Patient) -> AsyncIterator[Finding]:  # noqa: ARG001  (all checks are called alike)
    """The audit lines are a whole chain."""
    report = await verify_chain()
    if report.broken_id is not None:
        yield Finding(
            check="audit",
            state="fault",
            says=Told(
                template="the chain of the audit lines breaks at the line with the id {id}",
                params={"id": report.broken_id},
            ),
            advice=Told(template="call the audit administrator; agency-credit audit verify says more"),
        )
    else:
        yield Finding(
            check="audit",
            state="ok",
            says=Told(template="{n} audit lines are a whole chain", params={"n": report.head.n_lines}),
        )


async def check_calendar(patient: Patient) -> AsyncIterator[Finding]:
    """Working days of this year and the next are known."""
    year = day_in_china(patient.now).year
    unknown = [one for one in (year, year + 1) if not await is_year_known(one)]
    if unknown:
        yield Finding(
            check="calendar",
            state="warning",
            says=Told(
                template="the working days of {year} are not known; deadlines that reach into it are"
                " provisional",
                params={"year": unknown[0]},
            ),
            advice=Told(
                template="enter the days off of the State Council's notice at /admin/reference,"
                " once it is out"
            ),
        )
    else:
        yield Finding(
            check="calendar",
            state="ok",
            says=Told(template="the working days of this year and the next are known"),
        )


async def check_backups(patient: Patient) -> AsyncIterator[Finding]:
    """An office and its keys were backed up lately."""
    last = await _last("backup.make", OFFICE_KIND)
    if last is None or patient.now - last > BACKUP_AGE:
        days = -1 if last is None else (patient.now - last).days
        yield Finding(
            check="backup",
            state="warning",
            says=Told(template="no backup of this office was ever made")
            if last is None
            else Told(template="the last backup was made {n} days ago", params={"n": days}),
            advice=Told(
                template="run: agency-credit backup make FILE; docs/operations.md shows how to"
                " do so every night"
            ),
        )
    else:
        hours = int((patient.now - last).total_seconds() // 3600)
        yield Finding(
            check="backup",
            state="ok",
            says=Told(template="the last backup was made {n} hours ago", params={"n": hours}),
        )
    of_keys, rotated = await _last("backup.make", KEYS_KIND), await _last("key.rotate", "log")
    if of_keys is None or (rotated is not None and rotated > of_keys):
        yield Finding(
            check="backup of keys",
            state="warning",
            says=Told(
                template="the present keys have no backup; without them no draw can be drawn and"
                " no log continued"
            ),
            advice=Told(
                template="run: agency-credit backup keys FILE, and keep it apart from the other backups"
            ),
        )
    else:
        yield Finding(
            check="backup of keys", state="ok", says=Told(template="the present keys have a backup")
        )


async def _last(action: str, subject: str) -> datetime | None:
    wanted = (AuditLine.action == action) & (AuditLine.subject == subject) & (AuditLine.outcome == "done")
    row = await AuditLine.select(AuditLine.at).where(wanted).order_by(AuditLine.id, ascending=False).first()
    return row["at"] if row else None
