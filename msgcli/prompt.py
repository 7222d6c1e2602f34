"""The prompt: parts in the order of the command line, joined by a blank line, unchanged."""

from __future__ import annotations

import string
from typing import NamedTuple

from msgcli import stdio, terminal
from msgcli.errors import InputFault, UsageFault
from msgcli.text import decode, read_text

_PATIENCE = 5.0
_WAITING = "waiting for the prompt on standard input; --no-stdin or </dev/null goes without"


class Attachment(NamedTuple):
    """A file, "-" or a URL, and the media type that the user gave it, if he did."""

    media_type: str | None
    name: str


class InputOptions(NamedTuple):
    """What a prompt is made of: `parts` are (prompt | template | template_file, value) in order."""

    parts: list[tuple[str, str]]
    variables: dict[str, str]
    with_filename: bool
    no_stdin: bool
    replace_errors: bool
    prefill: str | None
    files: tuple[str, ...]
    conversation: str | None
    attachments: list[Attachment]


def read(options: InputOptions, *, has_body: bool, may_be_empty: bool) -> str | None:
    """The text of the prompt, or None for an empty one if that is no error. InputFault for a file
    that cannot be read, and for an empty prompt; UsageFault for a template that does not work."""
    inputs = _inputs(
        options, has_body=has_body, has_other=bool(options.parts or options.attachments)
    )
    names = dict(options.variables)
    if inputs is not None:
        names["input"] = "\n\n".join(inputs)
    prompt = join(templates(options), names, inputs or [])
    if prompt is None and not may_be_empty:
        raise InputFault("the prompt is empty")
    return prompt


def templates(options: InputOptions) -> list[tuple[bool, str]]:
    """The text of each part, and whether it is a template."""
    return [_template(*part) for part in options.parts]


def join(parts: list[tuple[bool, str]], names: dict[str, str], inputs: list[str]) -> str | None:
    """The parts with their names replaced, and behind them the inputs if none of them used `input`;
    None for an empty text. UsageFault for a template that does not work."""
    texts, placed = [], False
    for is_template, text in parts:
        if is_template:
            text, uses_input = _substitute(text, names)
            placed = placed or uses_input
        texts.append(text)
    if not placed:
        texts += inputs
    prompt = "\n\n".join(texts)
    return prompt if prompt.strip() else None


def _template(kind: str, value: str) -> tuple[bool, str]:
    if kind == "template_file":
        return True, read_text("--template-file", value)
    return kind == "template", value


def _substitute(text: str, names: dict[str, str]) -> tuple[str, bool]:
    template = string.Template(text)
    uses_input = False
    for match in template.pattern.finditer(text):
        if match.group("invalid") is not None:
            line = text.count("\n", 0, match.start()) + 1
            raise UsageFault(f"template: line {line}: a lone $", hint="$$ is a dollar sign")
        uses_input = uses_input or "input" in match.group("named", "braced")
    try:
        return template.substitute(names), uses_input
    except KeyError as error:
        name = error.args[0]
        hint = "there is no input" if name == "input" else f"--var {name}=VALUE defines it"
        raise UsageFault(f"template: ${name} is not defined", hint=hint) from None


def _inputs(options: InputOptions, *, has_body: bool, has_other: bool) -> list[str] | None:
    """The texts of the inputs; None if there is no input at all."""
    if options.files:
        texts = [file_text(name, options) for name in options.files]
        several = has_other or len(texts) > 1
        return [
            text
            for name, text in zip(options.files, texts, strict=True)
            if text or not (name == "-" and several)
        ]
    if has_body or options.no_stdin or stdio.is_claimed() or stdio.is_closed(stdio.STDIN):
        return None
    if stdio.is_terminal(stdio.STDIN):
        if has_other:
            return None
        terminal.notice("reading the prompt from the terminal; ^D on a line of its own ends it")
    else:
        wait_for_stdin(_WAITING)
    text = decode("-", stdio.read("-"), replace=options.replace_errors)
    return [text] if text or not has_other else []


def wait_for_stdin(notice: str) -> None:
    """Wait a while for standard input, and say what for if nothing has come."""
    if stdio.is_terminal(stdio.STDIN) or stdio.is_closed(stdio.STDIN):
        return
    if not stdio.wait(stdio.STDIN, reading=True, seconds=_PATIENCE):
        terminal.notice(notice)


def file_text(name: str, options: InputOptions) -> str:
    """What a FILE is in a prompt. InputFault if it cannot be read, or is no text."""
    if name == "-":
        wait_for_stdin(_WAITING)
    text = decode(name, stdio.read(name), replace=options.replace_errors)
    if not options.with_filename:
        return text
    from html import escape

    source = "(standard input)" if name == "-" else terminal.visible(name)
    end = "" if text.endswith("\n") else "\n"
    return (
        f"<document>\n<source>{escape(source, quote=False)}</source>\n"
        f"<document_content>\n{text}{end}</document_content>\n</document>"
    )
