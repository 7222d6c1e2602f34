"""Whole processes from their start to their end, beside Python's start-up with bare imports."""

from __future__ import annotations

import shutil

import replies
from measure import Bench, Client, medians
from table import Row, Table

_ONE = "import click"
_THREE = "import click, requests, sseclient"


def tables(bench: Bench) -> list[Table]:
    text = "".join(replies.words(8)).encode()
    for name, data in (("json", replies.small_json()), ("stream", replies.small_stream())):
        (bench.work / name).write_bytes(data)
    python, msgcli = bench.bin / "python", bench.bin / "msgcli"
    here = bench.work
    url = f"{bench.url}/small"
    clients = [
        Client(_ONE, [python, "-c", _ONE]),
        Client("--version", [msgcli, "--version"]),
        Client("--help", [msgcli, "--help"]),
        Client("create --help", [msgcli, "create", "--help"]),
        Client("build", [msgcli, "build", "-p", "hello"]),
        Client("decode (JSON)", [msgcli, "decode", here / "json"], text),
        Client("decode (stream)", [msgcli, "decode", here / "stream"], text),
        Client(_THREE, [python, "-c", _THREE]),
        Client("create", [msgcli, "create", "--base-url", url, "-p", "hello"], text),
        Client("naive client", [python, here / "naive.py", "--base-url", url, "-p", "hello"]),
    ]
    if curl := shutil.which("curl"):
        clients.append(
            Client("curl", [curl, "-sN", "-d", "{}", f"{url}/v1/messages"], replies.small_stream())
        )
    wall = {name: cost.wall for name, cost in medians(clients, bench).items()}

    def row(name: str, beside: str, wanted: float | None = None) -> Row:
        return Row(name, f"{wall[name] * 1000:.0f}", beside, wall[name] / wall[beside], wanted)

    plain = ("--version", "--help", "create --help", "build", "decode (JSON)", "decode (stream)")
    rows = [row(_ONE, _ONE), *(row(name, _ONE, 1.6) for name in plain)]
    rows += [row(_THREE, _THREE), row("create", _THREE, 1.15), row("naive client", _THREE)]
    rows += [row("curl", _THREE)] if curl else []
    return [Table("Start-up: whole processes", "ms", rows)]
