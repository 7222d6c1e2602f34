"""What one writes with the official SDK, to be measured beside msgcli: one reply, and many."""

from __future__ import annotations

import argparse
import asyncio
import sys

import anthropic

_MODEL, _TOKENS = "claude-sonnet-4-6", 16384


def stream(url: str, prompt: str) -> None:
    """Send one prompt and show the text of the reply as it comes."""
    client = anthropic.Anthropic(base_url=url, api_key="none")
    with client.messages.stream(
        model=_MODEL, max_tokens=_TOKENS, messages=[{"role": "user", "content": prompt}]
    ) as reply:
        for text in reply.text_stream:
            sys.stdout.write(text)
            sys.stdout.flush()
    print()


async def many(url: str, file: str, jobs: int) -> None:
    """Send each line of a file, `jobs` at a time, and write each Message as a line."""
    client = anthropic.AsyncAnthropic(base_url=url, api_key="none")
    room = asyncio.Semaphore(jobs)

    async def ask(line: str) -> None:
        async with room:
            message = await client.messages.create(
                model=_MODEL, max_tokens=1024, messages=[{"role": "user", "content": line}]
            )
        print(message.to_json(indent=None))

    with open(file, encoding="utf-8") as lines:
        await asyncio.gather(*(ask(line.rstrip("\n")) for line in lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--jobs", type=int, help="INPUT is a file of prompts")
    parser.add_argument("input")
    options = parser.parse_args()
    if options.jobs is None:
        stream(options.base_url, options.input)
    else:
        asyncio.run(many(options.base_url, options.input, options.jobs))


if __name__ == "__main__":
    main()
