"""nginx with canned replies: a server that costs next to nothing."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from replies import Reply

# A file answers no POST; that error is made the way to it. The body of the request is not kept.
_CONFIG = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 0;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    sendfile on;
    open_file_cache max=100 inactive=1h;
    open_file_cache_valid 1h;
    types {{ }}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        {locations}
    }}
}}
"""
_LOCATION = """
        location /{name}/ {{ return 405; error_page 405 =200 /replies/{name}; }}
        location = /replies/{name} {{ internal; root {folder}; default_type {kind}; }}
"""
_TRIES = 5


def program() -> str | None:
    """The path of nginx, which is often among the system's programs; None where it is not."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


@contextmanager
def serve(program: str, folder: Path, replies: Mapping[str, Reply]) -> Iterator[int]:
    """The port at which each reply, a file in `folder`, answers a POST to its name."""
    place = folder / "replies"
    place.mkdir()
    for name, reply in replies.items():
        (place / name).write_bytes(reply.body)
    locations = "".join(
        _LOCATION.format(name=name, kind=reply.kind, folder=folder)
        for name, reply in replies.items()
    )
    config = folder / "nginx.conf"
    arguments: list[str | Path] = [program, "-e", folder / "error", "-p", folder, "-c", config]
    for _ in range(_TRIES):
        port = _free_port()
        config.write_text(_CONFIG.format(folder=folder, port=port, locations=locations))
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            if _answers(process, port):
                yield port
                return
        finally:
            process.terminate()
            process.wait()
    raise SystemExit("bench: nginx does not start")


def _free_port() -> int:
    """A port that was free a moment ago: nginx cannot be asked to choose one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until it does, or has ended."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return process.poll() is None
    return False
