"""The folder examples/: each of them is run as its user would run it, against a local endpoint."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import BIN, ENV, ROOT

EXAMPLES = Path(ROOT) / "examples"
Serve = Callable[..., str]


def run(command: str | list[str], folder: Path, env: dict[str, str]) -> Any:
    return subprocess.run(
        command,
        shell=isinstance(command, str),
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def asked(log: Path) -> int:
    return len(log.read_text().splitlines()) if log.exists() else 0


class TestMakefile:
    @pytest.fixture
    def desk(self, tmp_path: Path) -> Path:
        shutil.copytree(
            EXAMPLES, tmp_path / "desk", ignore=shutil.ignore_patterns("summaries", ".replies")
        )
        return tmp_path / "desk"

    @pytest.fixture
    def log(self, tmp_path: Path) -> Path:
        return tmp_path / "log"

    @pytest.fixture
    def env(self, serve: Serve, log: Path) -> dict[str, str]:
        return {**ENV, "ANTHROPIC_BASE_URL": serve("--log", str(log))}

    def make(self, desk: Path, env: dict[str, str], *args: str) -> list[str]:
        """The summaries that are made."""
        done = run(["make", "-j4", *args], desk, env)
        assert (done.returncode, done.stderr) == (0, "")
        return sorted(re.findall(r"-o summaries/(\w+)\.txt", done.stdout))

    def test_only_what_has_changed_is_made_again(
        self, desk: Path, env: dict[str, str], log: Path
    ) -> None:
        every = sorted(path.stem for path in (desk / "texts").iterdir())
        assert len(every) > 2
        assert self.make(desk, env) == every
        for name in every:
            text = (desk / "texts" / f"{name}.txt").read_text()
            assert text in (desk / "summaries" / f"{name}.txt").read_text()
        assert self.make(desk, env) == []
        (desk / "texts" / "library.txt").write_text("New.")
        assert self.make(desk, env) == ["library"]
        assert "New." in (desk / "summaries" / "library.txt").read_text()
        assert asked(log) == len(every) + 1
        (desk / "texts" / "orchard.txt").touch()
        assert self.make(desk, env) == ["orchard"]
        assert asked(log) == len(every) + 1
        (desk / "prompt.txt").write_text("In one word: $input")
        assert self.make(desk, env) == every
        assert asked(log) == 2 * len(every) + 1
        run(["make", "clean"], desk, env)
        assert self.make(desk, env) == every
        assert asked(log) == 2 * len(every) + 1

    def test_a_failure_leaves_the_old_summary_and_is_an_error(
        self, desk: Path, env: dict[str, str], serve: Serve
    ) -> None:
        self.make(desk, env)
        old = (desk / "summaries" / "library.txt").read_text()
        (desk / "texts" / "library.txt").write_text("New.")
        broken = {**env, "ANTHROPIC_BASE_URL": serve("--fault", "cut")}
        done = run(["make", "-k"], desk, broken)
        assert done.returncode == 2
        assert "msgcli: " in done.stderr
        assert (desk / "summaries" / "library.txt").read_text() == old
        assert self.make(desk, env) == ["library"]

    def test_another_folder_and_more_options(self, desk: Path, env: dict[str, str]) -> None:
        (desk / "letters").mkdir()
        (desk / "letters" / "one.txt").write_text("Dear Ada,")
        (desk / "style").write_text("Be kind.")
        more = ("texts=letters", "OPTIONS=--system-file style")
        assert self.make(desk, env, *more) == ["one"]
        assert self.make(desk, env, *more) == []
        (desk / "style").write_text("Be brief.")
        os.utime(desk / "summaries" / "one.txt", (1, 1))
        assert self.make(desk, env, *more) == ["one"]


def test_the_crontab_as_cron_runs_it(endpoint: str, tmp_path: Path) -> None:
    settings, jobs = {}, []
    for line in (EXAMPLES / "crontab").read_text().splitlines():
        if setting := re.fullmatch(r"(\w+)=(.*)", line):
            settings[setting[1]] = setting[2]
        elif line and not line.startswith("#"):
            jobs.append(line.split(None, 5))
    ((*times, job),) = jobs
    assert all(re.fullmatch(r"\*|[\d,/-]+", time) for time in times)
    assert "%" not in job
    (tmp_path / ".msgcli-key").write_text("sk-ant-example\n")
    (tmp_path / "app.log").write_text("06:01 the disk is full\n")
    path = settings.pop("PATH").replace("/usr/local/bin", str(BIN))
    env = {"HOME": str(tmp_path), "LOGNAME": "ada", "SHELL": "/bin/sh", "PATH": path}
    env |= {**settings, "ANTHROPIC_BASE_URL": endpoint}
    done = run(["env", "-i", *(f"{k}={v}" for k, v in env.items()), "sh", "-c", job], tmp_path, {})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "06:01 the disk is full\n" in (tmp_path / "digest.txt").read_text()
    unreached = run(job, tmp_path, {**env, "ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "A": "1"})
    assert unreached.returncode == 7


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
class TestHook:
    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        run("git init -q .", tmp_path, self.env(""))
        shutil.copy(EXAMPLES / "prepare-commit-msg", tmp_path / ".git" / "hooks")
        (tmp_path / "notes").write_text("Feed the cat.\n")
        run("git add notes", tmp_path, self.env(""))
        return tmp_path

    def env(self, url: str, editor: str = "true") -> dict[str, str]:
        who = {"NAME": "A", "EMAIL": "a@example.org"}
        return {
            **ENV,
            "ANTHROPIC_BASE_URL": url,
            "GIT_EDITOR": editor,
            **{f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in who.items()},
        }

    def message(self, repository: Path) -> str:
        return str(run("git log -1 --format=%B", repository, self.env("")).stdout).strip()

    @pytest.fixture
    def url(self, serve: Serve, tmp_path: Path) -> str:
        rules = [{"match": "Feed the cat", "text": "Note what the cat needs\n\nDaily."}]
        (tmp_path / ".git" / "replies").write_text(json.dumps(rules))
        return serve("--replies", str(tmp_path / ".git" / "replies"))

    def test_it_proposes_a_message(self, repository: Path, url: str) -> None:
        done = run("git commit -q", repository, self.env(url))
        assert (done.returncode, done.stderr) == (0, "")
        assert self.message(repository) == "Note what the cat needs\n\nDaily."

    def test_a_message_that_is_there_stays(self, repository: Path) -> None:
        done = run("git commit -qm mine", repository, self.env("http://127.0.0.1:9"))
        assert (done.returncode, done.stderr) == (0, "")
        assert self.message(repository) == "mine"

    def test_a_failure_stops_nothing(self, repository: Path, serve: Serve) -> None:
        editor = """sh -c 'echo own >"$1"' -"""
        done = run("git commit -q", repository, self.env(serve("--fault", "cut"), editor))
        assert done.returncode == 0
        assert done.stderr.startswith("msgcli: ")
        assert self.message(repository) == "own"

    def test_without_a_change_nothing_is_asked(self, repository: Path, url: str) -> None:
        run("git commit -q", repository, self.env(url))
        editor = """sh -c 'echo empty >"$1"' -"""
        dead = self.env("http://127.0.0.1:9", editor)
        done = run("git commit -q --allow-empty", repository, dead)
        assert (done.returncode, done.stderr) == (0, "")
        assert self.message(repository) == "empty"


class TestUnits:
    def unit(self, name: str) -> dict[str, str]:
        """The settings of a unit file, each of which stands in it once."""
        text = (EXAMPLES / name).read_text().replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line and line[0] not in "#["]
        settings = dict(line.split("=", 1) for line in lines)
        assert len(settings) == len(lines)
        return settings

    def test_systemd_finds_no_fault(self) -> None:
        if shutil.which("systemd-analyze") is None:
            pytest.skip("systemd is not here")
        names = [str(path) for path in EXAMPLES.glob("msgcli-digest.*")]
        assert len(names) == 2
        done = run(["systemd-analyze", "verify", "--man=no", *names], EXAMPLES, ENV)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def start(self, folder: Path, url: str) -> Any:
        """The command of the service, with what systemd gives it."""
        for name, text in (("key", "sk-ant-example"), ("msgcli", ""), ("journalctl", "")):
            (folder / name).write_text(text)
        (folder / "journalctl").write_text("#!/bin/sh\necho 'kernel: out of memory' \"$@\"\n")
        (folder / "journalctl").chmod(0o755)
        shutil.copy(BIN / "msgcli", folder / "msgcli")
        words = shlex.split(self.unit("msgcli-digest.service")["ExecStart"])
        env = {
            "PATH": f"{folder}:/usr/bin:/bin",
            "CREDENTIALS_DIRECTORY": str(folder),
            "STATE_DIRECTORY": str(folder),
            "ANTHROPIC_BASE_URL": url,
        }
        return run(words, Path("/"), env)

    def test_the_service_writes_its_digest(self, endpoint: str, tmp_path: Path) -> None:
        done = self.start(tmp_path, endpoint)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert "kernel: out of memory --since=-24h" in (tmp_path / "digest.txt").read_text()

    def test_it_is_started_again_only_where_nothing_was_paid(
        self, serve: Serve, tmp_path: Path
    ) -> None:
        final = self.unit("msgcli-digest.service")["RestartPreventExitStatus"].split()
        dropped = self.start(tmp_path, serve("--fault", "drop"))
        assert str(dropped.returncode) in final
        away = self.start(tmp_path, serve("--fault", "429-long"))
        assert away.returncode == 6
        assert "6" not in final
