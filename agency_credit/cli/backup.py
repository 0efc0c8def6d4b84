"""`agency-credit backup …`: encrypted backups of the office and, apart from them, of its keys."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from agency_credit.cli.report import language
from agency_credit.cli.run_office import as_option, load_operator_of, run_in_office
from agency_credit.domain.errors import InputError
from agency_credit.web.i18n import msgid, translate, translate_error

if TYPE_CHECKING:
    from agency_credit.services.backup import Made
    from agency_credit.services.backup_box import Opener
    from agency_credit.services.office import Office
    from agency_credit.services.restore import Checked

_Command = TypeVar("_Command", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)

stdin_option = click.option(
    "--passphrase-stdin", "from_stdin", is_flag=True, help="Read the passphrase from standard input."
)
recipient_option = click.option(
    "--recipient",
    type=_PATH,
    default=None,
    help="Encrypt for the public key in this file, instead of a passphrase.",
)
identity_option = click.option(
    "--identity",
    type=_PATH,
    default=None,
    help="Open with the private key in this file, instead of a passphrase.",
)
head_option = click.option(
    "--checkpoint",
    "head",
    type=_PATH,
    default=None,
    help="A signed head of the log that was kept elsewhere; `-`: standard input.",
)
form_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Form of the answer.",
)


@click.group("backup")
def group() -> None:
    """Encrypted backups: make, keys, recipient, verify, restore."""


@group.command("make")
@click.argument("file", type=_PATH)
@recipient_option
@stdin_option
@as_option
def make(file: Path, recipient: Path | None, from_stdin: bool, user: str | None) -> None:
    """Write the office to FILE while it works; its keys are not in it."""
    _make(file, recipient, user, is_keys=False, from_stdin=from_stdin)


@group.command("keys")
@click.argument("file", type=_PATH)
@recipient_option
@stdin_option
@as_option
def make_keys(file: Path, recipient: Path | None, from_stdin: bool, user: str | None) -> None:
    """Write the key files to FILE; keep it apart from the backups of the office."""
    _make(file, recipient, user, is_keys=True, from_stdin=from_stdin)


@group.command("recipient")
@click.argument("file", type=_PATH)
def make_recipient(file: Path) -> None:
    """Make a pair of keys: the private one in FILE, to be kept elsewhere; prints the public one."""
    from agency_credit.services.backup_box import make_identity

    click.echo(make_identity(file))


@group.command("verify")
@click.argument("file", type=_PATH)
@identity_option
@stdin_option
@head_option
@form_option
def verify(file: Path, identity: Path | None, from_stdin: bool, head: Path | None, form: str) -> None:
    """Restore FILE to a temporary place and check everything; nothing is changed."""
    from agency_credit.services.restore import verify_backup
    from agency_credit.settings import Settings

    settings = Settings.from_environment(os.environ)
    opener = _opener(identity, from_stdin=from_stdin, is_new=False)
    _tell_checked(asyncio.run(verify_backup(file, opener, settings, _read_head(head))), form)


@group.command("restore")
@click.argument("file", type=_PATH)
@click.option("--to", "folder", type=_PATH, required=True, help="The data folder.")
@click.option(
    "--database", default=None, help="Address of an empty PostgreSQL database; else the embedded one."
)
@identity_option
@stdin_option
@head_option
@click.option(
    "--older",
    is_flag=True,
    help="Also where newer heads of the log were signed; the office is then read-only.",
)
@click.option("--replace", is_flag=True, help="Put aside what is there.")
@form_option
@as_option
def restore(folder: Path, database: str | None, older: bool, replace: bool, **options: Any) -> None:
    """Check FILE as `verify` does, then put it in place: an office or, from their own backup, its keys."""
    from agency_credit.domain.role import OPERATOR, Actor
    from agency_credit.services.office import system_clock
    from agency_credit.services.restore import Target, restore_backup

    opener = _opener(options["identity"], from_stdin=options["from_stdin"], is_new=False)
    target = Target(folder=folder, database=database, replace=replace, older=older)
    actor = Actor(username=options["user"] or _operator(), roles=OPERATOR)
    head = _read_head(options["head"])
    done = restore_backup(options["file"], opener, target, actor=actor, clock=system_clock, head=head)
    _tell_checked(asyncio.run(done), options["form"])


def _make(file: Path, recipient: Path | None, user: str | None, *, is_keys: bool, from_stdin: bool) -> None:
    opener = _closer(recipient, from_stdin=from_stdin)

    async def work(office: Office) -> Made:
        from agency_credit.services.backup import make_backup, make_key_backup

        actor = await load_operator_of(user)
        if is_keys:
            return await make_key_backup(office, actor, file, opener)
        return await make_backup(office, actor, file, opener)

    made = run_in_office(work)
    click.echo(
        _say(
            msgid(
                "{file}: {size} bytes, {rows} rows, {files} files, {entries} entries of the log, SHA-256"
                " {digest}"
            ),
            file=str(file),
            size=made.size,
            rows=made.manifest.n_rows,
            files=len(made.manifest.files),
            entries=made.manifest.n_entries,
            digest=made.digest,
        )
    )


def _closer(recipient: Path | None, *, from_stdin: bool) -> Opener:
    from agency_credit.services.backup_box import read_recipient

    return read_recipient(recipient) if recipient else _opener(None, from_stdin=from_stdin, is_new=True)


def _opener(identity: Path | None, *, from_stdin: bool, is_new: bool) -> Opener:
    from agency_credit.services.backup_box import Opener, read_identity

    if identity is not None:
        return read_identity(identity)
    if from_stdin:
        return Opener(passphrase=sys.stdin.readline().rstrip("\r\n"))
    return Opener(
        passphrase=click.prompt(
            _say(msgid("Passphrase")), hide_input=True, confirmation_prompt=is_new, err=True
        )
    )


def _read_head(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        with click.open_file(str(path), encoding="utf-8") as file:
            return str(file.read(1_000_001))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "backup.checkpoint", "the checkpoint {file} cannot be read", file=str(path)
        ) from error


def _tell_checked(checked: Checked, form: str) -> None:
    opening = checked.opening
    if form == "json":
        answer = {
            "kind": opening.kind,
            "at": opening.at,
            "software": opening.software,
            "rows": checked.n_rows,
            "files": checked.n_files,
            "entries": checked.n_entries,
            "compared": checked.compared,
            "behind": str(checked.behind.code) if checked.behind else None,
            "aside": checked.aside,
        }
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
        return
    click.echo(
        _say(
            msgid(
                "Whole: {kind}, of {at}, version {version}, {rows} rows, {files} files, {entries} entries"
                " of the log"
            ),
            kind=opening.kind,
            at=opening.at,
            version=opening.software,
            rows=checked.n_rows,
            files=checked.n_files,
            entries=checked.n_entries,
        )
    )
    if checked.behind:
        click.echo(translate_error(language(), checked.behind), err=True)
    elif opening.kind == "office" and not checked.compared:
        click.echo(
            _say(
                msgid(
                    "No signed head from elsewhere was there to compare with: whether this is the newest"
                    " state, ask whoever keeps checkpoints of this log, and give one with --checkpoint."
                )
            ),
            err=True,
        )
    for name in checked.aside:
        click.echo(_say(msgid("Put aside: {file}"), file=name))


def _say(template: str, **params: object) -> str:
    return translate(language(), template, **params)


def _operator() -> str:
    import getpass

    return getpass.getuser()
