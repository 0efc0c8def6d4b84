"""The second factor: codes of an authenticator (RFC 6238), and ten codes on paper that stand in for it.

The secret is sealed under a key outside the database. A code is taken once: the time step of the last one
is kept, and moved on by one statement of the database, so that of two processes with the same code one loses.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

import pyotp

from agency_credit.database import transaction
from agency_credit.database.tables import Person, PersonTotp, RecoveryCode
from agency_credit.domain.canonical import digest
from agency_credit.domain.errors import ConflictError, InputError, NotFoundError, RefusedError
from agency_credit.domain.role import Actor
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.reference import load_parameter
from agency_credit.services.security_settings import load_security

STEP_SECONDS = 30
WINDOW = 1
"""Time steps before and after the present one that are taken: clocks of telephones differ."""
N_RECOVERY = 10
CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Nothing that is mistaken for something else on paper; 5 bits each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What an authenticator is told: the secret in base32, and the same as an address for a QR code."""

    secret: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpState:
    """How a person stands with the second factor; `is_begun`: a secret waits for its first code."""

    is_on: bool
    is_begun: bool
    is_required: bool
    n_recovery: int


async def load_state(person: int) -> TotpState:
    """Whether the second factor of a person is on, asked for, and how many recovery codes are left."""
    row = await PersonTotp.select(PersonTotp.confirmed_at).where(PersonTotp.person == person).first()
    wanted = await Person.select(Person.requires_totp).where(Person.id == person).first()
    unused = (RecoveryCode.person == person) & RecoveryCode.used_at.is_null()
    return TotpState(
        is_on=row is not None and row["confirmed_at"] is not None,
        is_begun=row is not None and row["confirmed_at"] is None,
        is_required=bool(wanted and wanted["requires_totp"]) or (await load_security()).is_totp_required,
        n_recovery=await RecoveryCode.count().where(unused),
    )


async def begin_totp(office: Office, actor: Actor) -> Enrolment:
    """A new secret for oneself; it counts once a code of it was given (`confirm_totp`).

    Raises
    ------
    ConflictError
        The second factor is on already.
    """
    person = _own(actor)
    secret = pyotp.random_base32()
    async with operation(office, actor, "totp.begin", actor.username, roles=None):
        if (await load_state(person)).is_on:
            raise ConflictError("totp.on", "the authenticator is set up already; take it off first")
        await PersonTotp.delete().where(PersonTotp.person == person)
        sealed = office.keys.seal(secret.encode(), _context(person))
        await PersonTotp.insert(PersonTotp(person=person, sealed_secret=sealed))
    return await _enrolment(actor.username, secret)


async def load_enrolment(office: Office, actor: Actor) -> Enrolment:
    """The secret that was begun and waits for its first code; nobody sees it once it counts.

    Raises
    ------
    NotFoundError
        None waits.
    """
    row = await PersonTotp.select().where(PersonTotp.person == _own(actor)).first()
    if row is None or row["confirmed_at"] is not None:
        raise NotFoundError("totp.none", "no authenticator is being set up; begin anew")
    secret = office.keys.unseal(bytes(row["sealed_secret"]), _context(row["person"])).decode()
    return await _enrolment(actor.username, secret)


async def confirm_totp(office: Office, actor: Actor, code: str) -> list[str]:
    """Switch the second factor on with its first code; ten recovery codes, shown this once.

    Raises
    ------
    InputError
        The code is not that of the secret at this time.
    NotFoundError
        No secret waits.
    """
    person = _own(actor)
    await load_enrolment(office, actor)
    async with operation(office, actor, "totp.confirm", actor.username, roles=None) as op:
        if not await _spend_totp(office, person, code):
            raise InputError(
                "totp.code",
                "this is not the code of the authenticator now; look at it again, and check its clock",
            )
        await PersonTotp.update({PersonTotp.confirmed_at: op.at}).where(PersonTotp.person == person)
        return await _store_codes(person)


async def renew_recovery(office: Office, actor: Actor) -> list[str]:
    """Ten new recovery codes for oneself; those of before are worthless.

    Raises
    ------
    RefusedError
        The second factor is off.
    """
    person = _own(actor)
    async with operation(office, actor, "totp.recovery", actor.username, roles=None):
        if not (await load_state(person)).is_on:
            raise RefusedError("totp.off", "set up the authenticator first")
        return await _store_codes(person)


async def end_totp(office: Office, actor: Actor) -> None:
    """Take one's own second factor off.

    Raises
    ------
    RefusedError
        It is asked for; a new telephone is set up through a new invitation.
    """
    person = _own(actor)
    async with operation(office, actor, "totp.end", actor.username, roles=None):
        if (await load_state(person)).is_required:
            raise RefusedError(
                "totp.required",
                "this office asks for an authenticator; for a new telephone ask the security administrator"
                " for an invitation",
            )
        await forget_totp(person)


async def forget_totp(person: int) -> None:
    """Remove secret and recovery codes, inside the caller's transaction."""
    await PersonTotp.delete().where(PersonTotp.person == person)
    await RecoveryCode.delete().where(RecoveryCode.person == person)


async def spend_code(office: Office, person: int, code: str) -> bool:
    """Whether `code` is the authenticator's now or an unused recovery code; it is used up by this."""
    plain = code.strip().replace(" ", "").replace("-", "")
    async with transaction():
        return await _spend_totp(office, person, plain) or await _spend_recovery(office, person, plain)


async def _spend_totp(office: Office, person: int, code: str) -> bool:
    row = await PersonTotp.select().where(PersonTotp.person == person).first()
    if row is None or not (code.isascii() and code.isdecimal()):
        return False
    secret = office.keys.unseal(bytes(row["sealed_secret"]), _context(person)).decode()
    now = int(office.now().timestamp()) // STEP_SECONDS
    generator = pyotp.TOTP(secret, interval=STEP_SECONDS)
    steps = range(now - WINDOW, now + WINDOW + 1)
    fitting = [step for step in steps if hmac.compare_digest(generator.generate_otp(step), code)]
    if not fitting:
        return False
    spent = await (
        PersonTotp.update({PersonTotp.last_step: fitting[-1]})
        .where((PersonTotp.person == person) & (PersonTotp.last_step < fitting[-1]))
        .returning(PersonTotp.id)
    )
    return bool(spent)


async def _spend_recovery(office: Office, person: int, code: str) -> bool:
    is_this = (RecoveryCode.person == person) & (RecoveryCode.code_digest == _digest(person, code))
    spent = await (
        RecoveryCode.update({RecoveryCode.used_at: office.now()})
        .where(is_this & RecoveryCode.used_at.is_null())
        .returning(RecoveryCode.id)
    )
    return bool(spent)


async def _store_codes(person: int) -> list[str]:
    await RecoveryCode.delete().where(RecoveryCode.person == person)
    codes = [make_code(16) for _ in range(N_RECOVERY)]
    await RecoveryCode.insert(
        *(RecoveryCode(person=person, code_digest=_digest(person, code.replace("-", ""))) for code in codes)
    )
    return codes


def make_code(length: int) -> str:
    """A random code for paper, in groups of four; 5 bits a letter."""
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(length))
    return "-".join(letters[n : n + 4] for n in range(0, length, 4))


async def _enrolment(username: str, secret: str) -> Enrolment:
    issuer = (await load_parameter("office_name")).value or "agency-credit"
    address = pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=username, issuer_name=issuer)
    return Enrolment(secret=secret, address=address)


def _digest(person: int, code: str) -> str:
    return digest(f"recovery {person} {code.upper()}".encode())


def _context(person: int) -> str:
    return f"totp {person}"


def _own(actor: Actor) -> int:
    if actor.person_id is None:
        raise RefusedError("account.none", "the operator of the machine has no account; log in as a person")
    return actor.person_id
