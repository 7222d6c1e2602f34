"""Who may know whom, and what must not be loaded before it is needed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from support import ENV, ROOT

PACKAGE = Path(ROOT) / "msgcli"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}

# From the ground up. A module imports from its own floor and from those below it.
FLOORS = [
    {"msgcli", "errors", "redaction", "durations", "broken", "lean"},
    {"terminal", "retry", "wire", "chunked"},
    {"ending", "stdio"},
    {"files", "text", "credentials", "watch", "table"},
    {"connection", "report", "trace", "answer", "transport", "prompt", "attachments"},
    {"prices", "usage", "sums"},
    {"conversation", "schema", "tools"},
    {"client", "output", "curl"},
    {"turns", "depfile", "reuse", "lists", "probe", "bulk"},
    {"batch"},
    {"command", "config", "options"},
    {"compose", "origin", "each"},
    {"commands"},
    {"cli"},
    {"__main__"},
]


def imports(path: Path) -> set[str]:
    """The modules of msgcli that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: a relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found.update(names & MODULES.keys() or {node.module})
    return {name for name in found if name.split(".")[0] == "msgcli"}


def part(module: str) -> str:
    """The part of the house that a module belongs to: msgcli.wire.event is of wire."""
    return [*module.split("."), ""][1] or "msgcli"


def floor(module: str) -> int:
    return next(level for level, parts in enumerate(FLOORS) if part(module) in parts)


CLIENT = [module for module in MODULES if part(module) != "endpoint"]


@pytest.mark.parametrize("module", CLIENT)
def test_imports_run_downward(module: str) -> None:
    for imported in imports(MODULES[module]):
        if part(imported) == "endpoint":
            assert module == "msgcli.commands.serve"
        else:
            assert floor(imported) <= floor(module), f"{module} imports {imported}"


def test_imports_make_no_circle() -> None:
    graph = {module: imports(path) - {module} for module, path in MODULES.items()}
    assert len(list(TopologicalSorter(graph).static_order())) >= len(MODULES)


@pytest.mark.parametrize("module", [m for m in MODULES if part(m) == "endpoint"])
def test_the_endpoint_stands_apart(module: str) -> None:
    assert {part(imported) for imported in imports(MODULES[module])} <= {"endpoint"}


@pytest.mark.parametrize("module", [m for m in MODULES if part(m) == "commands"])
def test_commands_never_import_one_another(module: str) -> None:
    assert not {i for i in imports(MODULES[module]) if part(i) == "commands"}


@pytest.mark.parametrize("module", [m for m in MODULES if part(m) == "wire"])
def test_the_wire_knows_no_world(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text())
    names = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    names |= {
        node.module.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
    }
    assert not names & {"os", "sys", "io", "socket", "click", "requests", "urllib3", "subprocess"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_what_it_is_for_and_has_one_job(module: str) -> None:
    text = MODULES[module].read_text()
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring is not None
    assert docstring.split("\n")[0].rstrip().endswith(".")
    assert text.count("\n") <= 300


PROBE = """
import os, sys
sys.argv[1:] = {args!r}
from msgcli import __main__, ending
def end(status, error=None):
    import json
    print(json.dumps([status, sorted(m for m in sys.modules)]), file=sys.stderr)
    os._exit(status)
ending.end = end
__main__.main()
"""

HEAVY = {
    "requests",
    "urllib3",
    "sseclient",
    "http.client",
    "http.server",
    "concurrent.futures",
    "jsonschema",
    "ssl",
    "subprocess",
    "importlib.metadata",
    "email.utils",
    "asyncio",
}
MESSAGE = b'{"content":[{"type":"text","text":"x"}],"stop_reason":"end_turn"}'


def modules_of(args: list[str]) -> set[str]:
    """What a command that succeeds has loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(args=args)],
        input=MESSAGE,
        env=ENV,
        capture_output=True,
        check=True,
    )
    status, modules = json.loads(done.stderr)
    assert status == 0
    return set(modules)


@pytest.mark.parametrize(
    "args", [["--help"], ["--version"], ["build"], ["decode"], ["create", "--help"]]
)
def test_nothing_heavy_is_loaded(args: list[str]) -> None:
    modules = modules_of(args)
    assert not HEAVY & modules
    assert not {m for m in modules if m.startswith("msgcli.endpoint")}


@pytest.mark.parametrize("more", [[], ["--proxy", "http://127.0.0.1:1"]])
def test_a_call_loads_nothing_that_it_does_not_need(endpoint: str, more: list[str]) -> None:
    modules = modules_of(["create", "--base-url", endpoint, *more])
    assert "requests" in modules
    assert not {m for m in modules if m.split(".")[0] in ("chardet", "charset_normalizer")}
    assert "importlib.metadata" not in modules


def test_what_was_left_out_is_there_for_whom_it_is_asked() -> None:
    code = """
import sys
from msgcli import lean
assert "importlib.metadata" not in sys.modules
later = lean._Versions("importlib.metadata")
print(later.version("click") == later.metadata("click")["Version"])
from importlib.metadata import PackageNotFoundError
import charset_normalizer
print(charset_normalizer.detect(b"x")["encoding"])
try:
    later.version("no such package")
except PackageNotFoundError as error:
    print(error.name)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENV, cwd=ROOT, capture_output=True, check=False
    )
    assert (done.stdout, done.stderr) == (b"True\nascii\nno such package\n", b"")


DEMANDING = """
import warnings
from requests import early
from importlib.metadata import PackageNotFoundError, version
import charset_normalizer
from charset_normalizer import __version__
detector = charset_normalizer
assert issubclass(PackageNotFoundError, ImportError) and version("click")
"""


def test_requests_that_cannot_do_without_it_are_taken_as_they_are(tmp_path: Path) -> None:
    package = tmp_path / "requests"
    package.mkdir()
    (package / "__init__.py").write_text(DEMANDING)
    (package / "early.py").write_text("")
    (tmp_path / "charset_normalizer.py").write_text("__version__ = '1'\n")
    code = "from msgcli.lean import requests; print(requests.detector.__version__)"
    env = {**ENV, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"1\n", b"")
