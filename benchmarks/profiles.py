"""Write where the time of a start, of a stream and of a record goes: build/profile, and tables."""

from __future__ import annotations

import io
import marshal
import pstats
import re
import statistics
import subprocess
from collections import Counter, defaultdict
from pathlib import Path

import clients
import records
from installed import ROOT
from measure import Arguments, Bench, Client, run
from setting import bench
from table import grid

_PLACE = ROOT / "build" / "profile"
_TURNS = 7
_SHOWN = 12
_PACKAGE = re.compile(r".*/(?:site-packages|python3\.\d+)/([^/.]+)")
# What a profile is in its file: by file, line and name the calls, and the seconds of its own.
_Functions = dict[tuple[str, int, str], tuple[int, int, float, float, object]]
_IMPORT = re.compile(r"import time: +(\d+) \| +\d+ \| +(\S+)")


def main() -> None:
    _PLACE.mkdir(parents=True, exist_ok=True)
    with bench(_TURNS, 0, with_peers=False) as place:
        _start(place)
        url = f"{place.url}/longer"
        for form in ("text", "sse"):
            arguments = clients.create(place, url, "-f", form)
            _profile(place, f"create -f {form}, 200,000 events", arguments, form, "main")
        arguments = records.over(place, records.prompts(place, 2000), 1, place.work / "journal")
        _profile(place, "map -j 1, the worker, 2,000 records", arguments, "map", "first")


def _start(place: Bench) -> None:
    """Imports by their own time, and around them the whole process and Python itself."""
    create = clients.create(place, f"{place.url}/small")
    bare = {name for _, name in _imports(place, ["-c", "pass"])[0]}
    runs = []
    for turn in range(_TURNS):
        found, listing = _imports(place, create)
        if turn == 0:
            (_PLACE / "start.txt").write_text(listing, encoding="utf-8")
        sums: Counter[str] = Counter()
        for micros, name in found:
            if name not in bare:
                sums[name.partition(".")[0]] += micros
        runs.append(sums)
    names = set().union(*runs)
    medians = Counter({name: int(statistics.median(sums[name] for sums in runs)) for name in names})
    imports = sum(medians.values())
    shown = medians.most_common(_SHOWN)
    python, whole = _wall(place, [place.bin / "python", "-c", "pass"]), _wall(place, create)
    rows = [
        ("create, the whole process", whole),
        ("python -c pass", python),
        *((f"modules of {name}", micros / 1e6) for name, micros in shown),
        ("other modules", (imports - sum(micros for _, micros in shown)) / 1e6),
        ("all else", whole - python - imports / 1e6),
    ]
    cells = [["", "ms", "share"]]
    cells += [[name, f"{value * 1000:.1f}", f"{value / whole:.0%}"] for name, value in rows]
    _print("create, one small reply", cells)


def _imports(place: Bench, arguments: Arguments) -> tuple[list[tuple[int, str]], str]:
    """The microseconds and the name of each module that is imported, and the whole listing."""
    done = subprocess.run(
        [place.bin / "python", "-X", "importtime", *arguments],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=place.environment,
    )
    return [(int(micros), name) for micros, name in _IMPORT.findall(done.stderr)], done.stderr


def _wall(place: Bench, arguments: Arguments) -> float:
    client = Client("start", arguments)
    return statistics.median(run(client, place).wall for _ in range(_TURNS))


def _profile(place: Bench, title: str, arguments: Arguments, name: str, thread: str) -> None:
    """The functions that take the most time of their own; `thread` is for profiled.py."""
    output = _PLACE / f"{name}.pstats"
    script = Path(__file__).with_name("profiled.py")
    command = [place.bin / "python", script, output, thread, *arguments[1:]]
    run(Client(title, command), place)
    listing = io.StringIO()
    pstats.Stats(str(output), stream=listing).sort_stats("tottime").print_stats()
    (_PLACE / f"{name}.txt").write_text(listing.getvalue(), encoding="utf-8")
    functions: _Functions = marshal.loads(output.read_bytes())
    packages: defaultdict[str, float] = defaultdict(float)
    for (file, *_), (_, _, own, *_) in functions.items():
        packages[_package(file)] += own
    total = sum(packages.values())
    cells = [["", "own s", "share", "calls"]]
    cells += [
        [f"all of {name}", f"{own:.3f}", f"{own / total:.0%}", ""]
        for name, own in sorted(packages.items(), key=lambda item: -item[1])[: _SHOWN // 2]
    ]
    found = sorted(functions.items(), key=lambda item: -item[1][2])
    for (file, _, function), (_, calls, own, *_) in found[:_SHOWN]:
        what = function if file == "~" else f"{'/'.join(Path(file).parts[-2:])}: {function}"
        cells.append([what, f"{own:.3f}", f"{own / total:.0%}", f"{calls:,}"])
    _print(f"{title}, under a profiler", cells)


def _package(file: str) -> str:
    """The package that a file belongs to, or the module of the standard library."""
    found = _PACKAGE.match(file)
    return found[1] if found else "what is built in"


def _print(title: str, cells: list[list[str]]) -> None:
    print("\n".join(grid(title, cells)), flush=True)


if __name__ == "__main__":
    main()
