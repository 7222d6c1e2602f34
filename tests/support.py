"""Real processes for the tests: msgcli as a user runs it, in an environment of nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MSGCLI = [sys.executable, "-m", "msgcli"]
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_FOLDER = tempfile.TemporaryDirectory(prefix="msgcli-test-")
HOME = f"{_FOLDER.name}/home"
BIN = Path(_FOLDER.name, "bin")
for _folder in (HOME, BIN):
    os.mkdir(_folder)

(BIN / "msgcli").write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m msgcli "$@"\n')
(BIN / "msgcli").chmod(0o755)
ENV = {
    "PATH": f"{BIN}:{os.path.dirname(sys.executable)}:{os.defpath}",
    "HOME": HOME,
    "PYTHONPATH": ROOT,
    "LC_ALL": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def run(*args: str, input: bytes | None = b"", timeout: float = 60, **kwargs: Any) -> Any:
    """Run `msgcli ARGS` to its end; bytes in, bytes out. `env` is added to ENV."""
    env = {**ENV, **kwargs.pop("env", {})}
    if "stdin" not in kwargs:
        kwargs["input"] = input
    kwargs.setdefault("stdout", subprocess.PIPE)
    kwargs.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([*MSGCLI, *args], env=env, timeout=timeout, check=False, **kwargs)


def start(*args: str, **kwargs: Any) -> Any:
    """Start `msgcli ARGS` with pipes, and leave it running."""
    env = {**ENV, **kwargs.pop("env", {})}
    for stream in ("stdin", "stdout", "stderr"):
        kwargs.setdefault(stream, subprocess.PIPE)
    return subprocess.Popen([*MSGCLI, *args], env=env, **kwargs)
