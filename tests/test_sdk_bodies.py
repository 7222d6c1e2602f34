"""The official SDK as a second opinion on bodies: `build` writes what its request types declare."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from endpoint_good import PNG
from sdk_client import TOOL, anthropic
from sdk_types import complaints
from support import run

from msgcli.commands.build import command

types = anthropic.types
BODY = types.message_create_params.MessageCreateParams
BETA_BODY = types.beta.message_create_params.MessageCreateParams
OTHER_BODIES = {
    "/v1/messages/count_tokens": types.MessageCountTokensParams,
    "/v1/messages/batches": types.messages.BatchCreateParams,
}
RECORD = types.messages.batch_create_params.Request

EXCHANGES = Path(__file__).parent / "exchanges"
PDF = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n"
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "rain", "is_error": False}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}
TURNS = [
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": [{"type": "text", "text": "Hm."}, CALL]},
    {"role": "user", "content": [RESULT]},
    {"role": "assistant", "content": "It rains."},
]
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
FILES = {
    "image.png": base64.b64decode(PNG),
    "paper.pdf": PDF,
    "notes.txt": "Grüße\n".encode(),
    "tool.json": json.dumps(TOOL).encode(),
    "tools.json": json.dumps(
        [TOOL, {"type": "web_search_20250305", "name": "web_search", "max_uses": 1}]
    ).encode(),
    "schema.json": json.dumps(SCHEMA).encode(),
    "turns.jsonl": b"".join(json.dumps(turn).encode() + b"\n" for turn in TURNS),
    "body.json": json.dumps({"messages": TURNS, "inference_geo": "eu"}).encode(),
    "template": b"Of $name: $input",
}

# Arguments for each option that has a part in the body.
OPTIONS: dict[str, list[str]] = {
    "--prompt": ["-p", "one"],
    "--template": ["-t", "$input, $x", "--var", "x=y"],
    "--template-file": ["--template-file", "template", "--var", "name=n"],
    "--with-filename": ["--with-filename", "notes.txt", "template"],
    "--attach": ["-a", "image.png", "-a", "paper.pdf", "-a", "notes.txt"],
    "--attach of URLs": ["-a", "https://example.org/a.png", "-a", "https://example.org/a.pdf"],
    "--attach-as": ["--attach-as", "text/plain", "tool.json"],
    "--prefill": ["--prefill", "{"],
    "--conversation": ["--conversation", "turns.jsonl"],
    "--model": ["-m", "some/model:7b"],
    "--max-tokens": ["-n", "0", "--no-stream"],
    "--system": ["-s", "Be short."],
    "--system twice": ["-s", "Be short.", "--system-file", "notes.txt"],
    "--system-file": ["--system-file", "notes.txt"],
    "--stop": ["--stop", "a", "--stop-sequence", "b"],
    "--tool": ["--tool", "tool.json"],
    "--tool with an array": ["--tool", "tools.json", "--tool-choice", "auto"],
    "--tool-choice": ["--tool", "tool.json", "--tool-choice", "weather"],
    "--tool-choice any": ["--tool", "tool.json", "--tool-choice", "any"],
    "--tool-choice none": ["--tool", "tool.json", "--tool-choice", "none"],
    "--schema": ["--schema", "schema.json"],
    "--schema-mode": ["--schema", "schema.json", "--schema-mode", "tool"],
    "--thinking": ["--thinking", "adaptive"],
    "--thinking with a budget": ["--thinking", "2048"],
    "--thinking disabled": ["--thinking", "disabled"],
    "--effort": ["--effort", "xhigh", "--schema", "schema.json"],
    "--cache-control": ["--cache-control", "prompt"],
    "--cache-control auto": ["--cache-control", "auto"],
    "--cache-ttl": [
        *("-s", "x", "--tool", "tools.json", "-a", "image.png", "--cache-ttl", "1h"),
        *("--cache-control", "system", "--cache-control", "tools", "--cache-control", "prompt"),
    ],
    "--user-id": ["--user-id", "u1"],
    "--service-tier": ["--service-tier", "standard_only"],
    "--set": ["--set", 'metadata.user_id="u1"', "--set", 'speed="fast"', "--set", "container=null"],
    "--body": ["--body", "body.json"],
    "--stream": ["--stream"],
    "--no-stream": ["--no-stream"],
}
# The SDK has these no more, since API version 2026-10-21 refuses them; 2023-06-01 takes them.
SAMPLING = {
    "--temperature": ["--temperature", "0.5"],
    "--top-p": ["--top-p", "0.9"],
    "--top-k": ["--top-k", "5"],
}
RECORDS = {
    "--each": ["--each", "line", "-t", "$input"],
    "--id-field": ["--each", "jsonl", "--id-field", "id", "-t", "$q"],
    "--shard": ["--each", "line", "--shard", "1/2", "--tool", "tool.json", "-a", "paper.pdf"],
}
# These decide where from and how something is read or written, and not what a body holds.
NO_PART = {"--no-stdin", "--input-errors", "--profile", "--config", "--output", "--curl", "--quiet"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bodies")
    for name, data in FILES.items():
        (made / name).write_bytes(data)
    return made


def built(folder: Path, args: list[str], input: bytes = b"Hello") -> list[Any]:
    done = run("build", *args, cwd=folder, input=input)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("option", OPTIONS)
def test_a_body_has_what_the_sdk_declares_and_nothing_else(folder: Path, option: str) -> None:
    (body,) = built(folder, OPTIONS[option])
    assert complaints(body, BODY) == []


@pytest.mark.parametrize("option", SAMPLING)
def test_only_the_parameters_of_sampling_are_gone(folder: Path, option: str) -> None:
    (body,) = built(folder, SAMPLING[option])
    assert complaints(body, BODY) == [f".{option.strip('-').replace('-', '_')}: unknown"]


@pytest.mark.parametrize("option", RECORDS)
def test_a_record_is_a_request_of_a_batch(folder: Path, option: str) -> None:
    records = built(folder, RECORDS[option], b'{"id":"a","q":"one"}\n{"id":"b","q":"two"}\n')
    assert records
    for record in records:
        assert complaints(record, RECORD) == []


def test_every_option_of_build_is_looked_at() -> None:
    names = {name for option in command.params for name in option.opts if name.startswith("--")}
    tried = {arg for args in (*OPTIONS.values(), *SAMPLING.values()) for arg in args}
    tried |= {option.split()[0] for option in (*OPTIONS, *RECORDS)}
    assert names - tried == NO_PART


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["--set", "made_up=1"], ".made_up: unknown"),
        (["--set", "metadata.made_up=1"], ".metadata.made_up: unknown"),
        (["--set", 'messages.0.name="x"'], ".messages[0].name: unknown"),
        (["--set", 'thinking={"type":"enabled"}'], ".thinking.budget_tokens: missing"),
        (["--set", "max_tokens=1.5"], ".max_tokens: 1.5 is no int"),
        (["--set", "stream=1"], ".stream: 1 is none of False"),
        (["--set", 'system=[{"type":"image"}]'], ".system[0].text: missing"),
        (["--service-tier", "gold"], ".service_tier: 'gold' is none of 'auto', 'standard_only'"),
    ],
)
def test_what_the_sdk_does_not_declare_is_seen(
    folder: Path, args: list[str], complaint: str
) -> None:
    (body,) = built(folder, args)
    assert complaint in complaints(body, BODY)


@pytest.mark.parametrize(
    "case", sorted(path.parent.name for path in EXCHANGES.glob("*/request.json"))
)
def test_golden_requests(case: str) -> None:
    folder = EXCHANGES / case
    kind = BODY
    if (folder / "path").exists():
        kind = OTHER_BODIES[(folder / "path").read_text().split()[1]]
    elif "anthropic-beta" in headers(folder):
        kind = BETA_BODY
    expected = [".temperature: unknown"] if case == "e02-gateway-sampling" else []
    body = json.loads((folder / "request.json").read_bytes())
    # What was recorded of other servers may hold fields of their own.
    assert complaints(body, kind, more_keys=case.startswith("r-")) == expected


def headers(folder: Path) -> str:
    file = folder / "request.headers"
    return file.read_text().lower() if file.exists() else ""
