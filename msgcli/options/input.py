"""The options that the prompt is made of."""

from __future__ import annotations

from typing import Any

import click

from msgcli import command
from msgcli.errors import UsageFault
from msgcli.options.types import TEXT, Bundle
from msgcli.prompt import Attachment, InputOptions
from msgcli.wire.content import MEDIA_TYPES


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier() or not name.isascii():
        raise UsageFault(f"--var: {text!r} is not of the form NAME=VALUE")
    if name == "input":
        raise UsageFault("--var: input is the name of the input")
    return name, value


def _make(**values: Any) -> InputOptions:
    kinds = {kind: values[kind] for kind in ("prompt", "template", "template_file")}
    variables = dict(map(_variable, values["var"]))
    if variables and not (values["template"] or values["template_file"]):
        raise UsageFault("--var: there is no template that it is for")
    attached = {
        "attach": [Attachment(None, name) for name in values["attach"]],
        "attach_as": [Attachment(*pair) for pair in values["attach_as"]],
    }
    context = click.get_current_context()
    return InputOptions(
        parts=command.in_order(context, kinds),
        variables=variables,
        with_filename=values["with_filename"],
        no_stdin=values["no_stdin"],
        replace_errors=values["input_errors"] == "replace",
        prefill=values["prefill"],
        files=values["files"],
        conversation=values["conversation"],
        attachments=[attachment for _, attachment in command.in_order(context, attached)],
    )


input_options = Bundle(
    "prompt",
    _make,
    click.option(
        "-p",
        "--prompt",
        metavar="TEXT",
        type=TEXT,
        multiple=True,
        help="Text that stands before the input.",
    ),
    click.option(
        "-t",
        "--template",
        metavar="TEXT",
        type=TEXT,
        multiple=True,
        help="As -p, with $name replaced; $input is the input.",
    ),
    click.option("--template-file", metavar="FILE", multiple=True, help="A template from a file."),
    click.option(
        "--var", metavar="NAME=VALUE", type=TEXT, multiple=True, help="A name of the templates."
    ),
    click.option(
        "--with-filename", is_flag=True, help="Wrap each FILE as a document with its name."
    ),
    click.option("--no-stdin", is_flag=True, help="Do not read standard input unless - is named."),
    click.option(
        "--input-errors",
        metavar="strict|replace",
        type=click.Choice(["strict", "replace"]),
        default="strict",
        help="Refuse invalid UTF-8, or send U+FFFD instead.",
    ),
    click.option(
        "-a",
        "--attach",
        metavar="FILE|URL|-",
        multiple=True,
        help="An image, a PDF or a text that stands before the prompt.",
    ),
    click.option(
        "--attach-as",
        metavar="TYPE FILE",
        type=(click.Choice(MEDIA_TYPES), str),
        multiple=True,
        help="As -a, with the media type said and not found out.",
    ),
    click.option("--prefill", metavar="TEXT", type=TEXT, help="How the assistant's answer begins."),
    click.option(
        "--conversation",
        metavar="FILE",
        help="Go on with the conversation in FILE.",
    ),
    click.argument("files", metavar="[FILE]...", nargs=-1),
)
