"""The click command that all commands of msgcli are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from msgcli import stdio, terminal
from msgcli.errors import MsgcliError

_ORDER = "msgcli.order"
_PLACES = "msgcli.places"

T = TypeVar("T")


def write_help(context: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        stdio.write_stdout(context.get_help().encode("utf-8", "surrogateescape") + b"\n")
        context.exit()


def _be_quiet(context: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted:
        terminal.be_quiet()


class Command(click.Command):
    """A command with -q and -h, that knows in which order its options stood."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["-q", "--quiet"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_be_quiet,
                help="Errors only on standard error.",
            )
        )

    def get_help_option(self, ctx: click.Context) -> click.Option:
        return help_option()

    def make_parser(self, ctx: click.Context) -> Any:
        parser = super().make_parser(ctx)
        parse = parser.parse_args

        def parse_args(args: list[str]) -> Any:
            values, rest, order = parse(args)
            ctx.meta[_ORDER] = [param.name for param in order]
            return values, rest, order

        parser.parse_args = parse_args  # type: ignore[method-assign]
        return parser

    def invoke(self, ctx: click.Context) -> Any:
        """Have a fault call the options by what gave them their values."""
        try:
            return super().invoke(ctx)
        except MsgcliError as fault:
            what, colon, why = fault.message.partition(":")
            for param in self.params:
                if what in param.opts and _is_indirect(ctx, param):
                    fault.message = given_by(ctx, param) + colon + why
            raise


class Group(click.Group):
    """A command that has commands of its own, in one module."""

    def get_help_option(self, ctx: click.Context) -> click.Option:
        return help_option()


def help_option() -> click.Option:
    return click.Option(
        ["-h", "--help"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=write_help,
        help="Show this and exit.",
    )


def is_given(option: str) -> bool:
    """Whether the option stands on the command line."""
    return option in click.get_current_context().meta[_ORDER]


def is_from_profile(option: str) -> bool:
    """Whether the option has its value from the config file."""
    source = click.get_current_context().get_parameter_source(option)
    return source is ParameterSource.DEFAULT_MAP


def _is_indirect(context: click.Context, param: click.Parameter) -> bool:
    source = context.get_parameter_source(param.name or "")
    return source in (ParameterSource.ENVIRONMENT, ParameterSource.DEFAULT_MAP)


def note_places(context: click.Context, places: dict[str, str]) -> None:
    """Keep for `given_by` where in the config file the values of options stand."""
    context.meta[_PLACES] = places


def given_by(context: click.Context, param: click.Parameter) -> str:
    """How messages call an option: by its long name, or by the environment variable or the place
    in the config file that its value comes from."""
    source = context.get_parameter_source(param.name or "")
    if source is ParameterSource.DEFAULT_MAP:
        return str(context.meta[_PLACES][param.name])
    if source is ParameterSource.ENVIRONMENT:
        names = [param.envvar] if isinstance(param.envvar, str) else list(param.envvar or ())
        return next((name for name in names if os.environ.get(name)), param.opts[-1])
    return param.opts[-1] if param.opts[-1].startswith("--") else param.opts[0]


def plain(message: str) -> str:
    """A message of click as those of msgcli are: in lower case, without a full stop."""
    text = message.strip().rstrip(".")
    return text[:1].lower() + text[1:]


def in_order(context: click.Context, values: Mapping[str, Iterable[T]]) -> list[tuple[str, T]]:
    """The values of several repeatable options as (option, value), as they stood on the command
    line, where click keeps the order within an option only. If none did, those of the profile."""
    left = {name: iter(given) for name, given in values.items()}
    placed = [(name, next(left[name])) for name in context.meta[_ORDER] if name in left]
    return placed or [(name, value) for name, given in left.items() for value in given]
