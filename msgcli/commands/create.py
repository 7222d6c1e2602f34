"""Send one prompt, and write the reply."""

from __future__ import annotations

from typing import Any, NamedTuple

import click

from msgcli.command import Command
from msgcli.compose import compose
from msgcli.conversation import Conversation, new_turns
from msgcli.errors import MsgcliError
from msgcli.options.connection import ConnectionOptions, connection_options
from msgcli.options.input import input_options
from msgcli.options.output import OutputOptions, Target, output_options
from msgcli.options.profile import profile_options
from msgcli.options.request import RequestOptions, request_options
from msgcli.options.turns import turn_options
from msgcli.output import AtEnd, Draft
from msgcli.prompt import InputOptions
from msgcli.report import Report
from msgcli.reuse import Sender
from msgcli.schema import Schema
from msgcli.turns import Reply, Turn, TurnOptions, converse
from msgcli.wire.message import Fold
from msgcli.wire.request import Body, extend


class Call(NamedTuple):
    """One call of `create`: whom it asks, and where the replies go."""

    sender: Sender
    output: OutputOptions
    target: Target
    body: dict[str, Any]
    schema: Schema | None
    waits: bool
    is_remembered: bool

    def ask(self, turns: list[Turn]) -> Reply:
        """The reply to the body and these turns behind it."""
        keeps_text = self.waits or self.is_remembered or self.output.format == "json"
        fold = Fold(keeps_text=keeps_text)
        draft = Draft(self.target.sink, wait=self.waits)
        tap = self.output.tap(draft, fold)
        if self.schema is not None and self.output.format == "text":
            schema = self.schema
            tap = AtEnd(draft, lambda: self.output.ended(schema.json(fold.message()["content"])))
        pieces = self.sender.send(Body(extend(self.body, turns)))
        try:
            verdict = self.output.drain(pieces, self.target, tap, fold, final=not self.waits)
        except MsgcliError:
            draft.release()
            raise
        return Reply(fold, verdict, draft)


@click.command("create", cls=Command)
@input_options
@request_options
@turn_options
@connection_options
@profile_options
@output_options
def command(
    prompt: InputOptions,
    request: RequestOptions,
    turns: TurnOptions,
    connection: ConnectionOptions,
    output: OutputOptions,
) -> MsgcliError | None:
    """Send one prompt, and write the reply."""
    report = Report(verbose=connection.verbose)
    connection.start_clock(report, reader=output.to_stdout)
    schema = request.schema
    with output.open(report, hold=schema is not None) as target:
        sender = output.sender(connection, report)
        conversation = Conversation(prompt.conversation) if prompt.conversation else None
        history = conversation.turns if conversation else []
        body = compose(request, prompt, history, streams=output.format != "json")
        turns.tools.check(body.get("tools"))
        output.check_sources()
        waits = bool(turns.tools.commands) or schema is not None
        call = Call(sender, output, target, body, schema, waits, conversation is not None)
        outcome = converse(call.ask, turns, schema)
        if outcome.verdict is None:
            sender.keep()
        if conversation and outcome.verdict is None:
            target.sink.sync()
            content = outcome.fold.message()["content"]
            answer = schema.answer(content) if schema else content
            conversation.append(new_turns(body["messages"], outcome.turns, answer))
        target.settle(keep=outcome.verdict is None)
    return outcome.verdict
