"""The golden exchanges at the endpoint: it takes their requests, and can give their replies."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from endpoint_client import COUNT, MESSAGES, call, fold, post

ROOT = Path(__file__).parent / "exchanges"
PATHS = {f"POST {path}": path for path in (MESSAGES, COUNT)}
# A gateway takes what the API does not.
REFUSED = {"e02-gateway-sampling": "stop_sequences.0: "}
KEPT = ("content", "stop_reason", "stop_sequence", "usage")


def path_of(case: Path) -> str | None:
    file = case / "path"
    return PATHS.get(file.read_text().strip()) if file.exists() else MESSAGES


REQUESTS = [file.parent for file in sorted(ROOT.glob("e*/request.json")) if path_of(file.parent)]
REPLIES = [
    file
    for file in sorted([*ROOT.glob("e*/message.json"), *ROOT.glob("e*/response.json")])
    if json.loads(file.read_bytes()).get("type") == "message"
]


@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: case.name)
def test_a_golden_request_is_taken(endpoint: str, case: Path) -> None:
    file = case / "request.headers"
    lines = file.read_text().splitlines() if file.exists() else []
    headers = dict(line.split(": ", 1) for line in lines)
    path = path_of(case)
    assert path is not None
    response = call(endpoint, "POST", path, (case / "request.json").read_bytes(), headers=headers)
    if case.name in REFUSED:
        assert response.error[2].startswith(REFUSED[case.name])
    else:
        assert response.status == 200, response.data


@pytest.mark.parametrize("file", REPLIES, ids=lambda file: file.parent.name)
def test_a_golden_reply_can_be_given(serve: Callable[..., str], tmp_path: Path, file: Path) -> None:
    wanted = {name: value for name, value in json.loads(file.read_bytes()).items() if name in KEPT}
    (tmp_path / "replies").write_text(json.dumps([wanted]))
    url = serve("--replies", str(tmp_path / "replies"))
    usage = wanted.pop("usage")
    messages: list[Any] = [post(url).json, fold(post(url, stream=True).events)]
    for message in messages:
        assert {name: message[name] for name in wanted} == wanted
        assert message["usage"].items() >= usage.items()


def test_there_are_golden_exchanges() -> None:
    assert len(REQUESTS) >= 19
    assert len(REPLIES) >= 20
