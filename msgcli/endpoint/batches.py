"""Message batches, in memory: made, looked at, canceled, ended, deleted."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from msgcli.endpoint import pages
from msgcli.endpoint.problem import Problem, invalid
from msgcli.endpoint.reply import Ids
from msgcli.endpoint.shapes import array, fields, mapping, pattern
from msgcli.endpoint.strictjson import dump

BODY_LIMIT = 256 * 1024 * 1024
REQUESTS_LIMIT = 100_000
LIFETIME = timedelta(hours=24)
OUTCOMES = ("succeeded", "errored", "canceled", "expired")
SHAPE = fields(
    {
        "requests": array(
            fields({"custom_id": pattern("[a-zA-Z0-9_-]{1,64}"), "params": mapping}),
            least=1,
            most=REQUESTS_LIMIT,
        )
    }
)

Result = dict[str, Any]
Process = Callable[[Any], Result]


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z") if moment else None


class Batch:
    """One batch, which goes on only when somebody looks at it."""

    def __init__(
        self, name: str, requests: list[dict[str, Any]], process: Process, delay: float
    ) -> None:
        self.id = name
        self.lines: list[bytes] = []
        self._requests = requests
        self._process = process
        self._size = len(requests)
        self._counts: Counter[str] = Counter()
        self._delay = delay
        self._due = time.monotonic() + delay
        self._created = datetime.now(timezone.utc)
        self._canceled: datetime | None = None
        self._ended: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether there are results."""
        return self._ended is not None

    def look(self) -> None:
        """End the batch if its time has come."""
        if self.ended or time.monotonic() < self._due:
            return
        for request in self._requests:
            canceled = self._canceled is not None
            result = {"type": "canceled"} if canceled else self._process(request["params"])
            self._counts[result["type"]] += 1
            self.lines.append(dump({"custom_id": request["custom_id"], "result": result}) + b"\n")
        # Results come in any order: whoever takes them for the order of the requests shall notice.
        self.lines.reverse()
        self._requests = []
        self._ended = datetime.now(timezone.utc)

    def cancel(self) -> None:
        """Give up what has not been processed, which is all of it; a second time says nothing."""
        if self.ended:
            raise invalid("", f"batch {self.id} has ended and cannot be canceled")
        if self._canceled is None:
            self._canceled = datetime.now(timezone.utc)
            self._due = time.monotonic() + self._delay

    def shown(self, host: str) -> dict[str, Any]:
        """The MessageBatch object, with a URL of the results on this host."""
        status = "ended" if self.ended else "canceling" if self._canceled else "in_progress"
        left = 0 if self.ended else self._size
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": status,
            "request_counts": {
                "processing": left,
                **{outcome: self._counts[outcome] for outcome in OUTCOMES},
            },
            "created_at": _time(self._created),
            "expires_at": _time(self._created + LIFETIME),
            "ended_at": _time(self._ended),
            "archived_at": None,
            "cancel_initiated_at": _time(self._canceled),
            "results_url": f"http://{host}/v1/messages/batches/{self.id}/results"
            if self.ended
            else None,
        }


class Batches:
    """All batches of a run."""

    def __init__(self, delay: float = 0) -> None:
        self._ids = Ids()
        self._delay = delay
        self._batches: dict[str, Batch] = {}
        self._lock = threading.RLock()

    def create(self, asked: Any, process: Process, host: str) -> dict[str, Any]:
        """A new batch. What its requests ask for is looked at only when they are processed."""
        SHAPE("", asked)
        seen: set[str] = set()
        for index, request in enumerate(asked["requests"]):
            if request["custom_id"] in seen:
                raise invalid(
                    f"requests.{index}.custom_id", f"must be unique: {request['custom_id']}"
                )
            seen.add(request["custom_id"])
        with self._lock:
            batch = Batch(self._ids.new("msgbatch"), asked["requests"], process, self._delay)
            self._batches[batch.id] = batch
            return batch.shown(host)

    def retrieve(self, name: str, host: str) -> dict[str, Any]:
        """The state of a batch."""
        with self._lock:
            return self._looked_at(name).shown(host)

    def page(self, query: Mapping[str, list[str]], host: str) -> dict[str, Any]:
        """A page of the list, newest first."""
        with self._lock:
            for batch in self._batches.values():
                batch.look()
            listed = [batch.shown(host) for batch in reversed(self._batches.values())]
        return pages.page(query, listed)

    def cancel(self, name: str, host: str) -> dict[str, Any]:
        """Begin to cancel a batch. This is no look: even one without delay can be canceled."""
        with self._lock:
            batch = self._found(name)
            batch.cancel()
            return batch.shown(host)

    def delete(self, name: str) -> dict[str, Any]:
        """Forget a batch that has ended."""
        with self._lock:
            self._ended(name)
            del self._batches[name]
        return {"id": name, "type": "message_batch_deleted"}

    def results(self, name: str) -> list[bytes]:
        """The lines of the results."""
        with self._lock:
            return self._ended(name).lines

    def _found(self, name: str) -> Batch:
        if name not in self._batches:
            raise Problem(404, f"batch: {name}")
        return self._batches[name]

    def _looked_at(self, name: str) -> Batch:
        batch = self._found(name)
        batch.look()
        return batch

    def _ended(self, name: str) -> Batch:
        batch = self._looked_at(name)
        if not batch.ended:
            raise invalid("", f"batch {name} has not ended")
        return batch
