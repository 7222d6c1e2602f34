"""Stop reasons, and what each means for the exit status."""

from __future__ import annotations

from typing import Any

from msgcli.errors import MsgcliError, Refusal, Truncated, Unfinished

COMPLETE = frozenset(("end_turn", "stop_sequence"))
TRUNCATED = frozenset(("max_tokens", "model_context_window_exceeded"))


def stop_fault(reason: str, message: dict[str, Any]) -> MsgcliError | None:
    """What a stop reason means for the exit status: None for a complete answer."""
    if reason in COMPLETE:
        return None
    if reason in TRUNCATED:
        return Truncated(f"the reply is truncated: {reason}", type=reason)
    if reason == "refusal":
        return Refusal(f"the model refused{_details(message)}", type=reason)
    hint = None
    if reason not in ("tool_use", "pause_turn"):
        hint = f"--accept {reason} takes it as complete"
    return Unfinished(f"the turn is not finished: {reason}", hint=hint, type=reason)


def _details(message: dict[str, Any]) -> str:
    details = message.get("stop_details")
    parts = (
        [details.get(key) for key in ("category", "explanation")]
        if isinstance(details, dict)
        else []
    )
    text = ": ".join(part for part in parts if isinstance(part, str) and part)
    return f": {text}" if text else ""
