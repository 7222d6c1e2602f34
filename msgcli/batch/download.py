"""The results of a batch: each line once and whole, whatever becomes of the connection."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from msgcli import retry
from msgcli.client import Client
from msgcli.connection import Endpoint
from msgcli.errors import MsgcliError, NotYet, ProtocolFault, RefusedFault
from msgcli.wire import batch
from msgcli.wire.batch import Batch
from msgcli.wire.record import Result

_PORTS = {"http": 80, "https": 443}


class _Place(Endpoint):
    """An endpoint of which the whole URL is known that is asked for."""

    def url(self, path: str) -> str:
        return path


class _Lost(Exception):
    """A download broke, for the reason that `fault` is."""

    def __init__(self, fault: MsgcliError) -> None:
        self.fault = fault


class Download(Client):
    """A client that hands on the body of an answer as it comes."""

    def chunks(self, url: str) -> Iterator[bytes]:
        """The body of what is at `url`. _Lost if it breaks once it has begun."""
        body = self._try("GET", url, None, self._chunks)
        try:
            yield from body
        except MsgcliError as fault:
            raise _Lost(fault.at(self.endpoint.host)) from None
        self.report.end_request()


def place(client: Client, found: Batch) -> str:
    """The URL of the results. NotYet before there are any; ProtocolFault if it is not of the
    endpoint, which alone is shown the key."""
    if not found.has_ended:
        raise NotYet(f"batch {found.id}: {found.state}", hint="msgcli batches wait waits for it")
    usual = client.endpoint.url(batch.path(found.id, "results"))
    if found.results_url is None:
        if found.archived_at is not None:
            raise RefusedFault(f"batch {found.id}: its results were kept until {found.archived_at}")
        return usual
    url = _joined(usual, found.results_url)
    if url is None:
        raise ProtocolFault(
            f"{client.endpoint.host}: the results are elsewhere, where the key is not shown: "
            f"{found.results_url}"
        )
    return url


def _joined(usual: str, given: str) -> str | None:
    """The URL that is given, which may be relative; None if it is not of the same origin."""
    if not given.isascii() or not given.isprintable():
        return None
    try:
        url = urljoin(usual, given)
        return url if _origin(url) == _origin(usual) else None
    except ValueError:
        return None


def _origin(url: str) -> tuple[object, ...]:
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    return parts.scheme, user, parts.hostname, parts.port or _PORTS.get(parts.scheme)


class Results:
    """The lines of results at a URL. Once all came, `fault` says what is wrong with them."""

    def __init__(self, client: Client, url: str, size: int | None) -> None:
        headers = {**client.endpoint.headers_of("GET"), "accept": "application/binary"}
        endpoint = _Place(*client.endpoint._replace(headers=headers))
        self._client = Download(*client._replace(endpoint=endpoint))
        self._url, self._size = url, size
        self._seen: set[str] = set()
        self.fault: MsgcliError | None = None

    def __iter__(self) -> Iterator[tuple[bytes, Result]]:
        """Each result, as it came and as it is understood. A download that is lost is begun again,
        which costs nothing; what was there before is passed over then."""
        while True:
            self.fault = None
            try:
                yield from self._once()
            except _Lost as lost:
                self._rest(lost.fault)
            else:
                return

    def _once(self) -> Iterator[tuple[bytes, Result]]:
        for number, line in enumerate(self._lines(), 1):
            result = batch.read_result(line)
            if result is None:
                what = f"line {number} of the results is not a result"
                self.fault = self.fault or ProtocolFault(f"{self._client.endpoint.host}: {what}")
            elif result.custom_id not in self._seen:
                self._seen.add(result.custom_id)
                yield line, result
        if self._size is not None and len(self._seen) < self._size:
            what = f"{len(self._seen)} of {self._size} results came"
            self.fault = self.fault or ProtocolFault(f"{self._client.endpoint.host}: {what}")

    def _lines(self) -> Iterator[bytes]:
        """The lines that are not blank, each with its end."""
        held: list[bytes] = []
        size = 0
        for chunk in self._client.chunks(self._url):
            *whole, rest = chunk.split(b"\n")
            for part in whole:
                line = b"".join((*held, part, b"\n"))
                held, size = [], 0
                if line.strip():
                    yield line
            held.append(rest)
            size += len(rest)
            if size > self._client.max_reply_size:
                what = f"a result has more than {self._client.max_reply_size} bytes"
                raise ProtocolFault(f"{self._client.endpoint.host}: {what}")
        if (last := b"".join(held)).strip():
            yield last + b"\n"

    def _rest(self, fault: MsgcliError) -> None:
        """Wait before the download is begun again, or raise the fault if it is not to be."""
        report, policy = self._client.report, self._client.policy
        report.end_request()
        seconds = retry.wait(report.attempts, {}, random.random)
        is_late = time.monotonic() - report.started + seconds > policy.max_time
        if report.attempts > policy.retries or is_late:
            raise fault
        self._client.rest(seconds, fault, f"{report.attempts} of {policy.retries}")
