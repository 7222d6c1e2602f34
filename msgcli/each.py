"""From items to records: what `build --each` writes, and `map` sends."""

from __future__ import annotations

from typing import Any

from msgcli import attachments
from msgcli import prompt as prompts
from msgcli.bulk.records import Item, Source
from msgcli.conversation import read
from msgcli.errors import InputFault, MsgcliError, UsageFault
from msgcli.options.records import RecordOptions
from msgcli.options.request import RequestOptions
from msgcli.prompt import InputOptions
from msgcli.text import decode
from msgcli.wire import record
from msgcli.wire.content import content
from msgcli.wire.record import Record
from msgcli.wire.request import encode


class Maker:
    """Makes the record of an item. All that is the same for each of them is read once."""

    def __init__(
        self, records: RecordOptions, prompt: InputOptions, request: RequestOptions
    ) -> None:
        self._records, self._prompt, self._request = records, prompt, request
        if records.each is None:
            _check_whole(prompt, request)
        self._parts = prompts.templates(prompt)
        self._has_template = any(is_template for is_template, _ in self._parts)
        self._blocks = attachments.read(prompt.attachments, replace_errors=prompt.replace_errors)
        self._history = read(prompt.conversation)
        if records.each in ("line", "null", "file"):
            names = dict.fromkeys(("input", "file") if records.each == "file" else ("input",), "")
            prompts.join(self._parts, {**prompt.variables, **names}, [])

    def source(self) -> Source:
        """The items that the operands name."""
        if self._prompt.no_stdin and not self._prompt.files:
            raise UsageFault("--no-stdin: no FILE is named, so there is nothing to read")
        each, _, shard = self._records
        return Source(each or "record", self._prompt.files, shard)

    def record(self, item: Item) -> Record:
        """The record of an item, or one that says what is wrong with it, and where."""
        custom_id = str(item.number)
        try:
            if item.problem is not None:
                raise InputFault(item.problem)
            if self._records.each is None:
                custom_id, params = record.parse(_text(item))
                whole = self._request._replace(base=params)
                return Record(custom_id, whole.body(None, None, [], streams=False))
            fields, text = self._read(item)
            custom_id = self._custom_id(fields) or custom_id
            return Record(custom_id, self._body(fields, text))
        except MsgcliError as fault:
            why = fault.message.removeprefix(f"{item.place}: ")
            return Record(custom_id, {}, InputFault(f"{item.place}: {why}", hint=fault.hint))

    def _read(self, item: Item) -> tuple[dict[str, Any], str]:
        """The fields of an item, and its text."""
        replace = self._prompt.replace_errors
        if self._records.each == "file":
            assert item.row is not None
            return dict(item.row), prompts.file_text(item.row["file"], self._prompt)
        if item.row is not None:
            fields = {name: _field(value, replace=replace) for name, value in item.row.items()}
            return dict(fields), _shown(fields)
        text = _text(item, replace=replace)
        value = record.json_line(text) if self._records.each == "jsonl" else text
        if isinstance(value, dict):
            return value, text
        return {}, value if isinstance(value, str) else text

    def _custom_id(self, fields: dict[str, Any]) -> str | None:
        name = self._records.id_field
        if name is None:
            return None
        value = fields.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not value:
            raise InputFault(f"no text or number in {name}, which is to be the custom_id")
        return value

    def _body(self, fields: dict[str, Any], text: str) -> dict[str, Any]:
        names = {name: _shown(value) for name, value in fields.items()}
        names = {"input": text, **self._prompt.variables, **names}
        # The fields are the input already where a template can name them.
        is_placed = self._has_template and bool(fields) and self._records.each != "file"
        prompt = prompts.join(self._parts, names, [] if is_placed else [names["input"]])
        if prompt is None and not self._blocks:
            raise InputFault("the prompt is empty")
        return self._request.body(
            content(self._blocks, prompt), self._prompt.prefill, self._history, streams=False
        )


def _check_whole(prompt: InputOptions, request: RequestOptions) -> None:
    """UsageFault for options that make a prompt, which a record has already."""
    given = {
        "--prompt, --template": prompt.parts,
        "--attach": prompt.attachments,
        "--prefill": prompt.prefill is not None,
        "--conversation": prompt.conversation,
        "--with-filename": prompt.with_filename,
        "--body": request.base is not None,
    }
    for option in (name for name, is_given in given.items() if is_given):
        raise UsageFault(f"{option}: the input has records, which are whole; --each makes them")


def _text(item: Item, *, replace: bool = False) -> str:
    try:
        return decode("", item.data, replace=replace)
    except InputFault as fault:
        fault.message = fault.message.removeprefix(": ")
        raise


def _field(value: str, *, replace: bool) -> str:
    return _text(Item(0, "", value.encode("utf-8", "surrogateescape")), replace=replace)


def _shown(value: Any) -> str:
    """What a field is in a template: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else encode(value).decode().rstrip("\n")
