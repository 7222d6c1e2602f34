"""From the options and the input to the body: what `build` writes and `create` sends."""

from __future__ import annotations

from typing import Any

from msgcli import attachments
from msgcli import prompt as prompts
from msgcli.options.request import RequestOptions
from msgcli.prompt import InputOptions
from msgcli.wire.content import content


def compose(
    request: RequestOptions,
    prompt: InputOptions,
    history: list[dict[str, Any]],
    *,
    streams: bool = True,
) -> dict[str, Any]:
    """The body of the request, with the turns of `history` before the prompt; a fault if the input
    or an option makes none."""
    blocks = attachments.read(prompt.attachments, replace_errors=prompt.replace_errors)
    has_messages = bool(request.base and request.base.get("messages"))
    text = prompts.read(
        prompt,
        has_body=request.base is not None,
        may_be_empty=bool(blocks) or (has_messages and not prompt.conversation),
    )
    return request.body(content(blocks, text), prompt.prefill, history, streams=streams)
