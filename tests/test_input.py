"""What is read: standard input in all its states, bytes as they are, any locale, any home."""

from __future__ import annotations

import json
import os
import pwd
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from badserver import BadServer
from misbehaviour import BEHAVIOURS
from support import ENV, MSGCLI, ROOT, run
from terminals import Terminal


@pytest.fixture(scope="module")
def bad() -> Iterator[BadServer]:
    with BadServer() as server:
        yield server


def shell(script: str, *args: str, **kwargs: Any) -> Any:
    """Run a shell script in which `msgcli` is the program and "$@" are `args`."""
    return subprocess.run(
        ["sh", "-c", script, "sh", *args], env=ENV, capture_output=True, check=False, **kwargs
    )


def prompt_of(built: bytes) -> str:
    content: str = json.loads(built)["messages"][0]["content"]
    return content


# Input that is none.


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("</dev/null", "the prompt is empty"),
        ("<&-", "the prompt is empty"),
        ("- <&-", "standard input: it is closed"),
        ("<empty", "the prompt is empty"),
        ("empty", "the prompt is empty"),
        ("empty empty", "the prompt is empty"),
        ("<white", "the prompt is empty"),
        ("white", "the prompt is empty"),
        ("<bom", "the prompt is empty"),
        ("bom", "the prompt is empty"),
        ("-p '' </dev/null", "the prompt is empty"),
        ("<nul", "standard input: a NUL at byte 1"),
        ("nul", "nul: a NUL at byte 1"),
        ("-p hi nul", "nul: a NUL at byte 1"),
        ("missing", "missing: no such file or directory"),
        (".", ".: is a directory"),
    ],
)
def test_input_that_is_none_is_found_before_the_connection(
    bad: BadServer, tmp_path: Path, script: str, words: str
) -> None:
    for name, data in (
        *(("empty", b""), ("white", b" \t\r\n\x0b\x0c\xc2\xa0\xe2\x80\xa8")),
        *(("bom", b"\xef\xbb\xbf"), ("nul", b"a\0b")),
    ):
        (tmp_path / name).write_bytes(data)
    call, connections = bad.call(BEHAVIOURS["good"]), bad.connections
    done = shell(f'"$@" {script}', *MSGCLI, "create", "--base-url", call.url, cwd=tmp_path)
    assert (done.returncode, done.stdout, bad.connections) == (3, b"", connections)
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(b"msgcli: ")
    assert words.encode() in done.stderr


# Input that is some: every byte of it, by whatever way it comes.

TEXTS = {
    "crlf": b"a\r\nb\r\n",
    "lone_cr": b"a\rb\r",
    "bom": b"\xef\xbb\xbfa\n",
    "second_bom": b"\xef\xbb\xbf\xef\xbb\xbfa\n",
    "line_separators": "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\n".encode(),
    "no_final_newline": b"a",
    "newlines": b"\n\na\n\n\n",
    "spaces": b"  a\t \n ",
    "controls": bytes(range(1, 32)) + b"\x7f",
    "wide": "\U0001f600\u00e9e\u0301\ufffd\uffff\n".encode(),
    "long": b"0123456789\r\n" * 30_000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_and_standard_input_send_the_same_bytes(tmp_path: Path, name: str) -> None:
    data = TEXTS[name]
    (tmp_path / "f").write_bytes(data)
    script = '"$@" f >1; "$@" <f >2; "$@" - <f >3; cat f | "$@" >4'
    assert shell(script, *MSGCLI, "build", cwd=tmp_path).stderr == b""
    built = {(tmp_path / number).read_bytes() for number in "1234"}
    assert len(built) == 1
    assert prompt_of(built.pop()).encode() == data.removeprefix(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b"\xff", 0),
        (b"abc\xe9def", 3),
        (b"\xef\xbb\xbfab\xff", 5),
        (b"ab\xe2\x82", 2),
        (b"\xed\xa0\x80", 0),
        (b"\xc0\xaf", 0),
        (b"x" * 65535 + b"\xc3\xa9" + b"\xf4\x90\x80\x80", 65537),
    ],
)
def test_bytes_that_are_no_utf_8_are_named_by_their_place(
    tmp_path: Path, data: bytes, offset: int
) -> None:
    (tmp_path / "f").write_bytes(data)
    for args, name in ((["f"], "f"), ([], "standard input")):
        done = run("build", *args, input=data, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (3, b"")
        line = done.stderr.decode()
        assert line.startswith(f"msgcli: {name}: ")
        assert f"byte {offset}" in line
        done = run("build", *args, "--input-errors", "replace", input=data, cwd=tmp_path)
        wanted = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
        assert prompt_of(done.stdout) == wanted


@pytest.mark.parametrize("args", ['"$name"', '--no-stdin -p "$name"', '-p hi "$name"'])
def test_the_input_of_a_loop_stays_for_the_loop(bad: BadServer, tmp_path: Path, args: str) -> None:
    call = bad.call(BEHAVIOURS["good"])
    for name in "abc":
        (tmp_path / name).write_text(name)
    loop = f'while read -r name; do "$@" {args}; done'
    command = [*MSGCLI, "create", "--base-url", call.url]
    done = shell(loop, *command, cwd=tmp_path, input=b"a\nb\nc\n")
    assert (done.stdout, done.stderr) == (b"Hello, world\n" * 3, b"")
    assert [request.text[-1] for request in call.requests] == ["a", "b", "c"]


@pytest.mark.parametrize("each", ["line", "jsonl"])
def test_a_record_ends_with_a_newline_and_with_nothing_else(each: str) -> None:
    text = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\rh"
    line = text if each == "line" else json.dumps({"text": text}, ensure_ascii=False)
    template = ["-t", "$text"] if each == "jsonl" else []
    done = run("build", "--each", each, *template, input=f"{line}\n{line}".encode())
    assert done.returncode == 0, done.stderr
    bodies = [json.loads(record)["params"] for record in done.stdout.split(b"\n")[:-1]]
    assert [body["messages"][0]["content"] for body in bodies] == [text] * 2


# A terminal, and a pipe from which nothing comes.


def test_at_a_terminal_it_says_what_it_waits_for(bad: BadServer) -> None:
    call = bad.call(BEHAVIOURS["repeat"])
    with Terminal("msgcli", "create", "--base-url", call.url) as terminal:
        hint = terminal.read_until(b"\n")
        terminal.type(b"first\nsecond\n\x04")
        assert terminal.finish() == b"first\nsecond\n"
        assert terminal.process.returncode == 0
    assert hint.startswith(b"msgcli: reading the prompt from the terminal; ^D")


@pytest.mark.parametrize("args", [["-p", "hi"], ["-t", "hi"], ["--no-stdin", "-p", "hi"]])
def test_with_a_prompt_a_terminal_is_not_read(bad: BadServer, args: list[str]) -> None:
    call = bad.call(BEHAVIOURS["repeat"])
    with Terminal("msgcli", "create", "--base-url", call.url, *args) as terminal:
        assert terminal.finish() == b"hi\n"
        assert terminal.process.returncode == 0


def test_after_five_seconds_it_says_what_it_waits_for(bad: BadServer) -> None:
    call = bad.call(BEHAVIOURS["good"])
    reading, writing = os.pipe()
    command = [*MSGCLI, "create", "-p", "hi", "--base-url", call.url]
    started = time.monotonic()
    process = subprocess.Popen(command, env=ENV, stdin=reading, stderr=subprocess.PIPE)
    os.close(reading)
    assert process.stderr is not None
    assert select.select([process.stderr], [], [], 20)[0]
    notice = process.stderr.readline()
    assert 5 <= time.monotonic() - started < 7
    os.close(writing)
    assert process.communicate(timeout=10)[1] == b""
    assert process.returncode == 0
    assert notice.startswith(b"msgcli: waiting for the prompt on standard input; --no-stdin")


# Locales: the same UTF-8 everywhere.

LOCALES = {
    "C": {"LC_ALL": "C"},
    "POSIX": {"LC_ALL": "POSIX"},
    "ascii": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "unknown": {"LC_ALL": "xx_YY.KOI8-R"},
    "none": {"LC_ALL": "", "LANG": ""},
    "io_latin_1": {"PYTHONIOENCODING": "latin-1"},
    "io_ascii": {"PYTHONIOENCODING": "ascii:strict"},
    "latin_1": {"LC_ALL": "de_DE.ISO-8859-1", "PYTHONUTF8": "0"},
}
WORD = "h\u00e9 \u4e2d \U0001f600"


@pytest.fixture(scope="module")
def locales(tmp_path_factory: Any) -> str:
    """A folder with a Latin-1 locale, if one can be made here."""
    folder = str(tmp_path_factory.mktemp("locales"))
    if shutil.which("localedef") is not None:
        command = ["localedef", "-i", "de_DE", "-f", "ISO-8859-1", f"{folder}/de_DE.ISO-8859-1"]
        subprocess.run(command, check=False, capture_output=True)
    return folder


@pytest.mark.parametrize("name", LOCALES)
def test_every_locale_sends_and_writes_the_same(
    bad: BadServer, tmp_path: Path, locales: str, name: str
) -> None:
    env = LOCALES[name]
    if name == "latin_1":
        env = {**env, "LOCPATH": locales}
        show = [sys.executable, "-c", "import sys; print(sys.getfilesystemencoding())"]
        found = subprocess.run(show, env={**ENV, **env}, capture_output=True, check=False).stdout
        if found.strip() != b"iso8859-1":
            pytest.skip("there is no Latin-1 locale here")
    file = tmp_path / WORD
    file.write_text(WORD)
    call = bad.call(BEHAVIOURS["repeat"])
    args = ["-p", WORD, "-s", WORD, "-o", f"{tmp_path}/{WORD} out", "--stop", WORD, str(file), "-"]
    env = {**env, "MSGCLI_MODEL": WORD}
    done = run("create", "--base-url", call.url, *args, input=WORD.encode(), env=env)
    assert (done.returncode, done.stderr) == (0, b"")
    text = "\n\n".join([WORD] * 3)
    body = json.loads(call.requests[0].body)
    assert body["messages"][0]["content"] == text
    assert [body["model"], body["system"], *body["stop_sequences"]] == [WORD] * 3
    assert (tmp_path / f"{WORD} out").read_text(encoding="utf-8") == text + "\n"
    done = run("create", "--base-url", call.url, input=WORD.encode(), env=env)
    assert done.stdout == f"{WORD}\n".encode()
    done = run("build", f"{tmp_path}/no {WORD}", env=env)
    assert f"no {WORD}: no such file".encode() in done.stderr


def test_arguments_that_are_no_utf_8(tmp_path: Path) -> None:
    name = os.path.join(os.fsencode(tmp_path), b"\xff\xe9")
    with open(name, "w") as file:
        file.write("hi")
    done = subprocess.run([*MSGCLI, "build", name], env=ENV, capture_output=True, check=False)
    assert prompt_of(done.stdout) == "hi"
    for option in ("-p", "-m", "-s", "--stop"):
        command = [*MSGCLI, "build", "--no-stdin", "-p", "hi", option, b"a\xff"]
        done = subprocess.run(command, env=ENV, capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (2, b"")
        assert b"UTF-8" in done.stderr
        assert done.stderr.count(b"\n") == 1


# Homes.


def check_home(bad: BadServer, folder: Path, env: dict[str, str], *before: str) -> None:
    """A call works, and leaves nothing in `folder`, which is the working folder."""
    call = bad.call(BEHAVIOURS["good"])
    there = set(folder.rglob("*"))
    command = [*before, *MSGCLI, "create", "--base-url", call.url, "--no-stdin", "-p", "hi"]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Hello, world\n", b"")
    assert set(folder.rglob("*")) == there


@pytest.mark.parametrize("home", ["", "relative", "missing/folder", "/no/such", "/dev/null", "~"])
def test_any_home_will_do(bad: BadServer, tmp_path: Path, home: str) -> None:
    (tmp_path / "relative").mkdir()
    check_home(bad, tmp_path, {**ENV, "HOME": home})
    check_home(bad, tmp_path, {**ENV, "HOME": home, "XDG_CONFIG_HOME": home})


def test_no_home_and_no_other_variable_will_do(bad: BadServer, tmp_path: Path) -> None:
    check_home(bad, tmp_path, {"PYTHONPATH": ROOT, "PYTHONDONTWRITEBYTECODE": "1"})


@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_a_home_without_rights_will_do(bad: BadServer, mode: int) -> None:
    """As somebody to whom rights mean something."""
    with tempfile.TemporaryDirectory() as home:
        before: list[str] = []
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody").pw_uid
            before = ["setpriv", f"--reuid={nobody}", "--clear-groups"]
            if shutil.which("setpriv") is None:
                pytest.skip("root has every right, and there is no setpriv to become another")
            if subprocess.run([*before, *MSGCLI, "--version"], env=ENV, check=False).returncode:
                pytest.skip("nobody but root may run the program here")
            os.chown(home, nobody, -1)
        os.chmod(home, mode)
        check_home(bad, Path(ROOT, "man"), {**ENV, "HOME": home}, *before)
        os.chmod(home, 0o700)
        assert os.listdir(home) == []


# JSON that is none, or too much.

# fmt: off
BODIES = [
    (b'{"a": 1,\n"b": NaN}',                       "line 2"),
    (b'{"a": 1,\n\n"b": -Infinity}',               "line 3"),
    (b'{"a": 1,\n"a": 2}',                         "line 2"),
    (b'{"a":\n' + b"[" * 100_000,                  "nested too deeply"),
    (b'{"a":\n' + b"[" * 5000 + b"]" * 5000 + b"}", "nested too deeply"),
    (b'{"a":\n' + b"1" * 5000 + b"}",              "line 2"),
    (b'{"a":\n"\xff"}',                            "byte 7"),
    (b'{"a": 1',                                   "line 1"),
    (b"[1]",                                       "not a JSON object"),
    (b"",                                          ""),
]
# fmt: on


@pytest.mark.parametrize(("body", "words"), BODIES)
def test_a_body_that_is_no_json_is_found_before_the_connection(
    bad: BadServer, tmp_path: Path, body: bytes, words: str
) -> None:
    call, connections = bad.call(BEHAVIOURS["good"]), bad.connections
    (tmp_path / "body").write_bytes(body)
    posted = run("post", "--base-url", call.url, input=body)
    args = ("--no-stdin", "-p", "hi", "--body", f"{tmp_path}/body")
    created = run("create", "--base-url", call.url, *args)
    for done in (posted, created):
        assert (done.returncode, done.stdout, bad.connections) == (3, b"", connections)
        assert done.stderr.count(b"\n") == 1
        assert words.encode() in done.stderr
        assert b"internal" not in done.stderr
