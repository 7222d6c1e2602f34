"""A call of several turns: tool results and corrections go back until the reply is final."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from msgcli.errors import MsgcliError, SchemaFault, Unfinished
from msgcli.output import Draft
from msgcli.schema import Schema
from msgcli.tools import ToolCommands
from msgcli.wire.message import Fold

Turn = dict[str, Any]


class TurnOptions(NamedTuple):
    """What may follow a reply: `max_turns` replies at most, and `repairs` corrections."""

    tools: ToolCommands
    max_turns: int
    repairs: int


class Reply(NamedTuple):
    """A complete reply: what it folds to, the verdict on it, and what it would write."""

    fold: Fold
    verdict: MsgcliError | None
    draft: Draft


class Outcome(NamedTuple):
    """The verdict on the final reply, its Message, and the turns between it and the prompt."""

    verdict: MsgcliError | None
    fold: Fold
    turns: list[Turn]


def converse(
    ask: Callable[[list[Turn]], Reply], rules: TurnOptions, schema: Schema | None
) -> Outcome:
    """`ask`, with the turns that were added, until the reply is final; write that one alone."""
    turns: list[Turn] = []
    corrections: list[Turn] = []
    replies = repairs = 0
    while True:
        fold, verdict, draft = ask([*turns, *corrections])
        replies += 1
        if _calls(verdict) and rules.tools.can_run(content := fold.message()["content"]):
            if replies < rules.max_turns:
                results = rules.tools.results(content)
                turns += [{"role": "assistant", "content": content}]
                turns += [{"role": "user", "content": results}]
                continue
            verdict = Unfinished(f"--max-turns: the turn is not finished after {replies}")
        if schema is not None:
            message = fold.message()
            verdict = schema.verdict(message, verdict)
            if isinstance(verdict, SchemaFault) and repairs < rules.repairs:
                repairs += 1
                corrections += schema.correction(message["content"], verdict)
                continue
        draft.release()
        return Outcome(verdict, fold, turns)


def _calls(verdict: MsgcliError | None) -> bool:
    return isinstance(verdict, Unfinished) and verdict.type == "tool_use"
