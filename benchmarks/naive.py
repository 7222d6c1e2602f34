"""The client that one writes in a quarter of an hour, to be measured beside msgcli."""

from __future__ import annotations

import base64
import json
import sys
from typing import BinaryIO

import click
import requests
from sseclient import SSEClient


@click.command()
@click.option("-p", "--prompt", required=True)
@click.option("-a", "--attach", type=click.File("rb"))
@click.option("-m", "--model", default="claude-sonnet-4-6")
@click.option("-n", "--max-tokens", type=int, default=16384)
@click.option("--base-url", envvar="ANTHROPIC_BASE_URL", default="https://api.anthropic.com")
@click.option("--api-key", envvar="ANTHROPIC_API_KEY", default="none")
def main(
    prompt: str,
    attach: BinaryIO | None,
    model: str,
    max_tokens: int,
    base_url: str,
    api_key: str,
) -> None:
    """Send one prompt and show the text of the reply as it comes."""
    content: object = prompt
    if attach is not None:
        data = base64.b64encode(attach.read()).decode()
        source = {"type": "base64", "media_type": "image/png", "data": data}
        content = [{"type": "image", "source": source}, {"type": "text", "text": prompt}]
    response = requests.post(
        f"{base_url}/v1/messages",
        headers={"x-api-key": api_key, "anthropic-version": "2023-06-01"},
        json={
            "model": model,
            "max_tokens": max_tokens,
            "messages": [{"role": "user", "content": content}],
            "stream": True,
        },
        stream=True,
        timeout=600,
    )
    response.raise_for_status()
    for event in SSEClient(response).events():
        data = json.loads(event.data)
        if data["type"] == "content_block_delta" and data["delta"]["type"] == "text_delta":
            sys.stdout.write(data["delta"]["text"])
            sys.stdout.flush()
        elif data["type"] == "error":
            sys.exit(data["error"]["message"])
    print()


if __name__ == "__main__":
    main()
