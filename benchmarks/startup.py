"""Whole processes from their start to their end, beside Python's start-up with bare imports."""

from __future__ import annotations

import clients
import replies
from measure import Bench, Client, digest, medians
from table import Row, Table

_ONE = "import click"
_THREE = "import click, requests, sseclient"


def tables(bench: Bench) -> list[Table]:
    text = digest(replies.text(8))
    for name, data in (("json", replies.small_json()), ("stream", replies.small_stream())):
        (bench.work / name).write_bytes(data)
    python, msgcli = bench.bin / "python", bench.bin / "msgcli"
    url = f"{bench.url}/small"
    one = Client(_ONE, [python, "-c", _ONE])
    plain = [
        Client("--version", [msgcli, "--version"]),
        Client("--help", [msgcli, "--help"]),
        Client("create --help", [msgcli, "create", "--help"]),
        Client("build", [msgcli, "build", "-p", "hello"]),
        Client("decode (JSON)", [msgcli, "decode", bench.work / "json"], text),
        Client("decode (stream)", [msgcli, "decode", bench.work / "stream"], text),
    ]
    three = Client(_THREE, [python, "-c", _THREE])
    create = Client("create", clients.create(bench, url), text)
    names = (clients.CURL, clients.NAIVE, clients.SDK, clients.LLM)
    peers = clients.peers(bench, url, 8, *names)
    cost = medians([one, *plain, three, create, *peers], bench)

    def row(client: Client, beside: Client, wanted: float | None = None) -> Row:
        wall, other = cost[client.name].wall, cost[beside.name].wall
        return Row(client.name, f"{wall * 1000:.0f}", beside.name, wall / other, wanted)

    free = ("create --help",)
    rows = [row(one, one)]
    rows += [row(client, one, None if client.name in free else 1.4) for client in plain]
    rows += [row(three, three), row(create, three, 0.85), *(row(peer, three) for peer in peers)]
    return [Table("Start-up: whole processes", "ms", rows)]
