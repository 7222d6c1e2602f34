"""A virtual environment with msgcli as a user has it: installed, its bytecode compiled."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "bench"
_PIP = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
_VERSIONS = """
import platform
from importlib.metadata import version
print("Python", platform.python_version(), end="")
for name in ("msgcli", "click", "requests", "urllib3", "sseclient-py"):
    print(f", {name} {version(name)}", end="")
"""


def install() -> Path:
    """The folder of the programs; msgcli there is what the source tree holds now."""
    python = PLACE / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", PLACE], check=True)
        subprocess.run([python, *_PIP, "setuptools>=70.1"], check=True)
    # A copy, since setuptools leaves its work in the tree that it builds, and takes it up again.
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "msgcli"
        unwanted = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "tests")
        shutil.copytree(ROOT, source, ignore=unwanted)
        options = ["--no-build-isolation", "--use-pep517", "--compile"]
        subprocess.run([python, *_PIP, *options, source], check=True)
    return python.parent


def versions(programs: Path) -> str:
    """What was measured, in one line."""
    done = subprocess.run(
        [programs / "python", "-c", _VERSIONS], check=True, capture_output=True, text=True
    )
    parts = [done.stdout]
    if curl := shutil.which("curl"):
        done = subprocess.run([curl, "--version"], check=True, capture_output=True, text=True)
        parts.append(" ".join(done.stdout.split()[:2]))
    return ", ".join(parts)
