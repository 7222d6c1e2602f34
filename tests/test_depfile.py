"""--depfile: the rule that make reads, for every name that one can have in it."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import certifi
import pytest
from support import ENV, run

from msgcli.depfile import rule
from msgcli.errors import UsageFault

BODY = '{"model":"m","max_tokens":50,"messages":[]}'


def create(
    folder: Path, endpoint: str, *args: str, **kwargs: object
) -> subprocess.CompletedProcess:
    env = {"ANTHROPIC_BASE_URL": endpoint, "ANTHROPIC_API_KEY": "k", **kwargs.pop("env", {})}
    return run("create", *args, cwd=folder, env=env, **kwargs)


def test_a_rule_names_every_file_that_the_request_was_built_from(
    endpoint: str, tmp_path: Path
) -> None:
    tool = '{"name":"t","input_schema":{"type":"object"}}'
    texts = {
        "prompt.txt": "hello",
        "other.txt": "more",
        "template": "Say: $input",
        "system": "Be brief.",
        "body.json": BODY,
        "tool.json": tool,
        "note.txt": "attached",
        "config": "[default]\nmodel = m\n",
        "key": "sk-secret",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    options = ("-o", "out", "--depfile", "out.d", "--body", "body.json", "--tool", "tool.json")
    options += ("--template-file", "template", "--system-file", "system", "-a", "note.txt")
    options += ("--config", "config", "--api-key-file", "key", "--cacert", certifi.where())
    options += ("--conversation", "talk", "prompt.txt", "-", "other.txt", "prompt.txt")
    done = create(tmp_path, endpoint, *options, input=b"from stdin")
    assert (done.returncode, done.stderr) == (0, b"")
    lines = (tmp_path / "out.d").read_text().split("\n")
    head = lines[: lines.index("")]
    assert head[0] == "out: \\"
    assert all(line.endswith(" \\") for line in head[:-1])
    named = [line.removesuffix(" \\").removeprefix(" ") for line in head[1:]]
    sources = {"prompt.txt", "other.txt", "template", "system", "body.json", "tool.json"}
    assert sorted(named) == sorted(sources | {"note.txt", "config"})
    assert [line for line in lines[len(head) :] if line] == [f"{name}:" for name in named]


def test_a_schema_is_a_source(endpoint: str, tmp_path: Path) -> None:
    pytest.importorskip("jsonschema")
    (tmp_path / "schema.json").write_text("{}")
    done = create(
        tmp_path, endpoint, "-o", "out", "--depfile", "d", "--schema", "schema.json", input=b"7"
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "d").read_text() == "out: \\\n schema.json\n\nschema.json:\n"


def test_what_is_no_file_is_no_source(endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "real").write_text("a")
    os.mkfifo(tmp_path / "fifo")
    script = "cat real >fifo & msgcli create -o out --depfile d fifo /dev/fd/5 <(cat real) 5<real"
    env = {**ENV, "ANTHROPIC_BASE_URL": endpoint}
    subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, check=True)
    assert (tmp_path / "out").read_text() == "a\n\na\n\na\n"
    assert (tmp_path / "d").read_text() == "out:\n"


def test_post_has_a_rule_for_its_body(endpoint: str, tmp_path: Path) -> None:
    body = BODY.replace("[]", '[{"role":"user","content":"hi"}]')
    (tmp_path / "body.json").write_text(body)
    env = {"ANTHROPIC_BASE_URL": endpoint}
    args = ("post", "-o", "reply", "--depfile", "d", "body.json")
    assert run(*args, cwd=tmp_path, env=env).returncode == 0
    assert (tmp_path / "d").read_text() == "reply: \\\n body.json\n\nbody.json:\n"


def test_it_needs_an_output_file(endpoint: str, tmp_path: Path) -> None:
    for output in ((), ("-o", "-")):
        done = create(tmp_path, endpoint, "--depfile", "d", *output, input=b"hi")
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr == b"msgcli: --depfile: there is no -o FILE that it is about\n"


def test_it_is_written_for_a_whole_answer_only(endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "d").write_text("old")
    done = create(tmp_path, endpoint, "-o", "out", "--depfile", "d", "-n", "1", input=b"much text")
    assert done.returncode == 10
    assert (tmp_path / "d").read_text() == "old"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["no/d", ".", "bad\nname/d"])
def test_one_that_cannot_be_written_is_found_before_the_request(tmp_path: Path, name: str) -> None:
    dead = "http://127.0.0.1:9"
    done = create(tmp_path, dead, "-o", "out", "--depfile", name, input=b"hi")
    assert done.returncode == 14
    assert os.listdir(tmp_path) == []


def test_a_full_disk_leaves_both_files_as_they_were(endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    done = create(tmp_path, endpoint, "-o", "out", "--depfile", "/dev/full", input=b"hi")
    assert (done.returncode, done.stderr) == (14, b"msgcli: /dev/full: no space left on device\n")
    assert (tmp_path / "out").read_text() == "old"


def test_its_mode_is_by_the_umask(endpoint: str, tmp_path: Path) -> None:
    args = ("-o", "out", "--depfile", "d")
    create(tmp_path, endpoint, *args, input=b"hi", preexec_fn=lambda: os.umask(0o027))
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["a;b", "a|b", "a\nb", "a\tb", "a\\", "a(b)"])
def test_a_name_that_make_cannot_have_is_an_error_before_the_request(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("hi")
    done = create(tmp_path, "http://127.0.0.1:9", "-o", "out", "--depfile", "d", name)
    assert done.returncode == 2
    assert b"is a name that no rule of make can have in it" in done.stderr
    with pytest.raises(UsageFault):
        rule(name, [])


MAKEFILE = "all: out\nout:\n\t@echo made >$@; echo made\n-include d\n"
NAMES = ["plain", "two words", "a#b", "a$b", "a$$b", "a\\b", "a\\ b", "a\\\\ b", "a\\#b", "a:b"]
NAMES += ["a%b", "a\\%b", "a*b", "a[1]b", "a?b", "~a", "x~y", "a=b c", "date=2026", "a:=b", "a&b"]
NAMES += ["a,b", "(1) a", "a (1).txt", "-a", "+a", "@a", "export a", "é", "'a\"", "a`b`", "include"]


@pytest.mark.parametrize("name", NAMES)
def test_make_reads_the_name_as_it_is(tmp_path: Path, name: str) -> None:
    def make() -> tuple[int, str]:
        done = subprocess.run(
            ["make"], cwd=tmp_path, env=ENV, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "d").write_bytes(rule("out", ["other", name]))
    (tmp_path / "other").write_text("")
    (tmp_path / name).write_text("")
    # What a wildcard would find in place of the name.
    (tmp_path / "a1b").write_text("")
    os.utime(tmp_path / "other", (1, 1))
    os.utime(tmp_path / name, (1, 1))
    made, nothing = (0, "made\n"), (0, "make: Nothing to be done for 'all'.\n")
    assert make() == made
    assert make() == nothing
    os.utime(tmp_path / "out", (9, 9))
    os.utime(tmp_path / name, (10, 10))
    assert make() == made
    (tmp_path / name).unlink()
    assert make() == made


@pytest.mark.parametrize("name", NAMES)
def test_make_reads_the_target_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    (tmp_path / "Makefile").write_bytes(rule(name, ["source"]))
    done = subprocess.run(
        ["make", "-rR", "--print-data-base", "--question"],
        cwd=tmp_path,
        env=ENV,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"\n{name}: source\n" in done.stdout.replace("\\:", ":"), done.stderr


def test_a_target_is_not_its_own_source() -> None:
    assert rule("a", ["a", "b"]) == b"a: \\\n b\n\nb:\n"


def test_bytes_that_are_no_utf8_stay() -> None:
    name = b"\xff".decode("utf-8", "surrogateescape")
    assert rule("a", [name]) == b"a: \\\n \xff\n\n\xff:\n"
