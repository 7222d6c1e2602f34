"""A small file system of its own for a test, where the machine lets one be mounted."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import ENV


def mounted(options: str, script: str, folder: Path, *args: str) -> Any:
    """Run a shell script with a small file system of its own at `folder`, named `$1`; `$@` behind
    it are `args`."""
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare to mount a file system with")
    namespace = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    mount = f'mount -t tmpfs -o {options} none "$1"'
    if subprocess.run([*namespace, "sh", "-c", mount, "sh", folder], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    return subprocess.run(
        [*namespace, "sh", "-c", f'{mount}; cd "$1"; shift; {script}', "sh", folder, *args],
        env=ENV,
        capture_output=True,
        timeout=60,
        check=False,
    )
