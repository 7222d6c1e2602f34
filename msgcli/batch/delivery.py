"""Where the results of a batch go: as they come or in the order of records, whole or as texts."""

from __future__ import annotations

from msgcli import terminal
from msgcli.batch.download import Results
from msgcli.batch.spool import Spool
from msgcli.batch.upload import read
from msgcli.bulk.asking import Form
from msgcli.bulk.index import Index, Place
from msgcli.bulk.records import Source
from msgcli.bulk.tally import Tally, count
from msgcli.errors import InputFault, MsgcliError, RecordsFault
from msgcli.output import Writable
from msgcli.wire.message import Fold, unfold
from msgcli.wire.record import Result


class Order:
    """The order of some records, and what is to be written for each."""

    def __init__(self, source: Source) -> None:
        """InputFault for what is no record, and for the second one of a custom_id."""
        self._index, self._spool = Index(), Spool()
        self._records = 0
        for item in source.items():
            try:
                custom_id, _ = read(item)
                if not self._index.add_record(custom_id, item.number):
                    raise InputFault(f"the custom_id {custom_id} stands twice")
            except MsgcliError as fault:
                raise fault.at(item.place) from None
            self._records += 1

    def put(self, custom_id: str, data: bytes, *, succeeded: bool) -> None:
        self._index.add_result(custom_id, Place(self._spool.size, len(data)), succeeded=succeeded)
        self._spool.write(data)

    def write(self, sink: Writable) -> int:
        """Write all of it: how many records there was nothing for."""
        self._spool.end()
        written = 0
        for at, size in self._index.in_order():
            sink.write(self._spool.read(at, size))
            written += 1
        strangers = self._index.count_strangers()
        if strangers:
            terminal.notice(f"{count(strangers, 'result')} of no record of --input, written last")
        return self._records - (written - strangers)


def deliver(
    results: Results, sink: Writable, *, text_end: bytes | None, tally: Tally, order: Order | None
) -> None:
    """Write the results, or their texts, each of which has an end of its own. A fault of the
    results is raised once all that are good are written."""
    for line, result in results:
        data = line if text_end is None else _text(result, text_end)
        if result.message is None:
            tally.add_failure(RecordsFault(result.custom_id))
        else:
            tally.add_success(result.message, {})
        if order is None:
            sink.write(data)
        else:
            order.put(result.custom_id, data, succeeded=result.message is not None)
    if order is not None:
        missing = order.write(sink)
        for _ in range(missing):
            tally.add_failure(RecordsFault("no result"))
        if missing:
            terminal.notice(f"{count(missing, 'record')} of --input without a result")
    if results.fault is not None:
        raise results.fault


def _text(result: Result, end: bytes) -> bytes:
    """The text of a result that succeeded; nothing for another one."""
    if result.message is None:
        return b""
    fold = Fold()
    for event in unfold(result.message):
        fold.apply(event)
    return Form(end, None).succeeded(result.custom_id, fold.message())
