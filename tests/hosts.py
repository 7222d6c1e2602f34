"""Hosts for the tests: network namespaces with sshd in each, and nothing shared but files."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from support import ENV

NEEDED = ("ip", "ssh", "ssh-keygen", "sshd")
_SSHD = """\
Port 22
ListenAddress {address}
HostKey {folder}/key
AuthorizedKeysFile {folder}/key.pub
PidFile none
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PrintMotd no
SetEnv {variables}
"""
_HOST = """\
Host {name}
HostName {address}
User root
IdentityFile {folder}/key
IdentitiesOnly yes
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
LogLevel ERROR
"""


def why_not() -> str | None:
    """Why there can be no hosts on this machine."""
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    missing = [tool for tool in NEEDED if not _path(tool)]
    return f"not here: {', '.join(missing)}" if missing else None


def _path(tool: str) -> str | None:
    return shutil.which(tool, path=f"{os.defpath}:/usr/local/sbin:/usr/sbin:/sbin")


def _do(tool: str, *args: str) -> None:
    command = [_path(tool) or tool, *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{tool} {' '.join(args)}: {done.stderr.strip()}")


class Network:
    """Some hosts, and this machine among them at `address`. OSError where that cannot be."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self.folder, self._names = folder, names
        # A part of the network that is set aside for benchmarks, and names, of this process.
        self._prefix = f"198.18.{os.getpid() % 256}"
        self.address = f"{self._prefix}.1"
        self.config = folder / "ssh_config"

    def space(self, name: str) -> str:
        return f"{name}-{os.getpid()}"

    @contextmanager
    def up(self) -> Iterator[None]:
        with ExitStack() as cleanup:
            for at, name in enumerate(self._names):
                self._connect(name, at, cleanup)
            _do("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / "key"))
            yield

    def _connect(self, name: str, at: int, cleanup: ExitStack) -> None:
        space, here, there = self.space(name), f"h{at}-{os.getpid()}", f"t{at}-{os.getpid()}"
        near, far = (f"{self._prefix}.{4 * at + number}" for number in (1, 2))
        _do("ip", "netns", "add", space)
        cleanup.callback(_do, "ip", "netns", "del", space)
        _do("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", space)
        _do("ip", "addr", "add", f"{near}/30", "dev", here)
        _do("ip", "link", "set", here, "up")
        _do("ip", "-n", space, "addr", "add", f"{far}/30", "dev", there)
        _do("ip", "-n", space, "link", "set", there, "up")
        if near != self.address:
            _do("ip", "-n", space, "route", "add", f"{self.address}/32", "via", near)

    @contextmanager
    def serving(self, env: Mapping[str, str]) -> Iterator[None]:
        """With sshd in each host, which gives its sessions this environment."""
        os.makedirs("/run/sshd", exist_ok=True)
        variables = " ".join(f'"{name}={value}"' for name, value in env.items())
        with ExitStack() as cleanup:
            hosts = []
            for at, name in enumerate(self._names):
                address = f"{self._prefix}.{4 * at + 2}"
                hosts.append(_HOST.format(name=name, address=address, folder=self.folder))
                config = self.folder / f"{name}.sshd"
                config.write_text(
                    _SSHD.format(address=address, folder=self.folder, variables=variables)
                )
                self._start(name, config, address, cleanup)
            self.config.write_text("\n".join(hosts))
            yield

    def _start(self, name: str, config: Path, address: str, cleanup: ExitStack) -> None:
        command = [_path("ip"), "netns", "exec", self.space(name)]
        command += [_path("sshd"), "-D", "-e", "-f", str(config)]
        daemon = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=ENV)  # type: ignore[arg-type]
        cleanup.callback(daemon.wait, 10)
        cleanup.callback(daemon.terminate)
        until = time.monotonic() + 10
        while True:
            try:
                socket.create_connection((address, 22), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > until or daemon.poll() is not None:
                    raise
                time.sleep(0.02)
