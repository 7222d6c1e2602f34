"""Lists of models in all the forms that endpoints give them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from badserver import BadServer, Call
from misbehaviour import whole
from support import run

FIRST = {"data": [{"id": "a", "extra": 1}, {"id": "b"}], "has_more": True, "last_id": "b"}
LAST = {"data": [{"id": "c"}], "has_more": False, "last_id": "c", "total": 3}


@pytest.fixture(scope="module")
def server() -> Iterator[BadServer]:
    with BadServer() as running:
        yield running


def pages(server: BadServer, *answers: Any) -> Call:
    return server.call(*(whole("200 OK", json.dumps(answer).encode()) for answer in answers))


def models(call: Call, *args: str) -> tuple[int, bytes, str]:
    done = run("models", *args, "--base-url", call.url, "--retries", "0")
    return done.returncode, done.stdout, done.stderr.decode()


def test_every_page_is_asked_for(server: BadServer) -> None:
    call = pages(server, FIRST, LAST)
    assert models(call, "list") == (0, b"a\nb\nc\n", "")
    queries = [request.path.partition("?")[2] for request in call.requests]
    assert queries == ["limit=100", "limit=100&after_id=b"]


def test_pages_are_joined_to_one_document(server: BadServer) -> None:
    first = {**FIRST, "first_id": "a"}
    status, out, _ = models(pages(server, first, {**LAST, "first_id": "c"}), "list", "-f", "json")
    assert status == 0
    assert out.count(b"\n") == 1
    assert json.loads(out) == {
        "data": [{"id": "a", "extra": 1}, {"id": "b"}, {"id": "c"}],
        "has_more": False,
        "first_id": "a",
        "last_id": "c",
        "total": 3,
    }


def test_one_page_is_written_as_it_came(server: BadServer) -> None:
    raw = b'{ "object":"list", "data":[ {"id":"a\\u002fb"} ] }'
    call = server.call(whole("200 OK", raw))
    assert models(call, "list", "-f", "json") == (0, raw + b"\n", "")
    assert models(call, "list") == (0, b"a/b\n", "")


@pytest.mark.parametrize("more", [{"has_more": True}, {"last_id": "b"}, {"next_page": "x"}])
def test_without_a_cursor_there_is_one_page(server: BadServer, more: Any) -> None:
    call = pages(server, {"data": [{"id": "b"}], **more})
    assert models(call, "list") == (0, b"b\n", "")
    assert call.posts == 1


def test_an_endpoint_that_repeats_itself_is_left(server: BadServer) -> None:
    call = pages(server, FIRST)
    assert models(call, "list") == (0, b"a\nb\n", "")
    assert call.posts == 2


def test_an_empty_list_is_a_list(server: BadServer) -> None:
    assert models(pages(server, {"data": []}), "list") == (0, b"", "")


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        {"data": None},
        *({"data": [item]} for item in ("a", {"name": "a"})),
        *({"data": [{"id": name}]} for name in (1, None, "", "a\nb", "\x1b[2J", "\ud800")),
    ],
)
def test_what_is_no_list_of_models(server: BadServer, answer: Any) -> None:
    status, out, err = models(pages(server, answer), "list")
    assert (status, out) == (8, b"")
    assert err.startswith("msgcli: 127.0.0.1:")


def test_a_page_that_fails_leaves_no_half_a_list(server: BadServer) -> None:
    call = server.call(
        whole("200 OK", json.dumps(FIRST).encode()), whole("500 No", b"Out of order")
    )
    assert models(call, "list")[:2] == (6, b"")


def test_an_id_is_one_part_of_the_path(server: BadServer) -> None:
    call = pages(server, {"id": "real/name", "more": 1})
    assert models(call, "retrieve", "a/../b?c d") == (0, b"real/name\n", "")
    assert call.requests[0].path.endswith("/v1/models/a%2F..%2Fb%3Fc%20d")
    assert models(call, "retrieve", "x", "-f", "json")[1] == b'{"id": "real/name", "more": 1}\n'
    assert models(call, "retrieve", "..")[0] == 2
    assert call.posts == 2


@pytest.mark.parametrize("head", ["404 Not Found", "405 Method Not Allowed"])
@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (("list",), "the endpoint may have no list of models"),
        (("retrieve", "a"), "msgcli models list shows those that there are"),
    ],
)
def test_an_endpoint_without_models(
    server: BadServer, head: str, args: tuple[str, ...], hint: str
) -> None:
    call = server.call(whole(head, b"File Not Found", content_type="text/plain"))
    status, out, err = models(call, *args)
    assert (status, out, call.posts) == (5, b"", 1)
    assert err.endswith(f"; {hint}\n")
