"""From the options and the input to the body: what `build` writes and `create` sends."""

from __future__ import annotations

from typing import Any

from msgcli import prompt as prompts
from msgcli.options.request import RequestOptions
from msgcli.prompt import InputOptions


def compose(
    request: RequestOptions, prompt: InputOptions, *, streams: bool = True
) -> dict[str, Any]:
    """The body of the request; a fault if the input or an option makes none."""
    text = prompts.read(
        prompt,
        has_body=request.base is not None,
        may_be_empty=bool(request.base and request.base.get("messages")),
    )
    return request.body(text, prompt.prefill, streams=streams)
