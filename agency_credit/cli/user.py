"""`agency-credit user …`: the accounts of the people of the office."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from agency_credit.cli.report import echo_rows, format_option, language
from agency_credit.cli.run_office import as_option, load_operator_of, run_in_office
from agency_credit.domain.role import Role

if TYPE_CHECKING:
    from agency_credit.services.invitations import NewInvitation
    from agency_credit.services.office import Office

stdin_option = click.option(
    "--password-stdin",
    "from_stdin",
    is_flag=True,
    help="Read the password from the first line of standard input instead of asking.",
)


@click.group("user")
def group() -> None:
    """People of the office: invite, add, password, roles, close, reopen, list."""


role_option = click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in Role]),
    multiple=True,
    required=True,
    help="May be given several times; nobody approves his own work all the same.",
)
certificate_option = click.option("--certificate", help="Of the inspector whose account it is.")
agency_option = click.option("--agency", metavar="USCC", help="Code of the agency whose person it is.")
name_option = click.option("--display-name", help="How the pages call the person; default: NAME.")


@group.command("invite")
@click.argument("username", metavar="NAME")
@role_option
@certificate_option
@agency_option
@name_option
@as_option
def invite(
    username: str,
    roles: tuple[str, ...],
    certificate: str | None,
    agency: str | None,
    display_name: str | None,
    user: str | None,
) -> None:
    """Open an account without a password; prints the code that its owner sets one with."""
    from agency_credit.services.invitations import invite_person

    async def work(office: Office) -> NewInvitation:
        return await invite_person(
            office,
            await load_operator_of(user),
            username,
            display_name=display_name or username,
            roles=[Role(role) for role in roles],
            certificate=certificate,
            agency=agency,
        )

    _echo_invitation(run_in_office(work))


@group.command("reinvite")
@click.argument("username", metavar="NAME")
@as_option
def reinvite(username: str, user: str | None) -> None:
    """A new code for who forgot the password or lost the telephone; what was before ends at once."""
    from agency_credit.services.invitations import renew_invitation

    async def work(office: Office) -> NewInvitation:
        return await renew_invitation(office, await load_operator_of(user), username)

    _echo_invitation(run_in_office(work))


@group.command("roles")
@click.argument("username", metavar="NAME")
@role_option
@as_option
def roles_command(username: str, roles: tuple[str, ...], user: str | None) -> None:
    """Give these roles and take away all others."""
    from agency_credit.services.people import change_roles
    from agency_credit.web.i18n import translate

    async def work(office: Office) -> None:
        await change_roles(office, await load_operator_of(user), username, [Role(role) for role in roles])

    run_in_office(work)
    click.echo(translate(language(), "The roles of {username} are set.", username=username))


@group.command("close")
@click.argument("username", metavar="NAME")
@as_option
def close(username: str, user: str | None) -> None:
    """Close an account; whoever is logged in under the name is logged out."""
    from agency_credit.services.people import close_account
    from agency_credit.web.i18n import translate

    async def work(office: Office) -> None:
        await close_account(office, await load_operator_of(user), username)

    run_in_office(work)
    click.echo(translate(language(), "The account {username} is closed.", username=username))


@group.command("reopen")
@click.argument("username", metavar="NAME")
@as_option
def reopen(username: str, user: str | None) -> None:
    """Open a closed account again, with the roles and the password that it had."""
    from agency_credit.services.people import reopen_account
    from agency_credit.web.i18n import translate

    async def work(office: Office) -> None:
        await reopen_account(office, await load_operator_of(user), username)

    run_in_office(work)
    click.echo(translate(language(), "The account {username} is open.", username=username))


@group.command("add")
@click.argument("username", metavar="NAME")
@role_option
@certificate_option
@agency_option
@name_option
@stdin_option
@as_option
def add(
    username: str,
    roles: tuple[str, ...],
    certificate: str | None,
    agency: str | None,
    display_name: str | None,
    from_stdin: bool,
    user: str | None,
) -> None:
    """Open an account with a password, for scripts; people are invited."""
    from agency_credit.services.people import create_person
    from agency_credit.web.i18n import translate

    password = _read_password(from_stdin=from_stdin)

    async def work(office: Office) -> None:
        await create_person(
            office,
            await load_operator_of(user),
            username,
            password,
            display_name=display_name or username,
            roles=[Role(role) for role in roles],
            certificate=certificate,
            agency=agency,
        )

    run_in_office(work)
    click.echo(translate(language(), "The account {username} is open.", username=username))


@group.command("password")
@click.argument("username", metavar="NAME")
@stdin_option
@as_option
def password_command(username: str, from_stdin: bool, user: str | None) -> None:
    """Set a new password; whoever is logged in under the name is logged out."""
    from agency_credit.services.people import change_password
    from agency_credit.web.i18n import translate

    password = _read_password(from_stdin=from_stdin)

    async def work(office: Office) -> None:
        await change_password(office, await load_operator_of(user), username, password)

    run_in_office(work)
    click.echo(translate(language(), "The password of {username} is set.", username=username))


@group.command("list")
@format_option
def list_command(form: str) -> None:
    """All accounts with their roles."""
    from agency_credit.services.people_list import load_people

    async def work(_: Office) -> list[dict[str, object]]:
        return await load_people()

    echo_rows(run_in_office(work), form)


def _echo_invitation(invitation: NewInvitation) -> None:
    from agency_credit.services.invitations import PAGE
    from agency_credit.web.i18n import format_instant, translate

    told = translate(
        language(),
        "{username} opens the account at {page} with the code {code}, once, until {until}.",
        username=invitation.username,
        page=PAGE,
        code=invitation.code,
        until=format_instant(language(), invitation.expires_at),
    )
    click.echo(told)


def _read_password(*, from_stdin: bool) -> str:
    from agency_credit.web.i18n import translate

    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    tongue = language()
    password: str = click.prompt(
        translate(tongue, "Password"),
        hide_input=True,
        confirmation_prompt=translate(tongue, "The same password again"),
        err=True,
    )
    return password
