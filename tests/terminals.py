"""A process on a terminal of its own, as when a user sits before it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import termios
from typing import Any

from support import ENV

# In a new session the first terminal that is opened is the controlling one: ^C then goes to the
# process group that is in its foreground.
_ON_IT = 'tty=$1; shift; exec <"$tty" >"$tty" 2>&1; exec "$@"'


class Terminal:
    """Runs a command with all three standard descriptors on a new terminal.

    `redirect` is shell text such as `</dev/null`, for the descriptors that are elsewhere.
    """

    def __init__(
        self, *command: str, redirect: str = "", env: dict[str, str] | None = None
    ) -> None:
        self._master, slave = pty.openpty()
        settings = termios.tcgetattr(slave)
        settings[1] &= ~termios.OPOST  # what is written comes out as it is, "\n" too
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        script = _ON_IT.replace('exec "$@"', f'exec "$@" {redirect}')
        args = ["sh", "-c", script, "sh", os.ttyname(slave), *command]
        self.process: subprocess.Popen[Any] = subprocess.Popen(
            args, env={**ENV, **(env or {})}, stdin=subprocess.DEVNULL, start_new_session=True
        )
        self._slave = slave

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        os.close(self._slave)

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def read_until(self, end: bytes) -> bytes:
        """What is shown, as far as `end`."""
        shown = b""
        while end not in shown:
            assert select.select([self._master], [], [], 20)[0], f"no {end!r} behind {shown!r}"
            shown += os.read(self._master, 4096)
        return shown

    def finish(self) -> bytes:
        """What else is shown until the command ends."""
        self.process.wait(20)
        mark = b"\0the end\0"
        os.write(self._slave, mark)
        return self.read_until(mark).removesuffix(mark)
