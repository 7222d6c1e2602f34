"""The pages say what the program does, and the program what the pages say."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from pages import FORMATS, PAGES, items, page_options, path, prose, section, source
from support import ROOT, run

from msgcli import errors
from msgcli.cli import tree
from msgcli.errors import MsgcliError

# Requests reads these, in lower case too.
PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
_VARIABLE = re.compile(r"\b_?(?:MSGCLI|ANTHROPIC)_[A-Z_]*[A-Z]\b")


def contexts() -> dict[str, click.Context]:
    """The context of each command, by the name of its page."""
    top = click.Context(tree, info_name="msgcli")
    found = {"msgcli": top}
    for name in tree.list_commands(top):
        command = tree.get_command(top, name)
        assert command is not None, name
        found[f"msgcli-{name}"] = click.Context(command, parent=top, info_name=name)
    return found


CONTEXTS = contexts()
COMMANDS = sorted(CONTEXTS)


def options_of(context: click.Context) -> list[click.Option]:
    """The options of a command, of a group those of its commands too, each once."""
    command = context.command
    params = list(command.get_params(context))
    if isinstance(command, click.Group) and context.parent is not None:
        for inner in command.commands.values():
            params += inner.get_params(click.Context(inner, parent=context))
    return list({p.opts[-1]: p for p in params if isinstance(p, click.Option)}.values())


OPTIONS = [
    pytest.param(page, option, id=f"{page}-{option.opts[-1]}")
    for page, context in CONTEXTS.items()
    for option in options_of(context)
]


def named_default(option: click.Option) -> str | None:
    match = re.search(r"; default (\S+)\.$", option.help or "")
    return match and match.group(1)


def test_every_command_has_a_page_and_every_page_a_command() -> None:
    assert PAGES == COMMANDS


@pytest.mark.parametrize("page", COMMANDS)
def test_options_are_those_of_the_page(page: str) -> None:
    listed = page_options(page)
    documented = {option.names: option.argument for option in listed}
    assert len(documented) == len(listed)
    assert documented == {
        frozenset((*option.opts, *option.secondary_opts)): (
            None if option.is_flag or option.count else option.metavar
        )
        for option in options_of(CONTEXTS[page])
    }


@pytest.mark.parametrize(("page", "option"), OPTIONS)
def test_help_line_says_what_the_page_says(page: str, option: click.Option) -> None:
    help = option.help or ""
    assert help.endswith(".")
    assert "\n" not in help
    assert len(help) <= 60
    text = next(o.text for o in page_options(page) if o.names >= set(option.opts))
    variables = [option.envvar] if isinstance(option.envvar, str) else option.envvar or ()
    for variable in variables:
        assert f".Ev {variable}" in text
    default = named_default(option)
    if default is not None:
        assert re.search(rf"default is\b.* {re.escape(default)}[;.]", prose(text) + ".")
        convert = option.type.convert
        context = CONTEXTS[page]
        assert convert(default, option, context) == convert(option.default, option, context)


@pytest.mark.parametrize("page", COMMANDS)
def test_page_begins_with_its_command(page: str) -> None:
    lines = source(page).splitlines()
    assert lines[1] == f".Dt {page.upper()} 1"
    assert section(page, "NAME")[0] == f".Nm {page}"
    assert section(page, "SYNOPSIS")[0].split(" Op ")[0] == f".Nm {page.replace('-', ' ', 1)}"


@pytest.mark.parametrize("page", COMMANDS + FORMATS)
def test_page_is_mdoc_without_a_complaint(page: str) -> None:
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not here")
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", path(page)], capture_output=True
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


@pytest.mark.parametrize("page", COMMANDS + FORMATS)
def test_lexgrog_finds_the_name(page: str) -> None:
    if shutil.which("lexgrog") is None:
        pytest.skip("lexgrog is not here")
    done = subprocess.run(["lexgrog", path(page)], capture_output=True, text=True)
    what = section(page, "NAME")[1].removeprefix(".Nd ")
    assert done.stdout.strip().partition(": ")[2] == f'"{page} - {what}"'


@pytest.mark.parametrize("page", COMMANDS)
def test_references_lead_somewhere(page: str) -> None:
    named = set(re.findall(r"^\.(?:It )?Xr (msgcli\S*) 1", source(page), re.MULTILINE))
    assert named <= set(PAGES)
    assert set(re.findall(r"^\.(?:It )?Xr (\S*) 5", source(page), re.MULTILINE)) <= set(FORMATS)
    others = {"msgcli"} if page != "msgcli" else set(COMMANDS) - {"msgcli"}
    assert others <= named
    listed = [line for line in section(page, "SEE ALSO") if line.startswith(".Xr ")]
    assert listed == sorted(listed, key=lambda line: line.split()[2:0:-1])


def test_overview_lists_the_commands() -> None:
    listed = [head.split()[1] for head, _ in items(section("msgcli", "DESCRIPTION"), "Xr")]
    assert sorted(listed) == [page for page in PAGES if page != "msgcli"]


def test_help_shows_in_one_line_what_each_command_does() -> None:
    listed = run("--help").stdout.decode().partition("Commands:\n")[2].splitlines()
    wanted = {page[7:]: c.command.help for page, c in CONTEXTS.items() if page != "msgcli"}
    assert dict(line.split(None, 1) for line in listed) == wanted


def test_exit_statuses_are_those_of_the_errors() -> None:
    classes = [c for c in vars(errors).values() if isinstance(c, type) and c is not MsgcliError]
    statuses = {str(c.status): c.__doc__ for c in classes if issubclass(c, MsgcliError)}
    listed = dict(items(section("msgcli", "EXIT STATUS"), ""))
    assert listed.pop("0") == (
        "the reply is complete: end_turn, stop_sequence, or a reason named by --accept"
    )
    assert listed == statuses


def variables_read() -> set[str]:
    """The environment variables that the sources read, or name."""
    found = set()
    for module in (Path(ROOT) / "msgcli").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(_VARIABLE.findall(node.value))
            elif isinstance(node, (ast.Call, ast.Subscript)):
                taken, given = (
                    (node.func, node.args[:1])
                    if isinstance(node, ast.Call)
                    else (node.value, [node.slice])
                )
                if "environ" in ast.unparse(taken) or ast.unparse(taken) == "os.getenv":
                    found |= {a.value for a in given if isinstance(a, ast.Constant)}
    return found


def test_environment_is_what_the_sources_read() -> None:
    heads = [head for head, _ in items(section("msgcli", "ENVIRONMENT"), "Ev")]
    listed = [name for head in heads for name in head.removeprefix("Ev ").split(" , ")]
    assert len(listed) == len(set(listed))
    assert set(listed) == variables_read() | PROXIES
