"""The click command that all commands of msgcli are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import click

from msgcli import stdio, terminal

_ORDER = "msgcli.order"

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


def in_order(context: click.Context, values: Mapping[str, Iterable[T]]) -> list[tuple[str, T]]:
    """The values of several repeatable options as (option, value), as they stood on the command
    line, where click keeps the order within an option only."""
    left = {name: iter(given) for name, given in values.items()}
    return [(name, next(left[name])) for name in context.meta[_ORDER] if name in left]
