"""Bytes in and out: the standard descriptors, "-", and a write that arrives whole or says why."""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
from collections.abc import Iterator

from msgcli import ending
from msgcli.errors import InputFault, OutputFault, UsageFault

STDIN, STDOUT, STDERR = 0, 1, 2
CHUNK = 65536

# More than any endpoint takes (32 MB): a limit so that /dev/zero ends with a message.
MAX_INPUT = 256 * 1024 * 1024

_closed: set[int] = set()
_claimed = False
_sources: dict[str, None] = {}


def prepare() -> None:
    """Note which standard descriptors are closed, and fill the holes.

    A hole would be taken by the next file or socket that is opened, which would then be written to
    as if it were stdout.
    """
    for fd, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
        if stream is None:
            _closed.add(fd)
            hole = os.open(os.devnull, os.O_RDONLY if fd == STDIN else os.O_WRONLY)
            if hole != fd:
                os.dup2(hole, fd)
                os.close(hole)


def read_environment_as_utf8() -> None:
    """In another locale the environment too is UTF-8, as the command line is."""
    if sys.getfilesystemencoding() != "utf-8":
        decoded = {
            name.decode("utf-8", "surrogateescape"): value.decode("utf-8", "surrogateescape")
            for name, value in os.environb.items()
        }
        os.environ = decoded  # type: ignore[assignment]  # noqa: B003


def arguments() -> list[str]:
    """The command line as UTF-8 whatever the locale is; bytes that are not stay surrogates."""
    return [os.fsencode(arg).decode("utf-8", "surrogateescape") for arg in sys.argv[1:]]


def path(name: str) -> bytes:
    """The file name that the user gave, as the bytes that he gave."""
    return name.encode("utf-8", "surrogateescape")


def is_closed(fd: int) -> bool:
    return fd in _closed


def is_claimed() -> bool:
    """Whether standard input is read already: it can be read once."""
    return _claimed


def sources() -> list[str]:
    """The files that were read for a request, in the order in which they were opened."""
    return list(_sources)


def why(error: OSError) -> str:
    """The system's reason, in lower case as messages are."""
    text = error.strerror or type(error).__name__
    return text[:1].lower() + text[1:]


def shown(name: str) -> str:
    """How messages call an input file."""
    return "standard input" if name == "-" else name


def open_input(name: str, *, is_source: bool = True) -> int:
    """A descriptor to read `name` from, "-" being standard input. InputFault says why not.

    A regular file that `is_source` of a request is one of `sources`.
    """
    global _claimed
    if name == "-":
        if _claimed:
            raise UsageFault("standard input: it is named twice, and can be read once")
        _claimed = True
        if is_closed(STDIN):
            raise InputFault("standard input: it is closed")
        return STDIN
    try:
        fd = os.open(path(name), os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = why(error) if isinstance(error, OSError) else "not a file name"
        raise InputFault(f"{name}: {reason}") from None
    kind = os.fstat(fd).st_mode
    if stat.S_ISDIR(kind):
        os.close(fd)
        raise InputFault(f"{name}: is a directory")
    if is_source and stat.S_ISREG(kind) and not name.startswith(("/dev/", "/proc/")):
        _sources[name] = None
    return fd


def chunks(name: str, *, is_source: bool = True) -> Iterator[bytes]:
    """The bytes of `name` as they come."""
    fd = open_input(name, is_source=is_source)
    try:
        while chunk := _read(fd, name):
            yield chunk
    finally:
        if fd != STDIN:
            os.close(fd)


def _read(fd: int, name: str) -> bytes:
    while True:
        try:
            return os.read(fd, CHUNK)
        except BlockingIOError:
            wait(fd, reading=True)
        except OSError as error:
            raise InputFault(f"{shown(name)}: {why(error)}") from None


def read(name: str, *, limit: int = MAX_INPUT, is_source: bool = True) -> bytes:
    """All of `name`; InputFault if it cannot be read or has more than `limit` bytes."""
    return b"".join(_within(limit, chunks(name, is_source=is_source), name))


def read_chunks(name: str, *, limit: int = MAX_INPUT) -> list[bytes]:
    """As `read`, without the copy that makes one piece of them."""
    return list(_within(limit, chunks(name), name))


def read_all(fd: int, name: str) -> bytes:
    """All that is left of a descriptor, which messages call `name`."""
    return b"".join(_within(MAX_INPUT, iter(lambda: _read(fd, name), b""), name))


def _within(limit: int, source: Iterator[bytes], name: str) -> Iterator[bytes]:
    size = 0
    for chunk in source:
        size += len(chunk)
        if size > limit:
            raise InputFault(f"{shown(name)}: more than {limit >> 20} MiB")
        yield chunk


def wait(fd: int, *, reading: bool, seconds: float | None = None) -> bool:
    """Wait until `fd` can be read or written, `seconds` at most: whether it can."""
    import select

    poll = select.poll()
    poll.register(fd, select.POLLIN if reading else select.POLLOUT)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def write_all(fd: int, data: bytes) -> None:
    """Write every byte, also to a non-blocking pipe. OSError as the system gives it."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            wait(fd, reading=False)


def write_stdout(data: bytes) -> None:
    """Write to stdout; a reader that has gone ends the process by SIGPIPE, as it does `cat`."""
    if is_closed(STDOUT):
        raise OutputFault("standard output: it is closed")
    try:
        write_all(STDOUT, data)
    except BrokenPipeError:
        ending.end_by_signal(signal.SIGPIPE)
    except OSError as error:
        raise OutputFault(f"standard output: {why(error)}") from None


def is_terminal(fd: int) -> bool:
    return not is_closed(fd) and os.isatty(fd)


def check_stdout() -> None:
    """OutputFault unless stdout can be written to, as far as can be told without writing."""
    if is_closed(STDOUT):
        raise OutputFault("standard output: it is closed")
    try:
        os.write(STDOUT, b"")
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EPIPE):
            raise OutputFault(f"standard output: {why(error)}") from None
