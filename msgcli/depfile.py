"""The rule by which make knows what a target was made of, in the form that `gcc -MD -MP` writes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgcli import stdio
from msgcli.errors import UsageFault
from msgcli.output import Sink

# A backslash before one of these takes its meaning away, and those before it are doubled then. A
# percent sign makes a pattern of a target, and of nothing else.
_OF_SOURCE = re.compile(r"(\\*)([ #:*?\[])")
_OF_TARGET = re.compile(r"(\\*)([ #:*?\[%])")
# No backslash helps here; names with an equals sign are common (date=2026-11-25), so make is given
# an expression for it.
_EQUALS = "$(subst ,,=)"
# With one of these a name means something else to make, however it is written.
_UNWRITABLE = re.compile(r"[\t\n;|]|\\\Z|\(.*\)\Z")


class Ruled:
    """A sink for `target` that, once the answer is whole, also writes the rule for it."""

    def __init__(self, sink: Sink, target: str, depfile: Sink) -> None:
        self._sink, self._target, self._depfile = sink, target, depfile
        self.keeps_partial = sink.keeps_partial

    def write(self, data: bytes) -> None:
        self._sink.write(data)

    def sync(self) -> None:
        self._sink.sync()

    def commit(self) -> None:
        """Neither file is new unless both are on the disk."""
        self._depfile.write(rule(self._target, stdio.sources()))
        self._sink.commit()
        self._depfile.commit()

    def abandon(self) -> None:
        self._sink.abandon()


def rule(target: str, sources: Iterable[str]) -> bytes:
    """That `target` depends on `sources`, and a rule without a recipe for each of them, so that one
    which is gone is no error. UsageFault for a name that no rule can have in it."""
    names = [name for name in sources if name != target]
    head = _written(target, _OF_TARGET) + ":"
    depends = " \\\n ".join([head, *(_written(name, _OF_SOURCE) for name in names)])
    gone = "".join(f"\n{_written(name, _OF_TARGET)}:\n" for name in names)
    return stdio.path(f"{depends}\n{gone}")


def _written(name: str, special: re.Pattern[str]) -> str:
    if _UNWRITABLE.search(name):
        raise UsageFault(f"--depfile: {name!r} is a name that no rule of make can have in it")
    name = f"./{name}" if name.startswith("~") else name
    return special.sub(r"\1\1\\\2", name).replace("$", "$$").replace("=", _EQUALS)
