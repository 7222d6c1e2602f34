"""Every misbehaviour × commands and formats × retries: status, stdout, number of POSTs, stderr."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from badserver import BadServer, Call
from misbehaviour import BEHAVIOURS, ENDLESS, KEYS_SHOWN, MESSAGE, message, whole
from odd_http import ANSWER, ODD_HTTP
from support import run, start

SENT = "what the server sent"
WHOLE = "the Message"


class Row(NamedTuple):
    """What is wanted of `create` with --retries 2. Where it tries again, --retries 0 does not.

    `text` is stdout of -f text; with -f json it is the Message or nothing, with -f sse what was
    sent or nothing. `posts` is the number of requests; `words` stand in the last line on stderr.
    `post` does as -f sse does, but has no view on stop reasons; `decode` of what was sent does as
    -f text does.
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
    ("repeat",                 0, "hi\n",           WHOLE, SENT, 1, ""),
    ("nasty_text",             0, "a\x1b[31mb\x9b\u202ec\x07\n", WHOLE, SENT, 1, ""),
    ("wrong_kinds",            0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("max_tokens",            10, "Hello\n",        WHOLE, SENT, 1, "max_tokens"),
    ("refusal",               11, "Hello\n",        WHOLE, SENT, 1, "refused"),
    ("odd_reason",            12, "Hello\n",        WHOLE, SENT, 1, "not finished"),
    # The HTTP around them may be odd.
    ("http_1_0",               0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("no_phrase",              0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("no_headers",             0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("line_feeds_alone",       0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("folded_header",          0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("header_not_ascii",       0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("ninety_nine_headers",    0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("place_in_200",           0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("called_json",            0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("called_a_page",          0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("two_equal_lengths",      0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("list_of_lengths",        0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("negative_length",        0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("length_too_large",       0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("length_of_many_digits",  0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("length_and_chunks",      0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("chunk_extensions",       0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("unknown_encoding",       0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("deflate",                0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("bare_deflate",           0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("gzip_twice",             0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("gzip_in_members",        0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("gzip_then_more",         0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("unknown_interim",        0, "Hello, world\n", WHOLE, SENT, 1, ""),
    # A reply ends with message_stop, whatever follows.
    ("text_after_the_end",     0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("text_after_the_end_at_once",   0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("another_after_the_end",  0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("error_after_the_end",    0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("reset_after_the_end",    0, "Hello, world\n", WHOLE, SENT, 1, ""),
    ("another_answer_after_the_end", 0, "Hello, world\n", WHOLE, SENT, 1, ""),
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
    ("length_too_small",       8, "Hello",          "",    SENT, 1, "may have been .* billed"),
    ("negative_chunk",         8, "Hello",          "",    SENT, 1, "may have been .* billed"),
    ("huge_chunk",             8, "Hello",          "",    SENT, 1, "may have been .* billed"),
    ("endless_chunk_size",     8, "Hello",          "",    SENT, 1, "may have been .* billed"),
    ("endless_chunk_extension", 8, "Hello",         "",    SENT, 1, "may have been .* billed"),
    ("chunk_longer_than_said", 8, "Hello",          "",    SENT, 1, "may have been .* billed"),
    ("gzip_cut",               8, "",               "",    SENT, 1, "may have been .* billed"),
    ("gzip_that_is_none",      8, "",               "",    "",   1, "may have been .* billed"),
    ("deflate_that_is_none",   8, "",               "",    "",   1, "may have been .* billed"),
    ("fifty_encodings",        8, "",               "",    "",   1, "may have been .* billed"),
    ("chunks_that_are_none",   8, "",               "",    "",   1, "may have been .* billed"),
    ("chunks_packed",          8, "",               "",    "",   1, "may have been .* billed"),
    ("length_of_nothing",      8, "",               "",    "",   1, "may have been .* billed"),
    ("cut_and_do_retry",       8, "Hello",          "",    SENT, 1, "may have been .* billed"),
    ("nothing_and_do_retry",   8, "",               "",    "",   1, "may have been .* billed"),
    ("data_too_deep",          8, "Hello",          "",    SENT, 1, "not a JSON object"),
    ("data_with_a_long_number", 8, "Hello",         "",    SENT, 1, "not a JSON object"),
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
    ("json_too_deep",          8, "",               "",    "",   1, "may have been .* billed"),
    ("json_twice",             8, "",               "",    "",   1, "may have been .* billed"),
    ("utf_16",                 8, "",               "",    "",   1, "may have been .* billed"),
    ("json_cut_length",        8, "",               "",    "",   1, "may have been .* billed"),
    ("json_cut_chunked",       8, "",               "",    "",   1, "may have been .* billed"),
    ("json_cut_close",         8, "",               "",    "",   1, "may have been .* billed"),
    ("json_then_stall",       15, "",               "",    "",   1, "nothing came for 1s.* billed"),
    # Errors within a reply; before message_start they are error answers.
    ("error_first",            6, "",               "",    "",   3, "overloaded_error: Overloaded"),
    ("error_first_invalid",    5, "",               "",    "",   1, "invalid_request_error: no"),
    ("error_first_then_open",  6, "",               "",    "",   3, "overloaded_error: Overloaded"),
    ("error_after_start",      6, "",               "",    SENT, 1, "overloaded_error: Overloaded"),
    ("error_later",            6, "Hello",          "",    SENT, 1, "overloaded_error: Overloaded"),
    ("error_later_then_stop",  6, "Hello",          "",    SENT, 1, "overloaded_error: Overloaded"),
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
    ("asks_for_a_login",       4, "",               "",    "",   1, "message 401 .HTTP 401"),
    ("asks_for_a_proxy_login", 5, "",               "",    "",   1, "message 407 .HTTP 407"),
    ("message_behind_429",     6, "",               "",    "",   3, "HTTP 429"),
    ("gateway_page",           6, "",               "",    "",   3, "502 Bad Gateway .HTTP 502"),
    ("no_retry",               6, "",               "",    "",   1, "message 529 .HTTP 529"),
    ("do_retry",               5, "",               "",    "",   3, "message 400 .HTTP 400"),
    ("after_fraction",         6, "",               "",    "",   3, "message 429 .HTTP 429"),
    ("after_negative",         6, "",               "",    "",   3, "message 429 .HTTP 429"),
    ("after_garbage",          6, "",               "",    "",   3, "message 429 .HTTP 429"),
    ("after_infinity",         6, "",               "",    "",   3, "message 429 .HTTP 429"),
    ("after_nan",              6, "",               "",    "",   3, "message 429 .HTTP 429"),
    ("after_huge",             6, "",               "",    "",   3, "message 429 .HTTP 429"),
    ("after_past_date",        6, "",               "",    "",   3, "message 429 .HTTP 429"),
    ("after_no_date",          6, "",               "",    "",   3, "message 429 .HTTP 429"),
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
    ("switching",              8, "",               "",    "",   1, "HTTP 101"),
    ("http_203",               8, "",               "",    "",   1, "HTTP 203"),
    ("http_205",               8, "",               "",    "",   1, "HTTP 205"),
    ("http_226",               8, "",               "",    "",   1, "HTTP 226"),
    ("http_300",               8, "",               "",    "",   1, "HTTP 300"),
    ("http_999",               8, "",               "",    "",   1, "HTTP 999"),
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
    ("http_0_9",               7, "",               "",    "",   1, "may have been .* billed"),
    ("http_0_9_stream",        7, "",               "",    "",   1, "may have been .* billed"),
    ("interim_alone",          7, "",               "",    "",   1, "may have been .* billed"),
    ("blank_lines",            7, "",               "",    "",   1, "may have been .* billed"),
    ("blank_line_first",       7, "",               "",    "",   1, "may have been .* billed"),
    ("lower_case_http",        7, "",               "",    "",   1, "may have been .* billed"),
    ("status_20",              7, "",               "",    "",   1, "may have been .* billed"),
    ("status_2000",            7, "",               "",    "",   1, "may have been .* billed"),
    ("status_minus",           7, "",               "",    "",   1, "may have been .* billed"),
    ("status_nul",             7, "",               "",    "",   1, "may have been .* billed"),
    ("endless_phrase",         7, "",               "",    "",   1, "may have been .* billed"),
    ("endless_header",         7, "",               "",    "",   1, "may have been .* billed"),
    ("endless_headers",        7, "",               "",    "",   1, "may have been .* billed"),
]]
# fmt: on

ALL = {**BEHAVIOURS, **ODD_HTTP}
BODY = b'{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}'
BY_STOP_REASON = (10, 11, 12)
RUNS = [("text", 2), ("json", 2), ("sse", 2), ("post", 2)]
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


def check_stderr(stderr: bytes, row: Row) -> None:
    if row.status == 0:
        assert stderr == b""
        return
    *again, last = lines(stderr)
    assert len(again) == row.posts - 1
    for number, line in enumerate(again, 1):
        assert re.search(rf"; retrying in [\d.]+m?s \({number} of 2\)$", line)
    assert re.search(row.words, last)


def check_stdout(stdout: bytes, row: Row, form: str, call: Call) -> None:
    if form == "text":
        assert stdout.decode() == row.text
    elif form in ("sse", "post"):
        sent = call.bodies[-1]
        assert stdout == (sent if row.sse == SENT else b"")
    elif row.json == WHOLE:
        found = json.loads(stdout)
        assert found["content"] == message(row.text.rstrip("\n"))["content"]
        assert {**found, "content": [], "stop_reason": None} == message("", None)
    else:
        assert stdout == b""


def runs(row: Row) -> list[tuple[str, int]]:
    """What is odd about HTTP alone is so for each format."""
    if row.behaviour in ODD_HTTP:
        return [("text", 2), ("post", 2)]
    return [*RUNS, ("text", 0)] if row.posts > 1 else RUNS


def begin(form: str, retries: int, url: str) -> Any:
    """`create -f FORM`, or `post`, on its way."""
    create = ("create", "--stream", "-f", form, "--no-stdin", "-p", "hi")
    limits = ("--timeout", "20s", "--idle-timeout", "1s", "--retries", str(retries))
    process = start(*(("post",) if form == "post" else create), "--base-url", url, *limits)
    process.stdin.write(BODY if form == "post" else b"")
    process.stdin.close()
    process.stdin = None
    return process


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.behaviour)
def test_misbehaviour(bad: BadServer, row: Row) -> None:
    running: list[tuple[str, int, Call, Any]] = []
    for form, retries in runs(row):
        call = bad.call(ALL[row.behaviour])
        running.append((form, retries, call, begin(form, retries, call.url)))
    for form, retries, call, process in running:
        stdout, stderr = process.communicate(timeout=30)
        wanted = row if retries else row._replace(posts=1, words="")
        if form == "post" and row.status in BY_STOP_REASON:
            wanted = wanted._replace(status=0)
        assert (process.returncode, call.posts) == (wanted.status, wanted.posts), stderr
        check_stdout(stdout, wanted, form, call)
        check_stderr(stderr, wanted)
        assert all(request.complete for request in call.requests)
    if row.sse == SENT:
        done = run("decode", input=running[0][2].bodies[-1])
        status = 8 if row.status == 15 else row.status
        assert (done.returncode, done.stdout.decode()) == (status, row.text)
        assert len(lines(done.stderr)) == (status != 0)


JSON_REPLIES = {
    "json": whole("200 OK", MESSAGE),
    "called_a_stream": whole("200 OK", MESSAGE, content_type="text/event-stream"),
    "twice": lambda wire: wire.raw(ANSWER * 2),
    "behind_a_bom": whole("200 OK", b"\xef\xbb\xbf" + MESSAGE),
    "behind_white_space": whole("200 OK", b"\n " + MESSAGE),
}


@pytest.mark.parametrize("name", JSON_REPLIES)
def test_json_where_a_stream_was_asked_for(bad: BadServer, name: str) -> None:
    """It is understood, and as an event stream refused."""
    wanted = {"text": (0, b"Hello, world\n"), "json": (0, MESSAGE + b"\n"), "sse": (8, b"")}
    for form, (status, stdout) in {**wanted, "post": (0, MESSAGE)}.items():
        call = bad.call(JSON_REPLIES[name])
        process = begin(form, 2, call.url)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, call.posts, len(lines(err))) == (status, 1, status != 0)
        assert out.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\n ") == stdout


def test_every_misbehaviour_has_a_row() -> None:
    """But for what only a clock ends, and for what is about keys."""
    assert sorted(row.behaviour for row in ROWS) == sorted(
        ALL.keys() - ENDLESS.keys() - KEYS_SHOWN.keys()
    )
