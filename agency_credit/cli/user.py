"""`agency-credit user …`: the accounts of the people of the office."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from agency_credit.cli.report import echo_rows, format_option, language
from agency_credit.cli.run_office import as_option, load_operator_of, run_in_office
from agency_credit.domain.role import Role

if TYPE_CHECKING:
    from agency_credit.services.office import Office

stdin_option = click.option(
    "--password-stdin",
    "from_stdin",
    is_flag=True,
    help="Read the password from the first line of standard input instead of asking.",
)


@click.group("user")
def group() -> None:
    """People of the office: add, password, list."""


@group.command("add")
@click.argument("username", metavar="NAME")
@click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in Role]),
    multiple=True,
    required=True,
    help="May be given several times; nobody approves his own work all the same.",
)
@click.option("--certificate", help="Of the inspector whose account it is.")
@click.option("--display-name", help="How the pages call the person; default: NAME.")
@stdin_option
@as_option
def add(
    username: str,
    roles: tuple[str, ...],
    certificate: str | None,
    display_name: str | None,
    from_stdin: bool,
    user: str | None,
) -> None:
    """Open an account."""
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
    from agency_credit.services.people import load_people

    async def work(_: Office) -> list[dict[str, object]]:
        return await load_people()

    echo_rows(run_in_office(work), form)


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
