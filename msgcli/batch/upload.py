"""From records to the body that makes a batch of them: checked whole before any of it is sent."""

from __future__ import annotations

from collections.abc import Iterator

from msgcli import terminal
from msgcli.batch.spool import Spool
from msgcli.bulk.records import Item, Source
from msgcli.errors import InputFault, MsgcliError
from msgcli.text import decode
from msgcli.wire import batch, record
from msgcli.wire.request import Body

_START, _BETWEEN, _END = b'{"requests":[', b",", b"]}\n"

# Lines that are shown one by one; where there are more, something is wrong with all of them.
_SHOWN = 10


class Upload(Body):
    """The body of a request that makes a batch, in a file; it can be sent again from its start."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def __len__(self) -> int:
        return self._spool.size

    def __iter__(self) -> Iterator[bytes]:
        return self._spool.chunks()


def upload(source: Source) -> Upload:
    """The body that has all records of a source. InputFault for those that no batch takes, the
    lines that are no records being told one by one."""
    spool = Spool()
    number = 0
    for line in _lines(source):
        number += 1
        if number > batch.MAX_RECORDS:
            raise _too_many(f"more than {batch.MAX_RECORDS} records")
        spool.write(_BETWEEN if number > 1 else _START)
        spool.write(line)
        if spool.size + len(_END) > batch.MAX_SIZE:
            raise _too_many(f"more than {batch.MAX_SIZE // 1_000_000} MB of records")
    if not number:
        raise InputFault("there are no records, and no batch without them")
    spool.write(_END)
    spool.end()
    return Upload(spool)


def _too_many(what: str) -> InputFault:
    parts = "make several batches of them, with split -l or build --shard"
    return InputFault(f"{what}: that is more than a batch takes", hint=parts)


def _lines(source: Source) -> Iterator[bytes]:
    """Each record as a batch takes it. If there were others, InputFault at the end."""
    seen: set[str] = set()
    wrong = 0
    for item in source.items():
        try:
            custom_id, params = read(item)
            line = batch.request(custom_id, params)
            if custom_id in seen:
                raise InputFault(f"the custom_id {custom_id} stands twice")
        except MsgcliError as fault:
            wrong += 1
            if wrong <= _SHOWN:
                terminal.error(f"{item.place}: {fault}")
            continue
        seen.add(custom_id)
        yield line
    if wrong:
        what = "1 line is not a record" if wrong == 1 else f"{wrong} lines are not records"
        raise InputFault(f"{what} that a batch takes; nothing was sent")


def read(item: Item) -> tuple[str, dict[str, object]]:
    """The custom_id and the params of a record. InputFault without its place if it is none."""
    try:
        text = decode(item.place, item.data)
    except InputFault as fault:
        raise InputFault(fault.message.removeprefix(f"{item.place}: ")) from None
    return record.parse(text)
