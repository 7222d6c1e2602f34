"""Virtual environments with msgcli and its peers as a user has them, below build/bench."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import nginx

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "bench"
PEERS = {"SDK": ["anthropic"], "llm": ["llm", "llm-anthropic"]}
_PIP = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
_VERSIONS = """
import sys
from importlib.metadata import version
print(*(f"{name} {version(name)}" for name in sys.argv[1:]), sep=", ", end="")
"""


def install() -> Path:
    """The folder of the programs; msgcli there is what the source tree holds now."""
    python = _environment("msgcli")
    subprocess.run([python, *_PIP, "setuptools>=70.1"], check=True)
    # A copy, since setuptools leaves its work in the tree that it builds, and takes it up again.
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "msgcli"
        unwanted = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "tests")
        shutil.copytree(ROOT, source, ignore=unwanted)
        options = ["--no-build-isolation", "--use-pep517", "--compile"]
        subprocess.run([python, *_PIP, *options, source], check=True)
    return python.parent


def peers() -> dict[str, Path]:
    """The folders of the peers' programs, the newest that there are; one that cannot be had is left
    out, which a line says."""
    found = {}
    for name, packages in PEERS.items():
        python = _environment(name.lower())
        command: list[str | Path] = [python, *_PIP, "--upgrade", "--compile", *packages]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        if done.returncode == 0:
            found[name] = python.parent
        else:
            why = done.stderr.strip().splitlines()[-1:]
            print(f"bench: {name} is left out: it cannot be installed: {''.join(why)}")
    return found


def versions(programs: Path, peers: Mapping[str, Path]) -> str:
    """What was measured, in one line."""
    own = ("msgcli", "click", "requests", "urllib3", "sseclient-py")
    parts = [_first(programs / "python", "--version"), _packages(programs, *own)]
    parts += [_packages(peer, *PEERS[name]) for name, peer in peers.items()]
    if curl := shutil.which("curl"):
        parts.append(" ".join(_first(curl, "--version").split()[:2]))
    program = nginx.program()
    server = _first(program, "-v").removeprefix("nginx version: ") if program else ""
    parts.append(server.replace("/", " ") or "no nginx: server.py stands in for it")
    return ", ".join(parts)


def _environment(name: str) -> Path:
    """The Python of the virtual environment of that name."""
    python = PLACE / name / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", PLACE / name], check=True)
    return python


def _packages(programs: Path, *names: str) -> str:
    return _output(programs / "python", "-c", _VERSIONS, *names)


def _first(*command: str | os.PathLike[str]) -> str:
    return _output(*command).splitlines()[0]


def _output(*command: str | os.PathLike[str]) -> str:
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.stdout
