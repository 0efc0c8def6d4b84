"""`agency-credit …`: one file a command group, loaded only when it is called.

Exit status: 0 done, 1 the answer is no, 2 unusable input or arguments, 3 refused (not allowed in
this state), 70 a fault of ours.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

# command -> (module below agency_credit.cli, attribute, one line for --help)
COMMANDS = {
    "audit": ("audit", "group", "The audit lines: verify their chain."),
    "backup": ("backup", "group", "Encrypted backups: make, keys, recipient, verify, restore."),
    "daily": ("daily", "command", "What the passing of a day asks for: public log, ratings."),
    "demo": ("demo", "command", "Run the whole main job on sample data, then serve it."),
    "doctor": ("doctor", "command", "Look for what is wrong with this installation, and say what to do."),
    "draw": ("draw", "group", "The draw protocol on files alone: compute, rehearse."),
    "import": ("import_", "command", "Import a workbook or csv of an office."),
    "key": ("key", "group", "The key that signs the public log: show, rotate."),
    "log": ("log", "group", "The public log: checkpoint, fsck, accept-fork."),
    "rules": ("rules", "group", "Rule packs: lint, show; changes: import, changes, decide."),
    "score": ("score", "command", "Points and tier of agencies on a day."),
    "serve": ("serve", "command", "Serve the pages and the API."),
    "template": ("template", "command", "Write the template workbook of a kind of list."),
    "user": ("user", "group", "People of the office: invite, add, roles, close, list."),
    "verify": ("verify", "command", "Recompute a published draw from its files."),
}


class _LazyGroup(click.Group):
    """Knows the names and one-liners; imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][2]) for name in self.list_commands(ctx)])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="agency-credit")
def root() -> None:
    """Supervision of patent and trademark agencies: credit files and draws anybody can recompute."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with the status that the module docstring names."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status instead of leaving the process."""
    try:
        result: Any = root.main(args=arguments, prog_name="agency-credit", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("aborted", err=True)
        return 3
    except click.ClickException as error:
        error.show()
        return 2
    except Exception as error:  # noqa: BLE001  (the edge: everything becomes an exit status)
        return _report(error)
    return result if isinstance(result, int) else 0


def _report(error: Exception) -> int:
    from agency_credit.cli.report import report_error

    return report_error(error)
