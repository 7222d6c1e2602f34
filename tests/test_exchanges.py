"""The golden exchanges: a folder of exchanges/ is one exchange in every state, a test an arrow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import run

from msgcli import terminal
from msgcli.errors import MsgcliError
from msgcli.output import Sse, Text, drain
from msgcli.report import Report
from msgcli.wire import reply
from msgcli.wire.message import Fold

ROOT = Path(__file__).parent / "exchanges"
CASES = sorted(path.name for path in ROOT.iterdir() if path.is_dir())


def having(*names: str) -> list[str]:
    return [case for case in CASES if all((ROOT / case / name).exists() for name in names)]


def read(case: str, name: str) -> bytes:
    return (ROOT / case / name).read_bytes()


def wire(case: str) -> bytes:
    """The reply's bytes, whatever form they have."""
    for name in ("response.sse", "response.json", "response.body"):
        if (ROOT / case / name).exists():
            return read(case, name)
    raise FileNotFoundError(case)


class Memory:
    """A sink that keeps what it was given."""

    keeps_partial = False

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data

    def commit(self) -> None: ...
    def abandon(self) -> None: ...


def decode(chunks: Iterator[bytes]) -> tuple[int, bytes, Fold, MsgcliError | None]:
    """The exit status, the text, and the fold of a reply that comes in these chunks."""
    fold, sink = Fold(), Memory()
    tap = Text(sink, fold.text, newline=True)
    try:
        error = drain(reply.pieces(chunks), fold, [tap], accepted=frozenset(), report=Report())
    except MsgcliError as fault:
        error = fault
    return error.status if error else 0, sink.data, fold, error


def split(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


DECODABLE = [
    case for case in having("status", "text") if not (ROOT / case / "response.head").exists()
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1 << 20])
@pytest.mark.parametrize("case", DECODABLE)
def test_reply_to_text_and_status(case: str, size: int) -> None:
    status, text, fold, error = decode(split(wire(case), size))
    assert status == int(read(case, "status")), error
    assert text == read(case, "text")
    if (ROOT / case / "stderr").exists():
        assert re.search(
            read(case, "stderr").decode().strip(), terminal.line(str(error)), re.IGNORECASE
        )
    if (ROOT / case / "message.json").exists():
        assert fold.message() == json.loads(read(case, "message.json"))


@pytest.mark.parametrize("case", having("response.sse", "message.json"))
def test_a_cut_stream_is_never_a_whole_answer(case: str) -> None:
    data = wire(case)
    whole = b"".join(piece.raw for piece in reply.pieces(split(data, 1 << 20)))
    cuts = {*range(0, len(whole), max(1, len(whole) // 40)), len(whole) - 1}
    for cut in sorted(cuts):
        status, text, _, _ = decode(split(data[:cut], 50))
        assert status == 8, cut
        assert read(case, "text").startswith(text)


@pytest.mark.parametrize("case", having("response.sse"))
def test_the_event_stream_is_written_as_it_came(case: str) -> None:
    data = wire(case)
    written = []
    for size in (1, 5, 1 << 20):
        sink = Memory()
        try:
            drain(
                reply.pieces(split(data, size)), Fold(), [Sse(sink)], accepted=None, report=Report()
            )
        except MsgcliError:
            pass
        written.append(sink.data)
    assert written[0] == written[1] == written[2]
    assert data.startswith(written[0])


@pytest.mark.parametrize("case", having("args", "prompt", "request.json"))
def test_arguments_and_prompt_to_request(case: str) -> None:
    args = [line.replace("\\n", "\n") for line in read(case, "args").decode().splitlines()]
    done = run("build", *args, input=read(case, "prompt"), cwd=ROOT / case)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout) == json.loads(read(case, "request.json"))


@pytest.mark.parametrize("case", ["e10-streaming-text", "e14-mid-stream-error"])
@pytest.mark.parametrize("form", ["text", "json", "sse"])
def test_decode_as_a_process(case: str, form: str) -> None:
    name = next(name for name in CASES if name.startswith(case[:3]))
    done = run("decode", "-f", form, input=wire(name))
    assert done.returncode == int(read(name, "status"))
    if form == "text":
        assert done.stdout == read(name, "text")
    elif form == "sse":
        assert done.stdout == wire(name)
    elif done.returncode == 0:
        assert json.loads(done.stdout) == json.loads(read(name, "message.json"))
    else:
        assert done.stdout == b""
