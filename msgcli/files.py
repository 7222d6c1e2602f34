"""Output files: whole or untouched, and what came of a failed reply kept beside as FILE.partial."""

from __future__ import annotations

import _thread
import errno
import fcntl
import os
import signal
import stat

from msgcli import ending, stdio
from msgcli.errors import OutputFault

PRIVATE = 0o600


def open_private(name: str) -> int:
    """Create or empty `name`, mode 0600 if new: for what may hold prompts. OutputFault if not."""
    if (fd := _descriptor(name)) is not None:
        return fd
    try:
        return os.open(
            stdio.path(name),
            os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOCTTY,
            PRIVATE,
        )
    except (OSError, ValueError) as error:
        reason = stdio.why(error) if isinstance(error, OSError) else "not a file name"
        raise OutputFault(f"{name}: {reason}") from None


class Stdout:
    """Standard output."""

    keeps_partial = False

    def write(self, data: bytes) -> None:
        stdio.write_stdout(data)

    def sync(self) -> None:
        """What is written is written."""

    def commit(self) -> None:
        """Nothing is held back."""

    def abandon(self) -> None:
        """What is written is written."""


class Direct:
    """A device, a FIFO or a descriptor (/dev/fd/N), which is written and never replaced."""

    keeps_partial = False

    def __init__(self, name: str, fd: int) -> None:
        self._name, self._fd = name, fd

    def write(self, data: bytes) -> None:
        try:
            stdio.write_all(self._fd, data)
        except OSError as error:
            if isinstance(error, BrokenPipeError) and not ending.is_over():
                ending.end_by_signal(signal.SIGPIPE)
            raise OutputFault(f"{self._name}: {stdio.why(error)}") from None

    def sync(self) -> None:
        """What is written is written."""

    def commit(self) -> None:
        try:
            os.close(self._fd)
        except OSError as error:
            raise OutputFault(f"{self._name}: {stdio.why(error)}") from None

    def abandon(self) -> None:
        """What is written is written."""


class Replaced:
    """A regular file: written as FILE.partial from the first byte on, renamed over FILE at commit.

    So a kill at any moment leaves FILE as it was and nothing that would need cleaning up. A lock
    on FILE.partial keeps a second writer off it; that one writes FILE.PID.partial.
    """

    keeps_partial = True

    def __init__(self, name: str, mode: int = 0o666) -> None:
        self._name = name
        self._target = os.path.realpath(stdio.path(name))
        self._new_mode = mode
        self._partial = self._target + b".partial"
        self._fd = -1
        self._mode: int | None = None
        try:
            self._check()
        except (OSError, ValueError) as error:
            raise self._fault(error) from None

    def _fault(self, error: Exception) -> OutputFault:
        reason = stdio.why(error) if isinstance(error, OSError) else "not a file name"
        return OutputFault(f"{self._name}: {reason}")

    def _check(self) -> None:
        """Find out without a trace whether the file can be created, before anything is paid."""
        try:
            self._mode = stat.S_IMODE(os.stat(self._target).st_mode)
            os.close(os.open(self._target, os.O_WRONLY | os.O_CLOEXEC))
        except FileNotFoundError:
            if os.path.basename(self._target) in (b"", b".", b".."):
                raise
        _check_partial(self._partial)
        _check_folder(os.path.dirname(self._target))

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        while True:
            fd = os.open(self._partial, flags, self._new_mode if self._mode is None else self._mode)
            if not lock(fd):
                self._partial = self._target + b".%d.partial" % _thread.get_native_id()
            elif is_at(fd, self._partial):
                break
            os.close(fd)
        os.ftruncate(fd, 0)
        if self._mode is not None:
            os.fchmod(fd, self._mode)
        self._fd = fd

    def write(self, data: bytes) -> None:
        if not data:
            return
        try:
            if self._fd < 0:
                self._open()
            stdio.write_all(self._fd, data)
        except OSError as error:
            raise self._fault(error) from None

    def sync(self) -> None:
        try:
            if self._fd < 0:
                self._open()
            os.fsync(self._fd)
        except OSError as error:
            raise self._fault(error) from None

    def commit(self) -> None:
        """Rename the file, once it is on the disk, over the old one or a stale FILE.partial."""
        self.sync()
        try:
            os.replace(self._partial, self._target)
            os.close(self._fd)
        except OSError as error:
            raise self._fault(error) from None

    def abandon(self) -> None:
        """Leave FILE as it was, and FILE.partial with what came."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _check_partial(partial: bytes) -> None:
    """OSError unless a stale FILE.partial, if there is one, can be written anew."""
    try:
        if not stat.S_ISREG(os.lstat(partial).st_mode):
            raise FileExistsError(
                errno.EEXIST, f"{partial.decode('utf-8', 'replace')} is in the way"
            )
        os.close(os.open(partial, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW))
    except FileNotFoundError:
        pass


def _check_folder(folder: bytes) -> None:
    """OSError unless a file can be created in it, which leaves no trace."""
    nameless = os.O_WRONLY | getattr(os, "O_TMPFILE", os.O_CREAT)
    try:
        os.close(os.open(folder, nameless, PRIVATE))
    except OSError as error:
        if error.errno not in (errno.EISDIR, errno.EOPNOTSUPP):
            raise
        probe = os.path.join(folder, b".msgcli-%s" % os.urandom(8).hex().encode())
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
        os.unlink(probe)


def make_folder(name: str) -> None:
    """Make a folder and those above it, mode 0700. OutputFault unless files can be made in it."""
    try:
        _make_folder(stdio.path(name))
        _check_folder(stdio.path(name))
    except (OSError, ValueError) as error:
        reason = stdio.why(error) if isinstance(error, OSError) else "not a file name"
        raise OutputFault(f"{name}: {reason}") from None


def _make_folder(path: bytes) -> None:
    try:
        os.mkdir(path, 0o700)
    except FileNotFoundError:
        above = os.path.dirname(path.rstrip(b"/"))
        if not above or os.path.lexists(above):
            raise
        _make_folder(above)
        _make_folder(path)
    except FileExistsError:
        if not os.path.isdir(path):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None


def lock(fd: int) -> bool:
    """Whether `fd` is ours alone; a file system without locks is taken at its word."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def is_at(fd: int, path: bytes) -> bool:
    """Whether `path` still names `fd`: its last writer may just have renamed it."""
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


def output(name: str | None) -> Stdout | Direct | Replaced:
    """Where the answer goes, checked for whether it can be written. OutputFault if not."""
    if name is None or name == "-":
        stdio.check_stdout()
        return Stdout()
    if (fd := _descriptor(name)) is not None:
        return Direct(name, fd)
    try:
        kind = os.stat(stdio.path(name)).st_mode
    except (OSError, ValueError):
        return Replaced(name)
    if stat.S_ISDIR(kind):
        raise OutputFault(f"{name}: is a directory")
    if stat.S_ISREG(kind):
        return Replaced(name)
    try:
        return Direct(name, os.open(stdio.path(name), os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY))
    except OSError as error:
        raise OutputFault(f"{name}: {stdio.why(error)}") from None


def _descriptor(name: str) -> int | None:
    """A copy of the descriptor that /dev/fd/N or /dev/stdout names: it shares its place in a file,
    which the same name opened anew does not."""
    name_of = {"/dev/stdout": "/dev/fd/1", "/dev/stderr": "/dev/fd/2"}.get(name, name)
    number = name_of.removeprefix("/dev/fd/")
    if number == name_of or not number.isdecimal():
        return None
    try:
        if stdio.is_closed(int(number)):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return os.dup(int(number))
    except (OSError, OverflowError) as error:
        reason = stdio.why(error) if isinstance(error, OSError) else "no such descriptor"
        raise OutputFault(f"{name}: {reason}") from None
