"""A large image in a request: the memory that it costs."""

from __future__ import annotations

import os

from measure import Bench, Client, medians
from table import Row, Table

_SIZE = 22 * 1000 * 1000
_BASE64 = (_SIZE + 2) // 3 * 4
_NAIVE = "naive client"


def tables(bench: Bench) -> list[Table]:
    image = bench.work / "large.png"
    image.write_bytes(b"\x89PNG\r\n\x1a\n")
    # Not by way of a string of that length, which would count for a child of this process too.
    os.truncate(image, _SIZE)
    arguments = ["--base-url", f"{bench.url}/small", "-p", "hello", "-a", image]
    clients = [
        Client(_NAIVE, [bench.bin / "python", bench.work / "naive.py", *arguments]),
        Client("create", [bench.bin / "msgcli", "create", *arguments]),
    ]
    cost = medians(clients, bench._replace(turns=max(bench.turns // 3, 1)))
    rows = []
    for name, wanted in ((_NAIVE, None), ("create", 0.5)):
        peak = cost[name].peak
        rows.append(Row(name, f"{peak / 1e6:.0f} MB", _NAIVE, peak / cost[_NAIVE].peak, wanted))
    rows.append(Row("its base64 form", f"{_BASE64 / 1e6:.0f} MB"))
    return [Table("An image of 22 MB in the request", "largest resident size", rows)]
