"""The options that choose a profile of the config file, which holds defaults of other options."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from msgcli import command, config
from msgcli.errors import MsgcliError, UsageFault
from msgcli.options.types import Function

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from msgcli.options.settings import Value

_CHOICE = "msgcli.choice"

# Of each set, a section that has one replaces all that it inherits.
_ALTERNATIVES = ({"api_key_file", "api_key_command"}, {"system", "system_file"})


def _choose(context: click.Context, param: click.Parameter, given: str | None) -> None:
    """Note what the option says; the one of the two that comes last has the file read."""
    label = command.given_by(context, param)
    if given == "" and not context.resilient_parsing:
        raise UsageFault(f"{label}: it is empty")
    choice = context.meta.setdefault(_CHOICE, {})
    choice[param.name] = (given, label)
    if len(choice) == 2 and not context.resilient_parsing:
        _load(context, *choice["config"], *choice["profile"])


def _load(
    context: click.Context, file: str | None, file_by: str, profile: str | None, profile_by: str
) -> None:
    """Make the settings of the profile the defaults of the command's options."""
    sections = config.read(file, file_by)
    profile = profile or "default"
    if sections is None:
        if profile != "default":
            where = config.default_file()
            hint = None if where is None else f"there is no {where}"
            raise UsageFault(f"{profile_by}: no such profile: {profile}", hint=hint)
        return
    from msgcli.options.settings import beside_body, check, known_options

    known = known_options()
    checked = {header: check(context, known, found) for header, found in sections.items()}
    if profile != "default" and f"profile {profile}" not in checked:
        raise UsageFault(f"{profile_by}: no such profile: {profile}")
    used = _inherit(checked.get("default", {}), checked.get(f"profile {profile}", {}))
    if command.is_given("body"):
        used = beside_body(used)
    context.default_map = {name: value for name, (value, _) in used.items()}
    command.note_places(context, {name: f"{s.place}: {s.key}" for name, (_, s) in used.items()})


def _inherit(default: dict[str, Value], own: dict[str, Value]) -> dict[str, Value]:
    replaced = {name for names in _ALTERNATIVES if names & own.keys() for name in names}
    merged = {**{name: v for name, v in default.items() if name not in replaced}, **own}
    return {name: v for name, v in merged.items() if v.value is not None}


def _complete(
    context: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    file, label = context.meta.get(_CHOICE, {}).get("config", (None, ""))
    try:
        sections = config.read(file, label) or {}
    except MsgcliError:
        return []
    names = [header.removeprefix("profile ") for header in sections]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


_PROFILE = click.option(
    "--profile",
    metavar="NAME",
    envvar="MSGCLI_PROFILE",
    is_eager=True,
    expose_value=False,
    callback=_choose,
    shell_complete=_complete,
    help="Use this profile of the config file.",
)
_CONFIG = click.option(
    "--config",
    metavar="FILE",
    envvar="MSGCLI_CONFIG",
    is_eager=True,
    expose_value=False,
    callback=_choose,
    help="Read this config file instead of the user's own.",
)


def profile_options(command: Function) -> Function:
    """Add --profile and --config, which act on all other options also when they are not given."""
    return _PROFILE(_CONFIG(command))
