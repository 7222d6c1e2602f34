"""The official SDK as the tests use it: its client, its errors, its types; without it, a skip."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sdk_types import complaints
from support import start

anthropic = pytest.importorskip("anthropic", reason="the package anthropic is not installed")

MODEL = "claude-sonnet-4-6"
SAID = 'Grüße 👋 der Welt: "x"\n\u2028' * 3
TOOL = {
    "name": "weather",
    "description": "The weather in a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
    },
}


@contextmanager
def served(*args: str, **env: str) -> Iterator[str]:
    """The base URL of `msgcli serve ARGS`, which ends with the block, however that ends."""
    with start("serve", *args, env=env, stdin=subprocess.DEVNULL, stderr=None) as server:
        try:
            yield server.stdout.readline().decode().strip()
        finally:
            server.terminate()


def client_of(url: str, **changes: Any) -> Any:
    """A client that sees no proxy or certificate of the environment, and asks once."""
    http = anthropic.DefaultHttpxClient(trust_env=False)
    options = {"api_key": "k", "max_retries": 0, "timeout": 20, "http_client": http, **changes}
    return anthropic.Anthropic(base_url=url, **options)


def asked(text: Any = SAID, **changes: Any) -> dict[str, Any]:
    """What the SDK's methods take; `text` may be content blocks too."""
    messages = [{"role": "user", "content": text}]
    return {"model": MODEL, "max_tokens": 1000, "messages": messages, **changes}


def checked(raw: Any) -> Any:
    """What the SDK makes of an answer that fits its types to the letter, headers included."""
    made = raw.parse()
    assert complaints(raw.http_response.json(), type(made)) == []
    assert raw.headers["content-type"] == "application/json"
    assert raw.headers["request-id"].startswith("req_")
    return made
