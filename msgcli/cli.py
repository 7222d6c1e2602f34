"""The command tree, and the only place where an exception becomes an exit status."""

from __future__ import annotations

import os
from importlib import import_module
from typing import NoReturn

import click

from msgcli import __version__, ending, stdio
from msgcli.command import given_by, help_option, plain
from msgcli.errors import Failure, MsgcliError, UsageFault


def _write_version(context: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        stdio.write_stdout(f"msgcli {__version__}\n".encode())
        context.exit()


class Tree(click.Group):
    """The commands are the modules of `msgcli.commands`; only the one that is named is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from msgcli import commands

        names = {name.partition(".")[0] for name in os.listdir(commands.__path__[0])}
        return sorted(name.replace("_", "-") for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(f"msgcli.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def get_help_option(self, ctx: click.Context) -> click.Option:
        return help_option()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does, but from the first line of each module instead of the module itself."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(name)) for name in self.list_commands(ctx)])


def _summary(name: str) -> str:
    from msgcli import commands

    path = os.path.join(commands.__path__[0], name.replace("-", "_") + ".py")
    with open(path, encoding="utf-8") as module:
        return module.readline().strip().strip('"')


@click.command("msgcli", cls=Tree, no_args_is_help=False)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_write_version,
    help="Show the version and exit.",
)
def tree() -> None:
    """Unix-style client for endpoints that speak the Anthropic Messages API format."""


def _usage(error: click.UsageError) -> UsageFault:
    """One line in the user's names for what click says of the command line."""
    where = ""
    if isinstance(error, click.BadParameter) and error.param is not None:
        where = f"{_given_by(error)}: "
        text = error.message
        if isinstance(error, click.MissingParameter):
            text = "it is missing"
    elif isinstance(error, click.NoSuchOption):
        where, text = f"{error.option_name}: ", "no such option"
        if error.possibilities:
            text += f", did you mean {' or '.join(sorted(error.possibilities))}"
    elif isinstance(error, click.BadOptionUsage):
        where, text = f"{error.option_name}: ", error.message
    else:
        text = error.message
    at_top = error.ctx is not None and error.ctx.parent is None
    hint = "msgcli --help lists the commands" if at_top else None
    return UsageFault(where + plain(text), hint=hint)


def _given_by(error: click.BadParameter) -> str:
    param, context = error.param, error.ctx
    assert param is not None
    assert context is not None
    if isinstance(param, click.Argument):
        return param.make_metavar(context)
    return given_by(context, param)


def _run() -> MsgcliError | None:
    try:
        result = tree.main(stdio.arguments(), prog_name="msgcli", standalone_mode=False)
    except click.UsageError as error:
        return _usage(error)
    except click.ClickException as error:
        return Failure(error.message)
    except MsgcliError as error:
        return error
    return result if isinstance(result, MsgcliError) else None


def main() -> NoReturn:
    """Run the command line, and end the process with the status that it comes to."""
    stdio.prepare()
    stdio.read_environment_as_utf8()
    try:
        error = _run()
    except Exception as unforeseen:
        if os.environ.get("MSGCLI_DEBUG") == "1":
            raise
        kind = type(unforeseen).__name__
        error = Failure(f"internal error: {kind}: {unforeseen}", hint="MSGCLI_DEBUG=1 shows where")
    ending.end(error.status if error is not None else 0, error)
