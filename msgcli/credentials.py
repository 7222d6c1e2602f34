"""Where a key comes from. Nobody else ever holds one."""

from __future__ import annotations

import os
import signal
from typing import NamedTuple

from msgcli import ending, stdio
from msgcli.errors import CredentialFault, InputFault, MsgcliError, UsageFault
from msgcli.redaction import keep_secret

_MAX_KEY = 1 << 16


class Credential(NamedTuple):
    """The one authentication header of a request."""

    header: str
    value: str

    def __repr__(self) -> str:
        return f"Credential({self.header}: ***)"


def find(*, key_file: str | None, key_command: str | None, scheme: str | None) -> Credential | None:
    """The credential of this run: from a file, a command or the environment, in that order.

    `scheme` is x-api-key, bearer or none; None is by where the key came from. CredentialFault for
    one that cannot be read or cannot be sent, which is never shown.
    """
    if key_file is not None and key_command is not None:
        raise UsageFault("--api-key-file: --api-key-command is given too")
    if scheme == "none":
        return None
    if key_file is not None:
        return _credential(_from_file(key_file), key_file, scheme or "x-api-key")
    if key_command is not None:
        return _credential(_from_command(key_command), "--api-key-command", scheme or "x-api-key")
    for name, own in (("ANTHROPIC_API_KEY", "x-api-key"), ("ANTHROPIC_AUTH_TOKEN", "bearer")):
        if value := os.environb.get(name.encode()):
            return _credential(value, name, scheme or own)
    return None


def _from_file(name: str) -> bytes:
    try:
        return stdio.read(name, limit=_MAX_KEY, is_source=False)
    except InputFault as fault:
        raise CredentialFault(f"--api-key-file: {fault}") from None


def _from_command(command: str) -> bytes:
    import subprocess

    # It may ask for a pass phrase where there is a terminal; where there is none, it and what it
    # starts are a group, of which nothing is left when time runs out.
    alone = not any(map(stdio.is_terminal, (stdio.STDIN, stdio.STDOUT, stdio.STDERR)))
    child = subprocess.Popen(
        ["sh", "-c", stdio.path(command)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=alone,
        preexec_fn=ending.restore_signals,
    )

    def kill(status: int, error: MsgcliError | None) -> None:
        if child.returncode is None:
            try:
                os.killpg(child.pid, signal.SIGKILL) if alone else child.kill()
            except ProcessLookupError:
                pass  # it has just ended

    ending.at_end(kill)
    output, _ = child.communicate()
    status = child.returncode
    if status != 0:
        how = f"status {status}" if status > 0 else f"signal {-status}"
        raise CredentialFault(f"--api-key-command: the command ended with {how}")
    return output


def _credential(raw: bytes, source: str, scheme: str) -> Credential:
    key = raw.strip()
    if not key:
        raise CredentialFault(f"{source}: the key is empty")
    if not all(0x21 <= byte <= 0x7E for byte in key):
        raise CredentialFault(f"{source}: the key has a character that is not printable ASCII")
    text = key.decode("ascii")
    keep_secret(text)
    _no_core_file()
    if scheme == "bearer":
        return Credential("authorization", f"Bearer {text}")
    return Credential("x-api-key", text)


def _no_core_file() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
