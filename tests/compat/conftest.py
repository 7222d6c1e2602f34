"""The servers that msgcli is tried on: each is started once, when the first test asks for it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from foreign import Server, running

HERE = Path(__file__).parent
Folder = Callable[[str], Path]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return tmp_path_factory.mktemp


@pytest.fixture(autouse=True)
def said(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a server logged during a test stands with the test, should it fail."""
    yield
    for value in request.node.funcargs.values():
        if isinstance(value, Server):
            sys.stderr.write(f"log of {value.name}:\n{value.news()[-8000:]}")


@pytest.fixture(scope="session")
def aimock_options() -> tuple[str, ...]:
    if not shutil.which("node"):
        pytest.skip("aimock needs node, which is not here")
    return "node_modules/.bin/llmock", "-p", "PORT", "-f", str(HERE / "aimock.json")


@pytest.fixture(scope="session")
def aimock(folder: Folder, aimock_options: tuple[str, ...]) -> Iterator[Server]:
    with running("aimock", *aimock_options, folder=folder("aimock")) as server:
        yield server


@pytest.fixture(scope="session")
def aimock_with_keys(folder: Folder, aimock_options: tuple[str, ...]) -> Iterator[Server]:
    """It takes the keys `first` and `second`."""
    env = {"AIMOCK_API_KEYS": "first,second"}
    with running("aimock", *aimock_options, folder=folder("aimock"), env=env) as server:
        yield server


@pytest.fixture(scope="session")
def llmock_started(folder: Folder) -> Iterator[Server]:
    options = ("serve", "--port", "PORT", "--response-style", "echo")
    with running(
        "llmock", "bin/llmock", *options, folder=folder("llmock"), path="/anthropic"
    ) as server:
        yield server


@pytest.fixture
def llmock(llmock_started: Server) -> Server:
    """It repeats the prompt, and has forgotten what was before."""
    llmock_started.ask("/_llmock/reset", {})
    return llmock_started


@pytest.fixture(scope="session")
def litellm_started(llmock_started: Server, folder: Folder) -> Iterator[Server]:
    home, upstream = folder("litellm"), llmock_started.root
    config = home / "config.yaml"
    config.write_text((HERE / "litellm.yaml").read_text().replace("UPSTREAM", upstream))
    options = ("--config", str(config), "--host", "127.0.0.1", "--port", "PORT")
    env = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
        "ANTHROPIC_API_BASE": upstream + "/anthropic",
        "ANTHROPIC_API_KEY": "upstream",
    }
    with running(
        *("litellm", "bin/litellm", *options),
        **{"folder": home, "patience": 300, "env": env, "model": "through", "key": "sk-compat"},
    ) as server:
        yield server


@pytest.fixture
def litellm(llmock: Server, litellm_started: Server) -> Server:
    """A gateway before llmock, which has forgotten what was before."""
    return litellm_started


@pytest.fixture(scope="session")
def mock_ai_api(folder: Folder) -> Iterator[Server]:
    options = ("bin/uvicorn", "app.anthropic_app:app", "--port", "PORT")
    model = "claude-sonnet-4-20250514:mock-text"
    with running("mock-ai-api", *options, folder=folder("mock-ai-api"), model=model) as server:
        yield server


@pytest.fixture(scope="session")
def mockllm(folder: Folder) -> Iterator[Server]:
    home = folder("mockllm")
    replies = home / "replies.yml"
    # JSON is YAML.
    replies.write_text(json.dumps({"responses": {"hello": "Hello there."}, "settings": {}}))
    options = ("--responses", str(replies), "--host", "127.0.0.1", "--port", "PORT")
    with running("mockllm", "bin/mockllm", "start", *options, folder=home) as server:
        yield server


@pytest.fixture(scope="session")
def fakellm(folder: Folder) -> Iterator[Server]:
    options = ("serve", "--port", "PORT", "--config", str(HERE / "fakellm.yaml"))
    with running("fakellm", "bin/fakellm", *options, folder=folder("fakellm")) as server:
        yield server
