"""The recipes of the page of `map` for several machines: the shards are the whole, paid for once.

Nothing of a recipe is repeated here: what runs is what the page shows.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import hosts
import pytest
from counting import Answer, Server, message
from pages import section
from support import ENV, run
from test_examples import run_session, steps

COUNT = 60
SHARDS = 4
JOBS = 4
needs_parallel = pytest.mark.skipif(
    shutil.which("parallel") is None, reason="GNU parallel is not here"
)


def recipe(name: str) -> list[str]:
    """The display under a heading of the section."""
    text = "\n".join(section("msgcli-map", "GROWING OUT OF ONE MACHINE"))
    _, found, rest = text.partition(f"\n.Ss {name}\n")
    assert found, name
    display = re.search(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", rest, re.MULTILINE | re.DOTALL)
    assert display is not None
    return display[1].replace("\\e", "\\").splitlines()


class Gate(Server):
    """A server that answers the first record of each shard, and the others once it is open."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__(self.pass_on, host)
        self.open = threading.Event()

    def pass_on(self, prompt: str) -> Answer:
        if int(prompt) >= SHARDS:
            assert self.open.wait(60)
        return message(prompt)


def records(folder: Path) -> None:
    lines = "".join(f"{number}\n" for number in range(COUNT)).encode()
    done = run("build", "--each", "line", "-o", str(folder / "records.jsonl"), input=lines)
    assert done.returncode == 0


def found(folder: Path) -> list[str]:
    """The texts of all results, in order of the records."""
    lines = [json.loads(line) for line in (folder / "results.jsonl").read_bytes().splitlines()]
    lines.sort(key=lambda line: int(line["custom_id"]))
    return [line["result"]["message"]["content"][0]["text"] for line in lines]


WHOLE = [str(number) for number in range(COUNT)]


class Cluster:
    """Two hosts, a server that counts what they ask for, and the environment of the recipe."""

    def __init__(self, server: Gate, ssh: str) -> None:
        self.server = server
        self.env = {**ENV, "PARALLEL_SSH": ssh, "ANTHROPIC_BASE_URL": server.url}
        self.env["MSGCLI_AUTH"] = "none"


@pytest.fixture(params=["network namespaces", "job slots"])
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    if request.param == "job slots":
        server = Gate()
        yield Cluster(server, here(tmp_path))
        server.close()
        return
    if reason := hosts.why_not():
        pytest.skip(reason)
    folder = tmp_path / "network"
    folder.mkdir()
    network = hosts.Network(folder, ("host1", "host2"))
    try:
        up = network.up()
        up.__enter__()
    except OSError as error:
        pytest.skip(f"no network namespaces: {error}")
    try:
        server = Gate(network.address)
        made = Cluster(server, f"ssh -F {network.config}")
        with network.serving({**ENV, "ANTHROPIC_BASE_URL": server.url, "MSGCLI_AUTH": "none"}):
            yield made
        server.close()
    finally:
        up.__exit__(None, None, None)


def here(folder: Path) -> str:
    """What takes the place of ssh, and runs the command here whatever the host is."""
    script = folder / "ssh"
    text = 'while test "$1" != --; do shift; done; shift\nSHELL=/bin/sh exec sh -c "$*"\n'
    script.write_text(f"#!/bin/sh\n{text}")
    script.chmod(0o755)
    return str(script)


@needs_parallel
class TestParallel:
    def test_the_shards_are_the_whole(self, cluster: Cluster, tmp_path: Path) -> None:
        records(tmp_path)
        cluster.server.open.set()
        session = steps(recipe("GNU parallel"))
        run_session(session, tmp_path, cluster.env)
        assert found(tmp_path) == WHOLE
        assert cluster.server.paid == Counter(WHOLE)
        run_session(session, tmp_path, cluster.env)
        assert cluster.server.requests == COUNT

    def test_a_killed_shard_is_resumed(self, cluster: Cluster, tmp_path: Path) -> None:
        records(tmp_path)
        session = steps(recipe("GNU parallel"))
        process = subprocess.Popen(["sh", "-c", session[0].command], cwd=tmp_path, env=cluster.env)
        cluster.server.wait(lambda: cluster.server.requests >= 1 + JOBS)
        os.kill(shard(tmp_path), signal.SIGKILL)
        cluster.server.open.set()
        assert process.wait(60) == 1
        assert cluster.server.paid.total() < COUNT
        run_session(session, tmp_path, cluster.env)
        assert found(tmp_path) == WHOLE
        paid = cluster.server.paid
        assert set(paid) == set(WHOLE)
        assert COUNT <= paid.total() <= COUNT + JOBS


def shard(folder: Path) -> int:
    """The process of a shard that is running in this folder."""
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            if b"--shard" in command and b"-m" in command and (entry / "cwd").samefile(folder):
                return int(entry.name)
        except (OSError, ValueError):
            continue
    raise AssertionError("no shard is running")


def run_shards(commands: list[tuple[list[str], dict[str, str]]], folder: Path) -> None:
    """Run each shard of a recipe, after the first one was killed once."""
    server = Gate()
    env = {**ENV, "ANTHROPIC_BASE_URL": server.url}

    def begin(command: list[str], own: dict[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, cwd=folder, env={**env, **own})

    first = begin(*commands[0])
    server.wait(lambda: server.requests == 1 + JOBS)
    first.kill()
    first.wait()
    server.open.set()
    for process in [begin(*command) for command in commands]:
        assert process.wait(60) == 0
    server.close()
    assert set(server.paid) == set(WHOLE)
    assert server.paid.total() == COUNT + JOBS
    assert server.paid["0"] == 1


def concatenate(folder: Path) -> None:
    journals = sorted(folder.glob("out.*"))
    (folder / "results.jsonl").write_bytes(b"".join(path.read_bytes() for path in journals))


def test_slurm(tmp_path: Path) -> None:
    records(tmp_path)
    script = recipe("Slurm")
    (tmp_path / "shard.sh").write_text("\n".join(script) + "\n")
    (array,) = [line for line in script if line.startswith("#SBATCH --array=")]
    first, last = map(int, array.partition("=")[2].split("-"))
    assert (first, last) == (1, SHARDS)
    tasks = [{"SLURM_ARRAY_TASK_ID": str(task)} for task in range(1, SHARDS + 1)]
    run_shards([(["sh", "shard.sh"], task) for task in tasks], tmp_path)
    concatenate(tmp_path)
    assert found(tmp_path) == WHOLE


def test_kubernetes(tmp_path: Path) -> None:
    records(tmp_path)
    manifest = recipe("Kubernetes")
    at = next(at for at, line in enumerate(manifest) if line.strip() == "- |")
    indent = manifest[at].index("-") + 2
    script = [line[indent:] for line in manifest[at + 1 :] if line.startswith(" " * indent)]
    assert manifest[at - 2].strip() == "command: [sh, -c]"
    (completions,) = [line for line in manifest if line.strip().startswith("completions:")]
    number = int(completions.partition(":")[2])
    assert number == SHARDS
    indices = [{"JOB_COMPLETION_INDEX": str(index)} for index in range(SHARDS)]
    run_shards([(["sh", "-c", "\n".join(script)], index) for index in indices], tmp_path)
    concatenate(tmp_path)
    assert found(tmp_path) == WHOLE


def test_batches(tmp_path: Path, endpoint: str) -> None:
    records(tmp_path)
    session = steps(recipe("Message Batches"))
    run_session(session, tmp_path, {**ENV, "ANTHROPIC_BASE_URL": endpoint})
    assert found(tmp_path) == WHOLE
