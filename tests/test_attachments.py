"""What --attach sends: told by content, before the text, byte for byte, and at little cost."""

from __future__ import annotations

import base64
import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ENV, MSGCLI, run
from test_first_law import check

from msgcli.wire.content import Base64
from msgcli.wire.request import Body, encode


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


HEADER = _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
PIXELS = _chunk(b"IDAT", zlib.compress(b"\0\0"))
FILES = {
    "image/png": b"\x89PNG\r\n\x1a\n" + HEADER + PIXELS + _chunk(b"IEND", b""),
    "image/jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9",
    "image/gif": b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0,"
    b"\0\0\0\0\1\0\1\0\0\2\2D\1\0;",
    "image/webp": b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0"
    b"\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0",
    "application/pdf": b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\ntrailer<</Root<</Pages<<>>>>>>\n%%EOF\n",
}


def content(*args: str, **kwargs: Any) -> Any:
    """The content of the one turn that `build` makes."""
    done = run("build", *args, **kwargs)
    assert (done.returncode, done.stderr) == (0, b"")
    (turn,) = json.loads(done.stdout)["messages"]
    return turn["content"]


def block_of(media_type: str) -> dict[str, Any]:
    data = base64.b64encode(FILES[media_type]).decode()
    return {
        "type": "image" if media_type.startswith("image/") else "document",
        "source": {"type": "base64", "media_type": media_type, "data": data},
    }


def document(text: str) -> dict[str, Any]:
    source = {"type": "text", "media_type": "text/plain", "data": text}
    return {"type": "document", "source": source}


def text(value: str) -> dict[str, str]:
    return {"type": "text", "text": value}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a file of each kind, under names that tell nothing or lie."""
    for media_type, data in FILES.items():
        (tmp_path / media_type.partition("/")[2]).write_bytes(data)
    (tmp_path / "lie.png").write_bytes(FILES["image/jpeg"])
    (tmp_path / "lie.pdf").write_bytes("æ%PDF-, says the text\r\n".encode())
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbfmarked\n")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    (tmp_path / "nul").write_bytes(b"a\0b")
    (tmp_path / "empty").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("media_type", FILES)
def test_content_tells_the_type(folder: Path, media_type: str) -> None:
    name = media_type.partition("/")[2]
    assert content("-a", name, "-p", "What?") == [block_of(media_type), text("What?")]
    assert content("-a", "-", input=FILES[media_type]) == [block_of(media_type)]


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("lie.png", block_of("image/jpeg")),
        ("lie.pdf", document("æ%PDF-, says the text\r\n")),
        ("bom", document("marked\n")),
    ],
)
def test_a_name_tells_nothing(folder: Path, name: str, block: dict[str, Any]) -> None:
    assert content("-a", name) == [block]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://example.org/a.png", "image"),
        ("http://example.org/a.JPG", "image"),
        ("HTTPS://example.org/a.jpeg?size=9#top", "image"),
        ("https://example.org/a.gif", "image"),
        ("https://example.org/a.webp", "image"),
        ("https://example.org/a.png/b.pdf?c.gif", "document"),
    ],
)
def test_a_url_is_handed_on(url: str, kind: str) -> None:
    assert content("-a", url) == [{"type": kind, "source": {"type": "url", "url": url}}]


def test_the_order_is_that_of_the_command_line(folder: Path) -> None:
    url = "https://example.org/plain"
    args = ["--attach-as", "application/pdf", "latin", "-a", "gif", "-p", "one"]
    args += ["--attach-as", "image/png", url, "-a", "bom", "--attach-as", "text/plain", "pdf"]
    latin = {"type": "base64", "media_type": "application/pdf", "data": "Y2Fm6Q=="}
    assert content(*args, "--input-errors", "replace", input=b"two") == [
        {"type": "document", "source": latin},
        block_of("image/gif"),
        {"type": "image", "source": {"type": "url", "url": url}},
        document("marked\n"),
        document(FILES["application/pdf"].decode("utf-8", "replace")),
        text("one\n\ntwo"),
    ]


def test_standard_input_is_the_attachment_or_the_prompt(folder: Path) -> None:
    assert content("-a", "gif", input=b"the prompt") == [block_of("image/gif"), text("the prompt")]
    assert content("-a", "-", "bom", input=b"attached") == [document("attached"), text("marked\n")]
    assert content("-a", "gif", input=b" \n") == [block_of("image/gif")]
    twice = run("build", "-a", "-", "-", input=b"attached")
    assert (twice.returncode, twice.stdout) == (2, b"")
    assert b"standard input: it is named twice" in twice.stderr


def test_a_terminal_is_not_read(folder: Path) -> None:
    master, terminal = os.openpty()
    assert content("-a", "gif", stdin=terminal, timeout=20) == [block_of("image/gif")]
    os.close(master)
    os.close(terminal)


def test_the_other_options_know_of_it(folder: Path) -> None:
    args = ["-a", "gif", "--cache-control", "prompt", "--prefill", "{", "--no-stdin"]
    mark = {"cache_control": {"type": "ephemeral"}}
    turn = {"role": "user", "content": [{**block_of("image/gif"), **mark}]}
    prefill = {"role": "assistant", "content": "{"}
    built = run("build", *args)
    assert json.loads(built.stdout)["messages"] == [turn, prefill]
    more = run("build", "--body", "-", "-a", "bom", input=built.stdout)
    assert json.loads(more.stdout)["messages"] == [
        turn,
        prefill,
        {"role": "user", "content": [document("marked\n")]},
    ]


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["-a", "empty"], 3, "--attach: empty: it is empty"),
        (["-a", "nothing"], 3, "--attach: nothing: no such file or directory"),
        (["-a", "."], 3, "--attach: .: is a directory"),
        (["-a", "latin"], 3, "latin: not PNG, JPEG, GIF, WebP, PDF or UTF-8 text; --attach-as "),
        (["-a", "latin", "--input-errors", "replace"], 3, "latin: not PNG"),
        (["-a", "nul"], 3, "nul: not PNG"),
        (["--attach-as", "text/plain", "latin"], 3, "--attach-as: latin: invalid UTF-8 at byte 3"),
        (["--attach-as", "text/plain", "nul"], 3, "--attach-as: nul: a NUL at byte 1"),
        (["--attach-as", "image/tiff", "gif"], 2, "--attach-as: 'image/tiff' is not one of"),
        (["-a", "https://example.org/a"], 2, "its end does not say what it is of; --attach-as "),
        (["-a", "https://example.org/a.png b"], 2, "is not a URL"),
        (["-a", "http:///a.png"], 2, "'http:///a.png' is not a URL"),
        (["-a", "https://[/a.png"], 2, "'https://[/a.png' is not a URL"),
        (["--attach-as", "text/plain", "https://example.org/a"], 2, "not of text/plain"),
        (["-a", "-", "-"], 3, "--attach: standard input: it is empty"),
        (["png"], 3, "png: invalid UTF-8 at byte 0; -a attaches an image or a PDF"),
        (["nul"], 3, "nul: a NUL at byte 1: this is not text; -a attaches an image or a PDF"),
        (["latin"], 3, "latin: invalid UTF-8 at byte 3; --input-errors replace sends U+FFFD"),
    ],
)
def test_what_cannot_be_attached(folder: Path, args: list[str], status: int, message: str) -> None:
    done = run("build", *args)
    assert (done.returncode, done.stdout) == (status, b"")
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_an_endpoint_takes_all_of_them(folder: Path, endpoint: str) -> None:
    args = [word for name in ("png", "jpeg", "gif", "webp", "pdf", "bom") for word in ("-a", name)]
    args += ["-a", "https://example.org/a.pdf", "--base-url", endpoint]
    done = run("create", *args, "-p", "All of them?")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"All of them?\n", b"")


@pytest.mark.parametrize(
    ("args", "data"),
    [
        (["-a", "png", "--attach-as", "application/pdf", "pdf"], b"and a prompt"),
        (["-a", "-", "-a", "bom", "-p", "What?", "--no-stream"], FILES["image/png"]),
        (["--attach-as", "image/png", "gif", "-p", "refused"], b""),
        (["-a", "empty"], b""),
    ],
)
def test_create_is_the_pipeline(folder: Path, endpoint: str, args: list[str], data: bytes) -> None:
    check(endpoint, args, data)


def test_what_is_tried_again_is_whole_again(folder: Path, serve: Callable[..., str]) -> None:
    (folder / "large").write_bytes(b"%PDF-1.4\n" + bytes(range(256)) * 1000)
    bodies = []
    for fault in ([], ["--fault", "529:1"]):
        url = serve("--log", "log", *fault)
        done = run("create", "-a", "large", "--base-url", url, "-p", "x", "--trace", "trace")
        assert done.returncode == 0, done.stderr
        lines = (folder / "trace").read_bytes().splitlines()
        bodies += [line for line in lines if line.startswith(b'{"model"')]
    assert len(bodies) == 3
    assert {body + b"\n" for body in bodies} == {
        run("build", "-a", "large", "-p", "x", input=b"").stdout
    }


def simply(value: Any) -> Any:
    """The value with base64 in it as strings, as it would be without pieces."""
    if isinstance(value, Base64):
        return b"".join(value).decode()
    if isinstance(value, dict):
        return {key: simply(inner) for key, inner in value.items()}
    return [simply(inner) for inner in value] if isinstance(value, list) else value


BASE64 = st.lists(st.binary(min_size=1, max_size=9)).map(Base64)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS | BASE64,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


@given(VALUES)
def test_the_pieces_of_a_body_are_the_body(value: Any) -> None:
    simple = json.dumps(simply(value), ensure_ascii=False, separators=(",", ":")) + "\n"
    body = Body(value)
    assert b"".join(body) == b"".join(body) == encode(value) == simple.encode()
    assert len(body) == len(simple.encode())


@given(st.lists(st.binary(min_size=1)))
def test_base64_does_not_depend_on_the_chunks(chunks: list[bytes]) -> None:
    assert b"".join(Base64(chunks)) == base64.b64encode(b"".join(chunks))
    assert len(Base64(chunks)) == len(base64.b64encode(b"".join(chunks)))


# A process of its own, since a child's peak is no less than what its parent has.
PEAK = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak(*args: str) -> int:
    """The most bytes that `msgcli ARGS` had in memory."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", PEAK, *MSGCLI, *args],
        env=ENV,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    status, size = map(int, done.stdout.split())
    assert status == 0, done.stderr
    return size * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.parametrize("command", ["create", "build"])
def test_a_large_file_costs_less_than_its_base64(folder: Path, endpoint: str, command: str) -> None:
    size = 22 * 1000 * 1000
    (folder / "large").write_bytes(b"%PDF-1.4\n" + b"\xff" * size)
    where = ["--base-url", endpoint] if command == "create" else []
    small = peak(command, *where, "-p", "x", "-a", "pdf")
    large = peak(command, *where, "-p", "x", "-a", "large")
    assert size / 2 < large - small < size * 4 / 3
