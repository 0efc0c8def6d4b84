"""`agency-credit verify`: recompute a published draw or rating from its files, by second implementations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

if TYPE_CHECKING:
    from agency_credit.verification.check_log import LogReport, Note
    from agency_credit.verification.verify_draw import Fault

DRAW, RATING = "plan.json", "rating.json"
"""Which of the two a bundle is about."""


@click.command("verify")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--all", "every", is_flag=True, help="Name every fault, not only the first.")
@click.option(
    "--proof",
    "proofs",
    type=click.File("rb"),
    multiple=True,
    help="A proof of a step of the draw, from /log/proof/N; - reads standard input.",
)
@click.option("--key", "keys", multiple=True, help="A verifier key of the log, or a file of them: /log/keys.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Form of the answer.",
)
@click.pass_context
def command(
    context: click.Context,
    bundle: Path,
    every: bool,
    proofs: tuple[BinaryIO, ...],
    keys: tuple[str, ...],
    form: str,
) -> None:
    """Recompute the draw or the rating in BUNDLE, a folder or a zip, from its files alone.

    With --proof and --key also: the steps of the draw stand in the public log, in order and in time.

    Exit status 0: verified; 1: not verified; 2: a file is missing, unreadable or no JSON.
    """
    from agency_credit.domain.errors import InputError
    from agency_credit.verification import verify_draw, verify_rating

    if bool(proofs) != bool(keys):
        raise InputError("verify.proof-and-key", "give --proof and --key together; one shows nothing alone")
    files: dict[str, bytes] = {}
    try:
        files = verify_draw.load_bundle(bundle) | verify_rating.load_bundle(bundle)
        faults = _verify(files)
    except Exception as error:  # noqa: BLE001  (whatever a hostile zip raises, it is unreadable)
        faults = [verify_draw.Fault("files", f"{bundle} is unreadable: {error}", 2)]
    if proofs and RATING in files:
        template = "a rating has no steps in the log; leave out --proof and --key"
        raise InputError("verify.proof-of-rating", template)
    notes: tuple[Note, ...] | None = () if proofs else None
    if proofs and not faults:
        report = _check_log(files, proofs, keys)
        faults, notes = list(report.faults), report.notes
    _echo(faults, notes, form=form, every=every)
    context.exit(max((fault.status for fault in faults), default=0))


def _verify(files: Mapping[str, bytes]) -> list[Fault]:
    """The faults of a draw, or of a rating where `RATING` is there."""
    from agency_credit.verification import Fault, verify_files, verify_rating_files

    if RATING not in files:
        return verify_files(files)
    if DRAW in files:
        return [Fault("files", f"{DRAW} and {RATING}: a draw and a rating; verify each by itself")]
    return [Fault(*fault) for fault in verify_rating_files(files)]


def _echo(faults: list[Fault], notes: tuple[Note, ...] | None, *, form: str, every: bool) -> None:
    """The answer; `notes` is None where no proofs were given."""
    import json

    from agency_credit.cli.report import language
    from agency_credit.web.i18n import msgid, translate

    named = faults if every else faults[:1]
    told = [
        {"code": note.code, "message": translate(language(), note.template, **note.params)}
        for note in notes or ()
    ]
    if form == "json":
        rows = [{"check": fault.check, "message": fault.message} for fault in named]
        answer: dict[str, object] = {"verified": not faults, "faults": rows}
        click.echo(json.dumps(answer if notes is None else answer | {"notes": told}))
        return
    template = msgid("Not verified: {n} fault(s).") if faults else msgid("Verified.")
    click.echo(translate(language(), template, n=len(faults)))
    for fault in named:
        click.echo(f"{fault.check}: {fault.message}".encode("utf-8", "backslashreplace"))
    for note in told:
        click.echo(f"{note['code']}: {note['message']}")


def _check_log(files: Mapping[str, bytes], proofs: tuple[BinaryIO, ...], keys: tuple[str, ...]) -> LogReport:
    from agency_credit.verification.check_log import check_log

    # Bytes that are no UTF-8 become signs that no proof holds, and are refused as any other wrong text.
    texts = [proof.read().decode("utf-8", "replace") for proof in proofs]
    return check_log(files, texts, [key for given in keys for key in _read_keys(given)])


def _read_keys(given: str) -> list[str]:
    """The lines of the file `given`; where there is none, `given` is a key itself."""
    try:
        lines = Path(given).read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return [given]
    return [line.strip() for line in lines if line.strip()]
