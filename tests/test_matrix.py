"""Every misbehaviour × every format × retries: status, stdout, number of POSTs, stderr."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from badserver import BadServer, Call
from misbehaviour import BEHAVIOURS, message
from support import start

SENT = "what the server sent"
WHOLE = "the Message"


class Row(NamedTuple):
    """What is wanted of `create` with --retries 2; with --retries 0 there is one request.

    `text` is stdout of -f text; with -f json it is the Message or nothing, with -f sse what was
    sent or nothing. `posts` is the number of requests; `words` stand in the last line on stderr.
    """

    behaviour: str
    status: int
    text: str
    json: str
    sse: str
    posts: int
    words: str


# fmt: off
ROWS = [Row(*row) for row in [
    # behaviour              status  text          json   sse posts  words
    # Replies that are right, however they come.
    ("good",                   0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("good_with_length",       0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("good_until_close",       0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("good_one_byte_chunks",   0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("good_then_open",         0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("good_then_garbage",      0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("good_gzip",              0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("good_after_hints",       0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("good_slow",              0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("header_without_colon",   0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("bad_length",             0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("odd_headers",            0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("max_tokens",            10, "Hello\n",        WHOLE, SENT, 1, "max_tokens"),
    ("refusal",               11, "Hello\n",        WHOLE, SENT, 1, "refused"),
    ("odd_reason",            12, "Hello\n",        WHOLE, SENT, 1, "not finished"),
    # Streams that are not whole: paid for, perhaps, so never sent again.
    ("no_message_stop",        8, "Hello, world",   "",    SENT, 1, "may have been .* billed"),
    ("cut_in_event",           8, "Hello",          "",    SENT, 1, "may have been .* billed"),
    ("cut_in_message_stop",    8, "Hello, world",   "",    SENT, 1, "may have been .* billed"),
    ("closed_until_close",     8, "Hello",          "",    SENT, 1, "may have been .* billed"),
    ("closed_between_chunks",  8, "Hello",          "",    SENT, 1, "may have been .* billed"),
    ("closed_in_chunk",        8, "Hello",          "",    SENT, 1, "may have been .* billed"),
    ("closed_before_length",   8, "Hello",          "",    SENT, 1, "may have been .* billed"),
    ("reset_in_stream",        8, "Hello",          "",    SENT, 1, "may have been .* billed"),
    ("bad_chunk_size",         8, "Hello",          "",    SENT, 1, "may have been .* billed"),
    ("broken_gzip",            8, "",               "",    "",   1, "may have been .* billed"),
    ("data_not_json",          8, "Hello",          "",    SENT, 1, "not a JSON object"),
    ("stall_in_stream",       15, "Hello",          "",    SENT, 1, "nothing came for 1s.* billed"),
    ("nothing_then_end",       8, "",               "",    "",   1, "may have been .* billed"),
    ("pings_then_end",         8, "",               "",    SENT, 1, "may have been .* billed"),
    ("no_stop_reason",         8, "Hello",          "",    SENT, 1, "no stop reason"),
    ("tool_input_not_json",    8, "",               "",    SENT, 1, "not JSON"),
    # 200, and something else than a reply.
    ("html",                   8, "",               "",    "",   1, "may have been .* billed"),
    ("empty",                  8, "",               "",    "",   1, "may have been .* billed"),
    ("empty_until_close",      8, "",               "",    "",   1, "may have been .* billed"),
    ("null",                   8, "",               "",    "",   1, "may have been .* billed"),
    ("array",                  8, "",               "",    "",   1, "may have been .* billed"),
    ("no_content",             8, "",               "",    "",   1, "may have been .* billed"),
    ("json_cut_length",        8, "",               "",    "",   1, "may have been .* billed"),
    ("json_cut_chunked",       8, "",               "",    "",   1, "may have been .* billed"),
    ("json_cut_close",         8, "",               "",    "",   1, "may have been .* billed"),
    ("json_then_stall",       15, "",               "",    "",   1, "nothing came for 1s.* billed"),
    # Errors within a reply; before message_start they are error answers.
    ("error_first",            6, "",               "",    "",   3, "overloaded_error: Overloaded"),
    ("error_first_invalid",    5, "",               "",    "",   1, "invalid_request_error: no"),
    ("error_later",            6, "Hello",          "",    SENT, 1, "overloaded_error: Overloaded"),
    ("error_later_unknown",    8, "Hello",          "",    SENT, 1, "strange_error: why"),
    ("error_nasty",            8, "Hello",          "",    SENT, 1, "all is well"),
    ("error_object",           5, "",               "",    "",   1, "error: inside"),
    # Error answers.
    ("http_400",               5, "",               "",    "",   1, "message 400 .HTTP 400"),
    ("http_401",               4, "",               "",    "",   1, "message 401 .HTTP 401"),
    ("http_402",               5, "",               "",    "",   1, "message 402 .HTTP 402"),
    ("http_403",               4, "",               "",    "",   1, "message 403 .HTTP 403"),
    ("http_404",               5, "",               "",    "",   1, "message 404 .HTTP 404"),
    ("http_413",               5, "",               "",    "",   1, "message 413 .HTTP 413"),
    ("http_422",               5, "",               "",    "",   1, "message 422 .HTTP 422"),
    ("http_408",               6, "",               "",    "",   3, "message 408 .HTTP 408"),
    ("http_409",               6, "",               "",    "",   3, "message 409 .HTTP 409"),
    ("http_429",               6, "",               "",    "",   3, "message 429 .HTTP 429"),
    ("http_500",               6, "",               "",    "",   3, "message 500 .HTTP 500"),
    ("http_502",               6, "",               "",    "",   3, "message 502 .HTTP 502"),
    ("http_503",               6, "",               "",    "",   3, "message 503 .HTTP 503"),
    ("http_504",               6, "",               "",    "",   3, "message 504 .HTTP 504"),
    ("http_529",               6, "",               "",    "",   3, "message 529 .HTTP 529"),
    ("gateway_page",           6, "",               "",    "",   3, "502 Bad Gateway .HTTP 502"),
    ("no_retry",               6, "",               "",    "",   1, "message 529 .HTTP 529"),
    ("do_retry",               5, "",               "",    "",   3, "message 400 .HTTP 400"),
    ("after_ten_years",        6, "",               "",    "",   1, "come back in 87600h"),
    ("after_far_date",         6, "",               "",    "",   1, "come back in "),
    ("nasty_error",            5, "",               "",    "",   1, "all is well"),
    ("nasty_phrase",           5, "",               "",    "",   1, "HTTP 418"),
    ("early_refusal",          5, "",               "",    "",   1, "request_too_large"),
    # An error answer that did not come whole is not sent again.
    ("endless_error",          6, "",               "",    "",   1, "api_error: word word"),
    ("error_cut",              6, "",               "",    "",   1, "HTTP 529"),
    ("error_stalls",           6, "",               "",    "",   1, "HTTP 529"),
    # Only 200 is a success; a redirect is not followed.
    ("http_201",               8, "",               "",    "",   1, "HTTP 201"),
    ("message_202",            8, "",               "",    "",   1, "HTTP 202"),
    ("http_204",               8, "",               "",    "",   1, "HTTP 204"),
    ("http_206",               8, "",               "",    "",   1, "HTTP 206"),
    ("http_304",               8, "",               "",    "",   1, "HTTP 304"),
    ("http_600",               8, "",               "",    "",   1, "HTTP 600"),
    ("redirect",               8, "",               "",    "",   1, "redirected to http.*HTTP 307"),
    ("redirect_nasty",         8, "",               "",    "",   1, "redirected to http.*HTTP 302"),
    # No answer.
    ("drop",                   7, "",               "",    "",   1, "may have been .* billed"),
    ("drop_reset",             7, "",               "",    "",   1, "may have been .* billed"),
    ("half_status",            7, "",               "",    "",   1, "may have been .* billed"),
    ("half_headers",           8, "",               "",    "",   1, "may have been .* billed"),
    ("stall_before_head",     15, "",               "",    "",   1, "nothing came for 1s.* billed"),
    ("stall_in_head",         15, "",               "",    "",   1, "nothing came for 1s.* billed"),
    ("not_http",               7, "",               "",    "",   1, "may have been .* billed"),
    ("bad_status",             7, "",               "",    "",   1, "may have been .* billed"),
    ("http_2",                 7, "",               "",    "",   1, "may have been .* billed"),
    ("many_headers",           7, "",               "",    "",   1, "may have been .* billed"),
    ("long_header",            7, "",               "",    "",   1, "may have been .* billed"),
    ("two_lengths",            7, "",               "",    "",   1, "may have been .* billed"),
]]
# fmt: on

RUNS = [("text", 2), ("json", 2), ("sse", 2), ("text", 0)]
_LINE = re.compile(r"msgcli: [^\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+\n")


@pytest.fixture(scope="module")
def bad() -> Iterator[BadServer]:
    with BadServer() as server:
        yield server


def lines(stderr: bytes) -> list[str]:
    """The lines on stderr, each a message of msgcli without a control character."""
    found = re.findall(r"[^\n]*\n", text := stderr.decode())
    assert "".join(found) == text
    assert all(map(_LINE.fullmatch, found)), text
    return found


def check_stderr(stderr: bytes, row: Row, posts: int) -> None:
    if row.status == 0:
        assert stderr == b""
        return
    *again, last = lines(stderr)
    assert len(again) == posts - 1
    for number, line in enumerate(again, 1):
        assert re.search(rf"; retrying in [\d.]+m?s \({number} of 2\)$", line)
    assert re.search(row.words, last)


def check_stdout(stdout: bytes, row: Row, form: str, call: Call) -> None:
    if form == "text":
        assert stdout.decode() == row.text
    elif form == "sse":
        sent = call.bodies[-1]
        assert stdout == (sent if row.sse == SENT else b"")
    elif row.json == WHOLE:
        found = json.loads(stdout)
        assert found["content"] == message(row.text.rstrip("\n"))["content"]
        assert {**found, "content": [], "stop_reason": None} == message("", None)
    else:
        assert stdout == b""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.behaviour)
def test_misbehaviour(bad: BadServer, row: Row) -> None:
    running: list[tuple[str, int, Call, Any]] = []
    for form, retries in RUNS:
        call = bad.call(BEHAVIOURS[row.behaviour])
        args = ("--stream", "-f", form, "--retries", str(retries), "--base-url", call.url)
        process = start("create", *args, "--timeout", "20s", "--idle-timeout", "1s", "-p", "hi")
        process.stdin.close()
        process.stdin = None
        running.append((form, retries, call, process))
    for form, retries, call, process in running:
        stdout, stderr = process.communicate(timeout=30)
        posts = row.posts if retries else 1
        assert (process.returncode, call.posts) == (row.status, posts), stderr
        check_stdout(stdout, row, form, call)
        check_stderr(stderr, row._replace(words=row.words if retries else ""), posts)
        assert all(request.complete for request in call.requests)


def test_every_misbehaviour_has_a_row() -> None:
    rows = {row.behaviour for row in ROWS}
    assert len(rows) == len(ROWS)
    assert rows <= BEHAVIOURS.keys()
