"""What is in memory at once: of a start, of an image, of a long reply, of many records."""

from __future__ import annotations

import os

import clients
import records
import replies
from clients import NAIVE, SSE, TEXT
from measure import Arguments, Bench, Client, Cost, medians, run
from table import Row, Table

_IMAGE = 22 * 1000 * 1000
_BASE64 = (_IMAGE + 2) // 3 * 4
_FEW = 10_000


def tables(bench: Bench) -> list[Table]:
    return [_create(bench), _map(bench)]


def _create(bench: Bench) -> Table:
    image = bench.work / "large.png"
    image.write_bytes(b"\x89PNG\r\n\x1a\n")
    # Not by way of a string of that length, which would count for a child of this process too.
    os.truncate(image, _IMAGE)
    small, vast = f"{bench.url}/small", f"{bench.url}/vast"
    with_image: Arguments = ["-a", image]
    every = [
        *clients.peers(bench, small, 8, NAIVE),
        Client(f"{NAIVE}: image", [*clients.naive(bench, small), *with_image]),
        Client("image", [*clients.create(bench, small), *with_image]),
    ]
    every += clients.own(bench, small, 8)[:2]
    for client in clients.own(bench, vast, replies.vast_count())[:2]:
        every.append(client._replace(name=f"{client.name}: 64 MB"))
    cost = medians(every, bench.fewer())
    return Table("create: memory", "largest resident size", _create_rows(cost))


def _create_rows(cost: dict[str, Cost]) -> list[Row]:
    naive, create = cost[NAIVE].peak, cost[TEXT].peak
    room = naive + 3_000_000
    rows = [
        Row(f"a small reply, {NAIVE}", _mb(naive)),
        Row(f"a small reply, {TEXT}", _mb(create), f"{NAIVE} and 3 MB", create / room, 1),
    ]
    base64 = f"its base64 form, {_mb(_BASE64)}"
    for name, small, wanted in ((f"{NAIVE}: image", naive, None), ("image", create, 2.2)):
        more = cost[name].peak - small
        title = f"an image of 22 MB on top, {NAIVE if wanted is None else 'create'}"
        rows.append(Row(title, _mb(more), base64, more / _BASE64, wanted))
    for name in (TEXT, SSE):
        peak, small = cost[f"{name}: 64 MB"].peak, cost[name].peak
        beside = f"a small reply, {_mb(small)}"
        rows.append(Row(f"a reply of 64 MB, {name}", _mb(peak), beside, peak / small, 1.1))
    return rows


def _map(bench: Bench) -> Table:
    """Once each: memory hardly differs between runs, and the large one takes its time."""
    few, many = (_map_cost(bench, count) for count in (_FEW, bench.many))
    less, factor = f"{_FEW:,} records", bench.many / _FEW
    title = f"{bench.many:,} records"
    time = many.cpu / few.cpu
    rows = [
        Row(
            f"{title}: memory",
            _mb(many.peak),
            f"{less}, {_mb(few.peak)}",
            many.peak / few.peak,
            1.1,
        ),
        Row(
            f"{title}: processor",
            f"{many.cpu:.0f} s",
            f"{less}, {few.cpu:.1f} s",
            time,
            factor * 1.2,
        ),
    ]
    return Table("map -j 8 with a journal: memory, and time", "the whole process", rows)


def _map_cost(bench: Bench, count: int) -> Cost:
    journal = bench.work / "journal.jsonl"
    bench.say(f"map over {count:,} records")
    name = f"map over {count} records"
    arguments = records.over(bench, records.prompts(bench, count), 8, journal)
    cost = run(Client(name, arguments, file=journal), bench)
    records.check_journal(journal, count)
    return cost


def _mb(size: float) -> str:
    return f"{size / 1e6:.1f} MB"
