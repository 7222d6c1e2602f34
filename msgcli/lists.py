"""Lists of an endpoint, which come in pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgcli.client import Client
from msgcli.errors import MsgcliError
from msgcli.wire import resource

# As many as small endpoints give in one page too.
_PAGE = 100


def pages(client: Client, path: str) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """The pages of the list at `path`, each as it came and as an object with `data`.

    An endpoint that gives the same page for ever is asked once more and no further.
    """
    seen: set[str] = set()
    after: str | None = None
    while True:
        answer = client.fetch("GET", resource.page_path(path, limit=_PAGE, after=after))
        try:
            page = resource.read(answer)
            resource.ids(page)
        except MsgcliError as fault:
            raise fault.at(client.endpoint.host) from None
        after = resource.cursor(page)
        if after in seen:
            return
        yield answer, page
        if after is None:
            return
        seen.add(after)
