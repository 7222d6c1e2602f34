"""A bare loop over requests sessions in threads, without a journal, to be measured beside map."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import requests


def main() -> None:
    """Send each line of a file, some at a time, and write each reply as a line."""
    url, file, jobs = sys.argv[1:]
    lock = threading.Lock()

    def work(lines: Iterator[str]) -> None:
        session = requests.Session()
        while True:
            with lock:
                line = next(lines, None)
            if line is None:
                return
            response = session.post(
                f"{url}/v1/messages",
                headers={"x-api-key": "none", "anthropic-version": "2023-06-01"},
                json={
                    "model": "claude-sonnet-4-6",
                    "max_tokens": 1024,
                    "messages": [{"role": "user", "content": line.rstrip("\n")}],
                },
                timeout=600,
            )
            response.raise_for_status()
            with lock:
                sys.stdout.write(f"{response.text}\n")

    with open(file, encoding="utf-8") as lines:
        threads = [threading.Thread(target=work, args=(lines,)) for _ in range(int(jobs))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
