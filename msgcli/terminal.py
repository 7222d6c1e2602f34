"""How msgcli talks to its user on stderr, and what a terminal may be shown."""

from __future__ import annotations

import os
import re

from msgcli.redaction import redact

# C0 but newline and tab, DEL, C1, and the bidi controls (UAX #9: ALM, LRM, RLM, LRE to RLO, LRI to
# PDI), with which a text can show itself in another order than it has.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LINE_ENDS = re.compile(r"\s*[\r\n\u2028\u2029]\s*")
_STDERR = 2

# Characters of a message; an endpoint may send kilobytes of stack trace.
_LONGEST = 1000
_END = 200

_quiet = False
_status = ""


def be_quiet() -> None:
    """From here on only errors are written."""
    global _quiet
    _quiet = True


def _shown(match: re.Match[str]) -> str:
    char = ord(match.group())
    return f"^{chr(char ^ 0x40)}" if char < 0x80 else f"<U+{char:04X}>"


def visible(text: str) -> str:
    """`text` with control characters in caret form (`^[`), C1 and bidi controls as `<U+009B>`."""
    return _UNSAFE.sub(_shown, text)


def line(text: str) -> str:
    """`text` as one line that is safe to show: no secret, no line end, no control character.

    It is cut here alone, behind the filter, which half a secret would pass; and in the middle,
    since the HTTP status and the request id stand at the end.
    """
    text = redact(text)
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - _END]}...{text[-_END:]}"
    return visible(_LINE_ENDS.sub(" ", text))


def error(text: str) -> None:
    """Write the line `msgcli: text` to stderr. A stderr that cannot be written changes nothing."""
    _write(f"{_over('')}msgcli: {line(text)}\n")


def status(text: str) -> None:
    """Show a line on the terminal that stderr is, in place of the last one; "" takes it away. The
    next message does so too. Dropped by `-q`."""
    global _status
    if not _quiet:
        columns = os.get_terminal_size(_STDERR).columns or 80
        shown = visible(text)[: columns - 1]
        _write(_over(shown) + shown)
        _status = shown


def _over(text: str) -> str:
    """What goes to the start of a line on which a status is shown, and wipes what is left of it
    behind `text`."""
    global _status
    shown, _status = _status, ""
    blank = " " * (len(shown) - len(text))
    return f"\r{text}{blank}\r" if shown else ""


def _write(text: str) -> None:
    data = text.encode("utf-8", "backslashreplace")
    try:
        while data:
            data = data[os.write(_STDERR, data) :]
    except OSError:
        pass


def notice(text: str) -> None:
    """As `error`, but dropped by `-q`."""
    if not _quiet:
        error(text)
