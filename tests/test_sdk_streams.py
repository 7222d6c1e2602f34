"""The official SDK as a second opinion on streams: what it accumulates is what `decode` folds."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sdk_client import anthropic, client_of
from sdk_types import complaints
from support import run

# The SDK has two readings of a stream; the second knows more types.
READERS = {
    "messages": anthropic.types.RawMessageStreamEvent,
    "beta": anthropic.types.beta.BetaRawMessageStreamEvent,
}

ROOT = Path(__file__).parent / "exchanges"
COMPLETE = {"0", "10", "11", "12"}
CASES = sorted(
    path.parent.name
    for path in ROOT.glob("*/response.sse")
    if (path.parent / "status").read_text().strip() in COMPLETE
)

# Why a stream is not well-formed, and the SDK therefore not asked.
UTF8 = "it is not UTF-8"
NAMES = "an event is not a name and the JSON of the same type"
PAIRS = "half of a surrogate pair is in its text"
ORDER = "its events are not in the order of the format"
TYPES = "an event lacks what its type requires, or is of no type that the SDK declares"

LETTERS = {
    "message_start": "M",
    "content_block_start": "<",
    "content_block_delta": "-",
    "content_block_stop": ">",
    "message_delta": "D",
    "message_stop": ".",
}


def wire(case: str) -> bytes:
    return (ROOT / case / "response.sse").read_bytes()


def frames(text: str) -> Iterator[tuple[str, str]]:
    """The name and the data of each event, by the rules of event streams."""
    for frame in re.split(r"\n\n+", re.sub(r"\r\n?", "\n", text.removeprefix("\ufeff"))):
        lines = [line.partition(":")[::2] for line in frame.split("\n")]
        fields = [(name, value.removeprefix(" ")) for name, value in lines]
        data = [value for name, value in fields if name == "data"]
        if data:
            yield dict(fields).get("event", ""), "\n".join(data)


def is_in_order(events: list[dict[str, Any]]) -> bool:
    """One start, whole blocks one after the other, the deltas of the Message, one stop."""
    place = -1
    for event in events:
        place += event["type"] == "content_block_start"
        if event.get("index", place) != place:
            return False
    letters = "".join(LETTERS.get(event["type"], "") for event in events)
    return re.fullmatch(r"M(<-*>)*D+\.", letters) is not None


def opinion(case: str) -> tuple[str, str]:
    """Which of the SDK's two readers knows all that comes, or why neither is to be asked."""
    try:
        text = wire(case).decode()
    except UnicodeDecodeError:
        return "", UTF8
    try:
        named = [(name, json.loads(data)) for name, data in frames(text)]
        json.dumps([event for _, event in named], ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "", PAIRS
    except ValueError:
        return "", NAMES
    if any(name != event.get("type") for name, event in named):
        return "", NAMES
    events = [event for name, event in named if name != "ping"]
    if not is_in_order(events):
        return "", ORDER
    for reader, kind in READERS.items():
        if not any(complaints(event, kind, more_keys=True) for event in events):
            return reader, ""
    return "", TYPES


OPINIONS = {case: opinion(case) for case in CASES}
WELL_FORMED = [case for case, (reader, _) in OPINIONS.items() if reader]


class _Player(BaseHTTPRequestHandler):
    """Answers with the stream of the case that a header names."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        data = wire(self.headers["x-case"])
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None: ...


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """The SDK's client, whose server plays what is on disk."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Player) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with client_of(f"http://127.0.0.1:{server.server_port}") as client:
            yield client
        server.shutdown()


def accumulated(client: Any, case: str) -> Any:
    """The Message that the SDK makes of the stream, as JSON."""
    reader = client.beta.messages if OPINIONS[case][0] == "beta" else client.messages
    prompt = [{"role": "user", "content": "x"}]
    headers = {"x-case": case}
    with reader.stream(model="m", max_tokens=9, messages=prompt, extra_headers=headers) as stream:
        message = stream.get_final_message().to_dict(mode="json", warnings=False)
    # The SDK sets this field to null where no event had it.
    if message.get("stop_details") is None and b"stop_details" not in wire(case):
        message.pop("stop_details", None)
    return message


# Where the SDK is not followed, and why.
OVERRULED = {
    "m-bom": "the rules of event streams drop a byte order mark, and the SDK loses its first event",
    "m-compaction-partial": "a delta without a field says nothing of it, and the SDK makes it null",
    "m-message-delta-top-level-keys": "the SDK drops what message_delta has beside delta and usage",
    "m-null-usage-counts": "the SDK drops a count that comes as null where there was none",
    "m-tool-input-cut-at-max-tokens": "the SDK drops the text of an input that was cut off",
    "m-unknown-fields": "the SDK keeps the unknown fields of message_start, not of message_delta",
}


@pytest.mark.parametrize("case", [case for case in WELL_FORMED if case not in OVERRULED])
def test_decode_folds_what_the_sdk_accumulates(client: Any, case: str) -> None:
    done = run("decode", "-f", "json", input=wire(case))
    assert str(done.returncode) == (ROOT / case / "status").read_text().strip()
    assert json.loads(done.stdout) == accumulated(client, case)


@pytest.mark.parametrize("case", OVERRULED)
def test_where_the_sdk_is_not_followed_it_still_differs(client: Any, case: str) -> None:
    done = run("decode", "-f", "json", input=wire(case))
    try:
        theirs = accumulated(client, case)
    except AssertionError:
        theirs = None
    assert theirs != json.loads(done.stdout)


def test_most_complete_streams_are_well_formed_and_the_others_have_a_reason() -> None:
    assert OVERRULED.keys() <= set(WELL_FORMED)
    assert len(WELL_FORMED) >= 70
    assert {reason for _, reason in OPINIONS.values()} == {"", UTF8, NAMES, PAIRS, ORDER, TYPES}
