"""Long replies: what an event, a byte and a giant event cost the processor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import clients
import replies
from clients import CURL, JSON, LLM, NAIVE, SDK, SSE, TEXT
from measure import Bench, Client, Cost, digest, medians
from table import Row, Table

# Seconds: less than this is not told from nothing.
_LEAST = 0.001
_UNIT = "1,000 events / MB a processor second"
_OWN = (TEXT, SSE, JSON)


def tables(bench: Bench) -> list[Table]:
    return [*_whole(bench), _chunked(bench), _awkward(bench)]


def _whole(bench: Bench) -> list[Table]:
    """Two lengths, which show that time is linear. Speeds are those of the longer one: the other
    costs little more than what one start differs by from another."""
    names = (NAIVE, SDK, LLM, CURL)
    small, long = (
        {c.name: c for c in _clients(bench, f"{bench.url}/{path}", count, *names)}
        for path, count in (("small", 8), ("long", replies.EVENTS))
    )
    longer = _clients(bench, f"{bench.url}/longer", replies.MANY, NAIVE, CURL)
    every = [*_named("small", small.values()), *_named("long", long.values()), *longer]
    cost = medians(every, bench._replace(turns=max(bench.turns // 2, 1)))
    speeds = {
        name: replies.MANY / _more(cost, name, f"small {name}")
        if name in cost
        else replies.EVENTS / _more(cost, f"long {name}", f"small {name}")
        for name in small
    }
    title = "200,000 events in one body of known length (SDK and llm: 20,000)"
    return [Table(title, _UNIT, _speed_rows(speeds)), _linear(cost)]


def _chunked(bench: Bench) -> Table:
    small = _clients(bench, f"{bench.live}/small-chunked", 8, NAIVE, SDK)
    long = _clients(bench, f"{bench.live}/longer-chunked", replies.MANY, NAIVE)
    sdk = clients.peers(bench, f"{bench.live}/long-chunked", replies.EVENTS, SDK)
    cost = medians(
        [*long, *sdk, *_named("small", small)], bench._replace(turns=max(bench.turns // 2, 1))
    )
    counts = {**{c.name: replies.MANY for c in long}, **{c.name: replies.EVENTS for c in sdk}}
    speeds = {name: n / _more(cost, name, f"small {name}") for name, n in counts.items()}
    title = "200,000 events, one in an HTTP chunk (SDK: 20,000)"
    return Table(title, _UNIT, _speed_rows(speeds))


def _clients(bench: Bench, url: str, count: int, *names: str) -> list[Client]:
    return [*clients.peers(bench, url, count, *names), *clients.own(bench, url, count)]


def _named(prefix: str, of: Iterable[Client]) -> list[Client]:
    return [client._replace(name=f"{prefix} {client.name}") for client in of]


def _more(cost: Mapping[str, Cost], name: str, small: str) -> float:
    """Processor time less that of the same client on a small reply: what the stream alone costs."""
    return max(cost[name].cpu - cost[small].cpu, _LEAST)


def _speed_rows(speeds: Mapping[str, float]) -> list[Row]:
    size = sum(map(len, replies.long(replies.EVENTS))) / replies.EVENTS

    def row(name: str, beside: str, wanted: float | None = None) -> Row:
        rate = speeds[name]
        figure = f"{rate / 1000:.0f} / {rate * size / 1e6:.1f}"
        return Row(name, figure, beside, rate / speeds[beside], wanted, least=True)

    rows = [row(name, NAIVE) for name in speeds if name not in _OWN]
    rows += [row(TEXT, NAIVE, 1.5), row(SSE, NAIVE, 5), row(JSON, TEXT, 0.95)]
    if SDK in speeds:
        rows.insert(-2, row(TEXT, SDK, 20))
    return rows


def _linear(cost: Mapping[str, Cost]) -> Table:
    rows = []
    for name in (NAIVE, *_OWN):
        short = _more(cost, f"long {name}", f"small {name}")
        long = _more(cost, name, f"small {name}")
        wanted = 12 if name in _OWN else None
        rows.append(Row(name, f"{long:.2f} s", f"20,000: {short:.3f} s", long / short, wanted))
    return Table("200,000 events beside 20,000: linear is 10", "processor", rows)


def _awkward(bench: Bench) -> Table:
    """The naive client is not here: it needs half a minute for an event of 10 MB."""
    small, large, giant = "small", "one event of 1 MB", "one event of 10 MB"
    chunks, tiny = f"{giant}, HTTP chunks of 128 bytes", "20,000 events, HTTP chunks of 16 bytes"
    text = _giant_text(replies.GIANT)
    outputs = {
        small: (f"{bench.url}/small", replies.text(8)),
        large: (f"{bench.url}/large", _giant_text(replies.LARGE)),
        giant: (f"{bench.url}/giant", text),
        chunks: (f"{bench.live}/giant-tiny", text),
        tiny: (f"{bench.live}/long-tiny", replies.text(replies.EVENTS)),
    }
    every = [
        Client(name, clients.create(bench, url), digest(output))
        for name, (url, output) in outputs.items()
    ]
    cost = medians(every, bench.fewer())
    short, long = (_more(cost, name, small) for name in (large, giant))
    rows = [Row(giant, f"{long:.2f} s", f"1 MB: {short:.3f} s", long / short, 12)]
    for name in (chunks, tiny):
        more = _more(cost, name, small)
        rows.append(Row(name, f"{more:.2f} s", "2 s", more / 2, 1))
    for name in (giant, chunks, tiny):
        rows.append(Row(f"{name}: memory", f"{cost[name].peak / 1e6:.0f} MB"))
    return Table("Awkward streams, create -f text", "processor", rows)


def _giant_text(size: int) -> list[bytes]:
    """In pieces of which this process need not hold the whole."""
    return [*[b"x" * 1000] * (size // 1000), b"\n"]
