"""One class an exit status; a docstring is the sentence that msgcli(1) prints for it."""

from __future__ import annotations


class MsgcliError(Exception):
    """Base of all: a message `what: why` in the user's names, and the status of the process.

    `type` is the error's name in `--meta`: the endpoint's own (`overloaded_error`) where it gave
    one, else the class's. `hint` follows the message after a semicolon.
    """

    status = 1
    type = "failure"
    from_endpoint = False

    def __init__(self, message: str, *, hint: str | None = None, type: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if type is not None:
            self.type = type

    def at(self, place: str) -> MsgcliError:
        """The same error, with the file or host that it is about before its message."""
        self.message = f"{place}: {self.message}"
        return self

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class Failure(MsgcliError):
    """internal error, or a failure with no better number"""


class UsageFault(MsgcliError):
    """usage: the command line, the environment or the config file is wrong"""

    status = 2
    type = "usage"


class InputFault(MsgcliError):
    """input: a file or standard input is missing, unreadable or not what it must be"""

    status = 3
    type = "input"


class CredentialFault(MsgcliError):
    """credentials: none, or refused (HTTP 401, 403)"""

    status = 4
    type = "credentials"


class RefusedFault(MsgcliError):
    """request refused by the endpoint (any other HTTP 4xx)"""

    status = 5
    type = "refused"


class UnavailableFault(MsgcliError):
    """unavailable: HTTP 408, 409, 429, 5xx, or such an error event, after the retries"""

    status = 6
    type = "unavailable"


class TransportFault(MsgcliError):
    """transport: no HTTP response (name, connection, TLS)"""

    status = 7
    type = "transport"


class ProtocolFault(MsgcliError):
    """protocol: the reply is not of the Messages format, or ended before it was complete"""

    status = 8
    type = "protocol"


class RecordsFault(MsgcliError):
    """some records failed: errored, expired, canceled"""

    status = 9
    type = "records"


class Truncated(MsgcliError):
    """truncated: the stop reason is max_tokens or model_context_window_exceeded"""

    status = 10
    type = "truncated"


class Refusal(MsgcliError):
    """refused by the model: the stop reason is refusal"""

    status = 11
    type = "refusal"


class Unfinished(MsgcliError):
    """the turn is not finished: tool_use, pause_turn, or a stop reason not known to msgcli"""

    status = 12
    type = "unfinished"


class SchemaFault(MsgcliError):
    """the reply is not valid against the schema"""

    status = 13
    type = "schema"


class OutputFault(MsgcliError):
    """output: standard output or a file could not be written"""

    status = 14
    type = "output"


class TimeFault(MsgcliError):
    """time: a time limit ran out"""

    status = 15
    type = "time"


class LimitFault(MsgcliError):
    """a limit that the user set was reached; the rest was not sent"""

    status = 16
    type = "limit"


class NotYet(MsgcliError):
    """not yet: the wait ran out of time while the batch goes on"""

    status = 17
    type = "not_yet"
