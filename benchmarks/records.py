"""Many records: what one costs the processor, beside what else asks for many replies."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import clients
from measure import Arguments, Bench, Client, Cost, medians
from table import Row, Table

_CURL, _SESSIONS, _SDK = "xargs -P 8 curl", "requests sessions, 8 threads", "SDK, 8 at a time"
_SDK_64, _LLM = "SDK, 64 at a time", "llm, one after another"
_RECORDS = 2000
_BODY = '{"model":"claude-sonnet-4-6","max_tokens":1024,"messages":[{"role":"user","content":"%"}]}'


class _Way(NamedTuple):
    """How `count` prompts, the lines of a file, are answered."""

    name: str
    arguments: Callable[[Path], Arguments]
    records: int = _RECORDS
    journal: Path | None = None
    every: int = 1

    def client(self, bench: Bench, count: int) -> Client:
        name = f"{self.name}: {count}"
        return Client(
            name, self.arguments(prompts(bench, count)), file=self.journal, every=self.every
        )


def tables(bench: Bench) -> list[Table]:
    ways = [_map(bench, jobs) for jobs in (1, 8, 64)]
    found = [*_peers(bench), *ways]
    # What is told is what a record more costs, and not a start.
    every = [way.client(bench, count) for way in found for count in (1, way.records)]
    cost = medians(every, bench.fewer())
    for way in ways:
        check_journal(way.journal, _RECORDS)
    title = f"{_RECORDS:,} records, replies in one piece"
    return [Table(title, "records a processor second / a second", _rows(found, cost))]


def prompts(bench: Bench, count: int) -> Path:
    """A file of so many prompts, one in a line."""
    path = bench.work / f"prompts-{count}"
    if not path.exists():
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"Tell me something about the number {n}.\n" for n in range(count))
    return path


def over(bench: Bench, file: Path, jobs: int, journal: Path) -> Arguments:
    """msgcli map over the lines of a file."""
    url = f"{bench.url}/json"
    options = ["-q", "--base-url", url, "-j", str(jobs), "--each", "line"]
    return [bench.bin / "msgcli", "map", *options, "-o", journal, file]


def check_journal(journal: Path | None, count: int) -> None:
    """SystemExit unless it has a line for each record that says that it succeeded."""
    assert journal is not None
    with journal.open("rb") as lines:
        found = sum(b'"type":"succeeded"' in line for line in lines)
    if found != count:
        raise SystemExit(f"bench: msgcli map: {found} of {count} records succeeded")


def _map(bench: Bench, jobs: int) -> _Way:
    journal = bench.work / f"journal-{jobs}.jsonl"
    return _Way(f"map -j {jobs}", lambda file: over(bench, file, jobs, journal), journal=journal)


def _peers(bench: Bench) -> list[_Way]:
    """Each with a share of the records that it can do in a second or two."""
    url = f"{bench.url}/json"
    found = [
        _Way(
            _SESSIONS,
            lambda file: [bench.bin / "python", bench.work / "sessions.py", url, file, "8"],
        )
    ]
    if (curl := shutil.which("curl")) and shutil.which("xargs"):
        ask = [curl, "-s", "-H", "content-type: application/json", "-d", _BODY]
        head = ["xargs", "-P", "8", "-I", "%", "-a"]
        one = _Way(_CURL, lambda file: [*head, file, *ask, f"{url}/v1/messages"], 200)
        found.insert(0, one)
    if clients.SDK in bench.peers:
        for name, jobs in ((_SDK, "8"), (_SDK_64, "64")):
            found.append(_Way(name, _sdk(bench, url, jobs)))
    if clients.LLM in bench.peers:
        loop = 'file=$1; shift; while read -r line; do "$@" "$line" </dev/null; done <"$file"'
        # It asks for a stream in any case.
        llm = clients.llm(bench, f"{bench.url}/small")
        found.append(_Way(_LLM, lambda file: ["sh", "-c", loop, "sh", file, *llm], 2, every=99))
    return found


def _sdk(bench: Bench, url: str, jobs: str) -> Callable[[Path], Arguments]:
    return lambda file: [*clients.sdk(bench, url, "--jobs", jobs), file]


def _rows(ways: list[_Way], cost: dict[str, Cost]) -> list[Row]:
    rates = {}
    for way in ways:
        many, one = (cost[f"{way.name}: {count}"] for count in (way.records, 1))
        more = way.records - 1
        rates[way.name] = (more / (many.cpu - one.cpu), more / (many.wall - one.wall))

    def row(name: str, beside: str, wanted: float | None = None) -> Row:
        rate, other = rates[name][0], rates[beside][0]
        figure = " / ".join(f"{value:,.{0 if value > 10 else 2}f}" for value in rates[name])
        return Row(name, figure, beside, rate / other, wanted, least=True)

    j1, j8, j64 = (way.name for way in ways[-3:])
    rows = [row(way.name, _SESSIONS) for way in ways[:-3]]
    rows += [row(name, _SESSIONS) for name in (j1, j8)]
    rows += [
        row(j8, beside, wanted) for beside, wanted in ((_CURL, 12), (_SDK, 2.5)) if beside in rates
    ]
    return [*rows, row(j64, j8, 0.9)]
