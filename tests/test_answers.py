"""The golden exchanges whose answer is more than a reply: what a call makes of each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from badserver import BadServer, Wire
from support import run

ROOT = Path(__file__).parent / "exchanges"
ANSWERS = sorted(
    file.parent for file in ROOT.glob("*/response.head") if (file.parent / "status").exists()
)
COUNTS = sorted(file.parent for file in ROOT.glob("*count-tokens*/response.json"))
LISTS = sorted(file.parent for file in ROOT.glob("*models*/response.json"))


@pytest.fixture(scope="module")
def server() -> Iterator[BadServer]:
    with BadServer() as running:
        yield running


def answer(case: Path) -> Callable[[Wire], None]:
    """The recorded answer, whose connection is closed behind it."""
    (file,) = case.glob("response.[sjb]*")
    head = case / "response.head"
    lines = head.read_text().splitlines() if head.exists() else ["HTTP/1.1 200 OK"]
    body = file.read_bytes()

    def behaviour(wire: Wire) -> None:
        wire.raw("\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body)

    return behaviour


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case.name)
def test_answer_to_status_and_message(server: BadServer, case: Path) -> None:
    call = server.call(answer(case))
    args = ("create", "--retries", "0", "--base-url", call.url, "-p", "Hi", "--no-stdin")
    done = run(*args)
    err = done.stderr.decode()
    assert done.returncode == int((case / "status").read_text()), err
    assert done.stdout == (case / "text").read_bytes()
    assert call.posts == 1
    if done.returncode:
        assert err.count("\n") == 1
        assert err.rstrip("\n").isprintable()
        assert re.search((case / "stderr").read_text().strip(), err, re.IGNORECASE)


@pytest.mark.parametrize("case", COUNTS, ids=lambda case: case.name)
def test_answer_to_a_count(server: BadServer, case: Path) -> None:
    call = server.call(answer(case))
    done = run("count-tokens", "--base-url", call.url, "-p", "Hi", "--no-stdin")
    count = json.loads((case / "response.json").read_bytes())["input_tokens"]
    assert (done.returncode, done.stdout, done.stderr) == (0, b"%d\n" % count, b"")


@pytest.mark.parametrize("case", LISTS, ids=lambda case: case.name)
def test_answer_to_a_list_of_models(server: BadServer, case: Path) -> None:
    done = run("models", "list", "--base-url", server.call(answer(case)).url)
    names = [model["id"] for model in json.loads((case / "response.json").read_bytes())["data"]]
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines() == names


def test_there_are_answers() -> None:
    assert len(ANSWERS) > 30
    assert COUNTS
    assert LISTS
