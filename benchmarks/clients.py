"""The command lines by which msgcli and its peers ask for one reply."""

from __future__ import annotations

import shutil

import replies
from measure import Arguments, Bench, Client, digest

TEXT, SSE, JSON = "create -f text", "create -f sse", "create -f json --stream"
NAIVE, SDK, LLM, CURL = "naive client", "SDK", "llm", "curl"
PROMPT: Arguments = ("-p", "hello")
_MODEL = "anthropic/claude-sonnet-4-6"


def create(bench: Bench, url: str, *options: str) -> Arguments:
    return [bench.bin / "msgcli", "create", "--base-url", url, *PROMPT, *options]


def naive(bench: Bench, url: str) -> Arguments:
    return [bench.bin / "python", bench.work / "naive.py", "--base-url", url, *PROMPT]


def llm(bench: Bench, url: str) -> Arguments:
    """Without its log of all that was asked, which is a database."""
    setting = [f"LLM_USER_PATH={bench.work / 'llm'}", f"ANTHROPIC_BASE_URL={url}"]
    program = bench.peers[LLM] / "llm"
    return ["env", *setting, program, "--no-log", "--key", "none", "-m", _MODEL]


def sdk(bench: Bench, url: str, *options: str) -> Arguments:
    return [bench.peers[SDK] / "python", bench.work / "sdk.py", "--base-url", url, *options]


def curl(url: str) -> Arguments | None:
    """None where there is no curl."""
    program = shutil.which("curl")
    return program and [program, "-sN", "-d", "{}", f"{url}/v1/messages"]


def own(bench: Bench, url: str, count: int) -> list[Client]:
    """msgcli in its three forms; what is written is that of a reply of `count` deltas."""
    return [
        Client(TEXT, create(bench, url), digest(replies.text(count))),
        Client(SSE, create(bench, url, "-f", "sse"), digest(replies.long(count))),
        Client(JSON, create(bench, url, "-f", "json", "--stream")),
    ]


def peers(bench: Bench, url: str, count: int, *names: str) -> list[Client]:
    """Those of the names that there are.

    The text ends with a newline, to which msgcli adds none; these always do.
    """
    text = digest([*replies.text(count), b"\n"])
    found = [Client(NAIVE, naive(bench, url), text)]
    if SDK in bench.peers:
        found.append(Client(SDK, sdk(bench, url, "hello"), text, every=3))
    if LLM in bench.peers:
        found.append(Client(LLM, [*llm(bench, url), "hello"], text, every=3))
    if arguments := curl(url):
        stream = digest(replies.long(count))
        found.append(Client(CURL, arguments, stream))
    return [client for client in found if client.name in names]
