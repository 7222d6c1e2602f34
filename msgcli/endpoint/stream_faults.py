"""Faults of a reply that has begun: streams that are cut, stall, fail or are framed oddly."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping

from msgcli.endpoint import answer
from msgcli.endpoint.answer import Answer, Ending, Framing, Reply
from msgcli.endpoint.events import Event, events
from msgcli.endpoint.problem import Problem

PING_PACE = 0.1
BOM = b"\xef\xbb\xbf"


def _begun(reply: Reply) -> list[Event]:
    """The events up to about the middle of the deltas."""
    shown = list(events(reply.message))
    deltas = [place for place, event in enumerate(shown) if "delta" in event and "index" in event]
    return shown[: deltas[(len(deltas) - 1) // 2] + 1 if deltas else 1]


def _part(reply: Reply, ending: Ending) -> Answer:
    if reply.stream:
        return answer.stream(reply, _begun(reply))._replace(ending=ending)
    usual = answer.whole(reply)
    data = b"".join(usual.pieces)
    return usual._replace(pieces=(data[: len(data) // 2],), ending=ending)


def cut(reply: Reply) -> Answer:
    """The connection is closed in the middle of the reply."""
    return _part(reply, Ending.CLOSE)


def reset(reply: Reply) -> Answer:
    """The connection is reset in the middle of the reply."""
    return _part(reply, Ending.RESET)


def stall(reply: Reply) -> Answer:
    """The reply stops in the middle and the connection stays open."""
    return _part(reply, Ending.STALL)


def clean_cut(reply: Reply) -> Answer:
    """Half of the reply, ended as if it were the whole."""
    part = _part(reply, Ending.DONE)
    if reply.stream:
        return part
    return answer.body(200, part.headers, b"".join(part.pieces))


def cut_close(reply: Reply) -> Answer:
    """Half of a reply that ends with its connection, so that HTTP sees no fault."""
    return _part(reply, Ending.CLOSE)._replace(framing=Framing.CLOSE, length=None)


def _overloaded(reply: Reply) -> tuple[Problem, Event]:
    error = Problem(529, "Overloaded")
    return error, error.body(reply.request_id)


def error_event(reply: Reply) -> Answer:
    """An overloaded_error event after some deltas; 529 where JSON was asked."""
    error, event = _overloaded(reply)
    if not reply.stream:
        return answer.problem(error, reply.request_id)
    return answer.stream(reply, [*_begun(reply), event])


def error_stall(reply: Reply) -> Answer:
    """As error-event, but the connection then stays open."""
    return error_event(reply)._replace(ending=Ending.STALL)


def early_error(reply: Reply) -> Answer:
    """An overloaded_error event before message_start; 529 where JSON was asked."""
    error, event = _overloaded(reply)
    if not reply.stream:
        return answer.problem(error, reply.request_id)
    return answer.stream(reply, [event])


def pings(reply: Reply) -> Answer:
    """message_start, then pings for ever."""
    if not reply.stream:
        return stall(reply)
    first = next(events(reply.message))
    endless = itertools.chain([first], itertools.repeat({"type": "ping"}))
    return answer.stream(reply, endless)._replace(pace=PING_PACE)


def linger(reply: Reply) -> Answer:
    """The whole reply, but the body and the connection are not ended."""
    usual = answer.usual(reply)
    return usual._replace(ending=Ending.STALL)


def until_close(reply: Reply) -> Answer:
    """The whole reply in a body that ends with the connection."""
    return answer.usual(reply)._replace(framing=Framing.CLOSE, length=None)


def with_length(reply: Reply) -> Answer:
    """The whole reply with a content-length, event by event."""
    usual = answer.usual(reply)
    pieces = tuple(usual.pieces)
    return usual._replace(pieces=pieces, framing=Framing.LENGTH, length=sum(map(len, pieces)))


def no_names(reply: Reply) -> Answer:
    """Data lines without event names."""
    return _reframed(reply, lambda piece: piece[piece.index(b"data: ") :])


def crlf(reply: Reply) -> Answer:
    """Lines that end in CR LF."""
    return _reframed(reply, lambda piece: piece.replace(b"\n", b"\r\n"))


def comments(reply: Reply) -> Answer:
    """A comment line before every event."""
    return _reframed(reply, lambda piece: b": keep-alive\n\n" + piece)


def done(reply: Reply) -> Answer:
    """A last line of `data: [DONE]`."""
    return _around(reply, after=b"data: [DONE]\n\n")


def bom(reply: Reply) -> Answer:
    """A byte order mark before the first event."""
    return _around(reply, before=BOM)


def _reframed(reply: Reply, change: Callable[[bytes], bytes]) -> Answer:
    usual = answer.usual(reply)
    return usual._replace(pieces=map(change, usual.pieces)) if reply.stream else usual


def _around(reply: Reply, *, before: bytes = b"", after: bytes = b"") -> Answer:
    usual = answer.usual(reply)
    if not reply.stream:
        return usual

    def joined() -> Iterator[bytes]:
        pieces = iter(usual.pieces)
        yield before + next(pieces)
        yield from pieces
        if after:
            yield after

    return usual._replace(pieces=joined())


FAULTS: Mapping[str, Callable[[Reply], Answer]] = {
    "cut": cut,
    "cut-close": cut_close,
    "clean-cut": clean_cut,
    "reset": reset,
    "stall": stall,
    "error-event": error_event,
    "error-stall": error_stall,
    "early-error": early_error,
    "pings": pings,
    "linger": linger,
    "until-close": until_close,
    "with-length": with_length,
    "no-names": no_names,
    "crlf": crlf,
    "comments": comments,
    "done": done,
    "bom": bom,
}
