"""A body as the curl command line that would send it."""

from __future__ import annotations

import shlex

from msgcli import connection


def command_line(body: bytes) -> bytes:
    """A shell command; the key is not in it, but `$ANTHROPIC_API_KEY`."""
    url = f"{connection.DEFAULT_URL}/v1/messages"
    lines = [
        f"curl {url}",
        '-H "x-api-key: $ANTHROPIC_API_KEY"',
        f"-H 'anthropic-version: {connection.API_VERSION}'",
        "-H 'content-type: application/json'",
        f"--data-binary {shlex.quote(body.decode().rstrip())}",
    ]
    return " \\\n  ".join(lines).encode() + b"\n"
