"""Long replies: what an event, a byte and a giant event cost the processor, and the memory."""

from __future__ import annotations

import replies
from measure import Arguments, Bench, Client, Cost, medians
from table import Row, Table

_TEXT, _SSE, _JSON, _NAIVE = "create -f text", "create -f sse", "create -f json", "naive client"


def tables(bench: Bench) -> list[Table]:
    return [
        _long(bench, "long", "20,000 events, one in an HTTP chunk"),
        _long(bench, "long-whole", "20,000 events in one body of known length"),
        _awkward(bench),
    ]


def _text(count: int) -> bytes:
    return "".join(replies.words(count)).encode()


def _clients(bench: Bench, path: str, text: bytes) -> dict[str, Client]:
    url = f"{bench.url}/{path}"
    create: Arguments = [bench.bin / "msgcli", "create", "--base-url", url, "-p", "hello"]
    naive: Arguments = [
        bench.bin / "python",
        bench.work / "naive.py",
        "--base-url",
        url,
        "-p",
        "hello",
    ]
    # The text ends with a newline, to which msgcli adds none; the naive client always does.
    found = [
        Client(_TEXT, create, text),
        Client(_SSE, [*create, "-f", "sse"]),
        Client(_JSON, [*create, "-f", "json", "--stream"]),
        Client(_NAIVE, naive, text + b"\n"),
    ]
    return {client.name: client for client in found}


def _long(bench: Bench, path: str, title: str) -> Table:
    """Processor time less that of the same client on a small reply: what the stream alone costs."""
    small = _clients(bench, "small", _text(8)).values()
    long = _clients(bench, path, _text(replies.EVENTS))
    clients = [*long.values(), *(c._replace(name=f"small {c.name}") for c in small)]
    cost = medians(clients, bench)
    size = sum(map(len, replies.stream(replies.words(replies.EVENTS))))

    def speed(name: str) -> float:
        return replies.EVENTS / (cost[name].cpu - cost[f"small {name}"].cpu)

    def row(name: str, wanted: float | None = None) -> Row:
        rate = speed(name)
        figure = f"{rate / 1000:.0f} / {rate * size / replies.EVENTS / 1e6:.1f}"
        return Row(name, figure, _NAIVE, rate / speed(_NAIVE), wanted, least=True)

    rows = [row(_NAIVE), row(_TEXT, 1), row(_SSE, 1), row(_JSON, 1)]
    rows += [_memory(name, cost) for name in (_TEXT, _SSE, _JSON)]
    return Table(title, "1,000 events / MB a processor second", rows)


def _memory(name: str, cost: dict[str, Cost]) -> Row:
    peak = cost[name].peak
    return Row(f"{name}: memory", f"{peak / 1e6:.0f} MB", _NAIVE, peak / cost[_NAIVE].peak)


def _awkward(bench: Bench) -> Table:
    """The naive client is not here: it needs half a minute for an event of 10 MB."""
    giant = b"x" * replies.GIANT + b"\n"
    kinds = {
        "giant": ("one event of 10 MB", giant),
        "giant-tiny": ("the same in HTTP chunks of 128 bytes", giant),
        "long-tiny": ("20,000 events in HTTP chunks of 16 bytes", _text(replies.EVENTS)),
    }
    clients = [
        _clients(bench, path, text)[_TEXT]._replace(name=title)
        for path, (title, text) in kinds.items()
    ]
    rows = []
    for title, cost in medians(clients, bench._replace(turns=max(bench.turns // 3, 1))).items():
        rows.append(Row(title, f"{cost.cpu:.2f} s", "2 s", cost.cpu / 2, 1))
        rows.append(Row(f"{title}: memory", f"{cost.peak / 1e6:.0f} MB"))
    return Table("Awkward streams, create -f text", "processor", rows)
