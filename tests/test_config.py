"""The config file: flag over environment over profile over default, for every option in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import click
import pytest
from click.core import ParameterSource
from support import run, start

from msgcli import config
from msgcli.commands import build, create, post
from msgcli.errors import UsageFault
from msgcli.options.settings import known_options
from msgcli.options.types import Count, Duration

KNOWN = known_options()
LEVELS = ("flag", "environment", "profile", "default section")
SOURCES = {
    "flag": ParameterSource.COMMANDLINE,
    "environment": ParameterSource.ENVIRONMENT,
    "profile": ParameterSource.DEFAULT_MAP,
    "default section": ParameterSource.DEFAULT_MAP,
}
SAMPLES = [((Count,), "1", "2"), ((Duration,), "3s", "4s"), ((click.FloatRange,), "0.5", "0.25")]


def samples(option: click.Option) -> tuple[str, str]:
    """Two values of the option, as texts."""
    if option.is_flag:
        return "true", "false"
    if isinstance(option.type, click.Choice):
        return option.type.choices[0], option.type.choices[1]
    return next(((a, b) for kinds, a, b in SAMPLES if isinstance(option.type, kinds)), ("a", "b"))


def variables(option: click.Option) -> list[str]:
    return [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or ())


def arguments(option: click.Option, key: str, value: str) -> list[str]:
    if option.is_flag:
        return [f"--{key}" if value == "true" else f"--no-{key}"]
    return [f"--{key}"] * int(value) if option.count else [f"--{key}", value]


@pytest.fixture
def parse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., click.Context]:
    """The context of `create` for these arguments, environment and config file."""
    for option in KNOWN.values():
        for name in (*variables(option), "MSGCLI_PROFILE"):
            monkeypatch.delenv(name, raising=False)

    def parse(
        args: list[str], env: dict[str, str], text: str, command: click.Command = create.command
    ) -> click.Context:
        (tmp_path / "config").write_text(text)
        monkeypatch.setenv("MSGCLI_CONFIG", str(tmp_path / "config"))
        with monkeypatch.context() as patch:
            for name, value in env.items():
                patch.setenv(name, value)
            return command.make_context("x", list(args))

    return parse


def cases(option: click.Option) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """The levels that give a value, the value of the highest, and that of all others."""
    levels = [level for level in LEVELS if level != "environment" or option.envvar]
    one, two = samples(option)
    for size in range(1, len(levels) + 1):
        for given in combinations(levels, size):
            yield given, one, two
            if given[0] != "flag" or not option.is_flag or option.secondary_opts:
                yield given, two, one


@pytest.mark.parametrize("key", sorted(KNOWN))
def test_flag_over_environment_over_profile_over_default(
    key: str, parse: Callable[..., click.Context]
) -> None:
    option = KNOWN[key]
    name = option.name or ""
    unset = parse([], {}, "")
    assert unset.get_parameter_source(name) is ParameterSource.DEFAULT
    for given, highest, others in cases(option):
        value = {level: highest if level == given[0] else others for level in given}
        text = f"[default]\n{key} = {value['default section']}\n" if given[-1] == LEVELS[3] else ""
        text += "[profile p]\n" + (f"{key} = {value['profile']}\n" if "profile" in value else "")
        env = {variables(option)[0]: value["environment"]} if "environment" in value else {}
        args = arguments(option, key, value["flag"]) if "flag" in value else []
        context = parse([*args, "--profile", "p"], env, text)
        assert context.get_parameter_source(name) is SOURCES[given[0]], given
        wanted = option.type_cast_value(context, [highest] if option.multiple else highest)
        assert context.params[name] == wanted, given


@pytest.mark.parametrize("key", sorted(key for key in KNOWN if KNOWN[key].envvar))
def test_an_empty_variable_is_an_unset_one(key: str, parse: Callable[..., click.Context]) -> None:
    option = KNOWN[key]
    value = samples(option)[0]
    env = dict.fromkeys(variables(option), "")
    context = parse([], env, f"[default]\n{key} = {value}\n")
    assert context.params[option.name or ""] == option.type_cast_value(context, value)


@pytest.mark.parametrize("key", sorted(key for key in KNOWN if KNOWN[key].multiple))
def test_a_repeatable_option_has_a_value_a_line(
    key: str, parse: Callable[..., click.Context]
) -> None:
    option = KNOWN[key]
    one, two = samples(option)
    context = parse([], {}, f"[default]\n{key} =\n  {one}\n  # between\n  {two}\n")
    assert context.params[option.name or ""] == (one, two)


def test_what_may_stand_in_it() -> None:
    takers = [create.command, build.command, post.command]
    options = {name for c in takers for p in c.params for name in p.opts}
    assert {f"--{key}" for key in KNOWN} < options
    assert not KNOWN.keys() & {"profile", "config", "prompt", "template", "body", "prefill"}
    assert not KNOWN.keys() & {"output", "format", "hold", "meta", "quiet", "api-key"}


def test_what_a_command_has_not_is_not_used_there(parse: Callable[..., click.Context]) -> None:
    text = "[default]\nmodel = m\nretries = 7\n"
    assert parse([], {}, text, build.command).params["model"] == "m"
    assert "retries" not in parse([], {}, text, build.command).params
    assert parse([], {}, text, post.command).params["retries"] == 7
    assert "model" not in parse([], {}, text, post.command).params


def test_an_empty_value_drops_what_is_inherited(parse: Callable[..., click.Context]) -> None:
    text = "[default]\nmodel = m\nstop = S\n[profile p]\nmodel =\nstop =\n"
    context = parse(["--profile", "p"], {}, text)
    assert context.params["model"] == "claude-sonnet-4-6"
    assert context.params["stop_sequences"] == ()


@pytest.mark.parametrize(
    ("inherited", "own"),
    [("api-key-file", "api-key-command"), ("system", "system-file"), ("system-file", "system")],
)
def test_an_alternative_replaces_what_is_inherited(
    inherited: str, own: str, parse: Callable[..., click.Context]
) -> None:
    text = f"[default]\n{inherited} = x\n[profile p]\n{own} = y\n"
    context = parse(["--profile", "p"], {}, text)
    assert context.params[inherited.replace("-", "_")] in (None, ())
    assert context.params[own.replace("-", "_")] in ("y", ("y",))


def test_files_below_the_home_folder(
    parse: Callable[..., click.Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/of")
    text = "[default]\ncacert = ~/ca\nsystem-file = ~/s\n  t\napi-key-command = ~/bin/key\n"
    params = parse([], {}, text).params
    assert params["cacert"] == "/home/of/ca"
    assert params["system_file"] == ("/home/of/s", "t")
    assert params["api_key_command"] == "~/bin/key"


def test_a_profile_is_found_by_any_name(parse: Callable[..., click.Context]) -> None:
    text = "\ufeff[default]\r\n[profile my own ünïcode]\r\nmodel = a;b # c = %(d)s ${e}\r\n"
    context = parse([], {"MSGCLI_PROFILE": "my own ünïcode"}, text)
    assert context.params["model"] == "a;b # c = %(d)s ${e}"


@pytest.mark.parametrize(
    ("xdg", "home", "file"),
    [
        ("/x", "/h", "/x/msgcli/config"),
        ("", "/h", "/h/.config/msgcli/config"),
        ("x", "/h", "/h/.config/msgcli/config"),
        ("", "h", None),
        ("", "", None),
        (None, None, None),
    ],
)
def test_the_default_file(
    xdg: str | None, home: str | None, file: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("XDG_CONFIG_HOME", xdg), ("HOME", home)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert config.default_file() == file


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[default]\nstop = a\n  b\n\n# c\n; d\n  e\nmodle = x\n", 8),
        ("[default]\n  indented = x\n", 2),
        ("[default]\nset =\n  modle = 1\n  model = 2\nmodle = x\n", 5),
        ("[default]\n\n\n[profile a]\nmodel = x\n[profile b]\nmodle = x\n", 7),
        ("[default]\r\nmodel = x\r\nmodle = y\r\n", 3),
        ("[default]\nmodel = \u2028\x0b\x85\nmodle = x", 3),
    ],
)
def test_the_line_is_that_of_the_key(
    text: str, line: int, parse: Callable[..., click.Context], tmp_path: Path
) -> None:
    with pytest.raises(UsageFault) as caught:
        parse([], {}, text)
    assert str(caught.value).startswith(f"{tmp_path}/config:{line}: no such option: ")


def test_a_body_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "[default]\nmodel = m\nmax-tokens = 5\nsystem = s\ntop-p = 1\nstream = no\nset = a=1\n"
    )
    body = {"model": "own", "messages": [{"role": "user", "content": "x"}], "stream": True}
    (tmp_path / "body").write_text(json.dumps(body))
    done = run("build", "--body", "body", "--config", "config", cwd=tmp_path)
    assert json.loads(done.stdout) == {**body, "max_tokens": 5}
    done = run("build", "--body", "body", "--config", "config", "-s", "t", cwd=tmp_path)
    assert json.loads(done.stdout) == {**body, "max_tokens": 5, "system": "t"}


RIGHT, WRONG = "sk-right-0001", "sk-wrong-0002"
BY_FILE, BY_COMMAND = "api-key-file = right", f"api-key-command = echo {RIGHT}"
BAD_FILE, BAD_COMMAND = "api-key-file = wrong", f"api-key-command = echo {WRONG}"


@pytest.mark.parametrize(
    ("settings", "args", "env"),
    [
        ([BY_FILE], [], {}),
        ([BY_COMMAND, "auth = bearer"], [], {}),
        ([BAD_FILE], [], {"ANTHROPIC_API_KEY": RIGHT}),
        ([BAD_COMMAND], [], {"ANTHROPIC_AUTH_TOKEN": RIGHT}),
        ([BY_FILE], [], {"ANTHROPIC_API_KEY": ""}),
        ([BAD_FILE], ["--api-key-command", f"echo {RIGHT}"], {}),
        ([BAD_COMMAND], ["--api-key-file", "right"], {"ANTHROPIC_API_KEY": WRONG}),
        # A profile's endpoint gets the profile's key, and never one that is another endpoint's.
        (["base-url = URL", BY_FILE], [], {"ANTHROPIC_API_KEY": WRONG}),
        (["base-url = URL", BY_COMMAND], [], {"ANTHROPIC_AUTH_TOKEN": WRONG}),
        (["base-url = URL"], [], {"ANTHROPIC_API_KEY": RIGHT}),
        (["base-url = URL", BAD_FILE], ["--base-url", "URL"], {"ANTHROPIC_API_KEY": RIGHT}),
        (["base-url = URL", BAD_FILE], ["--api-key-file", "right"], {"ANTHROPIC_API_KEY": WRONG}),
    ],
)
def test_which_key_is_sent(
    settings: list[str], args: list[str], env: dict[str, str], guarded: str, tmp_path: Path
) -> None:
    (tmp_path / "right").write_text(RIGHT)
    (tmp_path / "wrong").write_text(WRONG)
    own = any("base-url" in setting for setting in settings)
    text = "\n".join(["[default]", *settings]).replace("URL", guarded)
    (tmp_path / "config").write_text(text)
    done = run(
        "create",
        *(arg.replace("URL", guarded) for arg in args),
        *("--no-stdin", "-p", "hi", "--config", "config"),
        env={**env, **({} if own else {"ANTHROPIC_BASE_URL": guarded})},
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hi\n", b"")


@pytest.mark.parametrize(
    ("args", "env", "sent"),
    [
        ([], {}, {"x-a": "profile", "x-b": "profile"}),
        ([], {"ANTHROPIC_CUSTOM_HEADERS": "x-a: env"}, {"x-a": "env", "x-b": "profile"}),
        (["-H", "x-a: flag"], {"ANTHROPIC_CUSTOM_HEADERS": "x-a: env"}, {"x-a": "flag"}),
    ],
)
def test_which_headers_are_sent(
    args: list[str], env: dict[str, str], sent: dict[str, str], guarded: str, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[default]\nheader = x-a: profile\n  X-B: profile\n")
    env = {**env, "ANTHROPIC_BASE_URL": guarded, "ANTHROPIC_API_KEY": RIGHT}
    call = ("create", *args, "-vv", "-p", "hi", "--no-stdin", "--config", "config")
    lines = run(*call, env=env, cwd=tmp_path).stderr.decode().splitlines()
    headers = [line.split()[-2:] for line in lines if " x-" in line and "x-api-key" not in line]
    assert {name.rstrip(":"): value for name, value in headers} == sent


def test_which_proxy_is_asked(endpoint: str, tmp_path: Path) -> None:
    dead = "http://127.0.0.1:1"
    text = f"[default]\nbase-url = http://gateway.test\nauth = none\nretries = 0\nproxy = {dead}\n"
    (tmp_path / "config").write_text(text)
    call = ("create", "--no-stdin", "-p", "hi", "--config", "config")
    # What the endpoint is asked for as a proxy, it has not: 5. Nobody is there behind the other: 7.
    assert run(*call, cwd=tmp_path).returncode == 7
    assert run(*call, env={"http_proxy": endpoint}, cwd=tmp_path).returncode == 5
    call = (*call, "--proxy", dead)
    assert run(*call, env={"http_proxy": endpoint}, cwd=tmp_path).returncode == 7


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """An endpoint that accepts only the right key."""
    server = start("serve", "--require-key", env={"MSGCLI_SERVE_KEY": RIGHT}, stderr=None)
    yield server.stdout.readline().decode().strip()
    server.terminate()
    server.communicate(timeout=10)
