"""The chunked coding of HTTP: the same body, however the bytes are cut."""

from __future__ import annotations

import pytest

from msgcli.chunked import Chunked

CODED = (
    b"5\r\nhello\r\n1;name=value\r\n,\r\n0007\r\n world\n\r\n"
    b"9\nlf alone \r\n \t2 \r\n\r\n\r\n0\r\nTrailer: 1\r\n\r\n"
)
BODY = b"hello, world\nlf alone \r\n"


def decode(pieces: list[bytes]) -> tuple[bytes, Chunked]:
    coding = Chunked()
    return b"".join(map(coding.feed, pieces)), coding


@pytest.mark.parametrize("size", range(1, len(CODED) + 1))
def test_however_it_is_cut(size: int) -> None:
    body, coding = decode([CODED[at : at + size] for at in range(0, len(CODED), size)])
    assert (body, coding.ended, coding.broken) == (BODY, True, False)


@pytest.mark.parametrize("at", range(len(CODED)))
def test_it_ends_with_the_last_line_and_not_before(at: int) -> None:
    body, coding = decode([CODED[:at]])
    assert BODY.startswith(body)
    assert not coding.ended


@pytest.mark.parametrize(
    "coded",
    [b"x\r\n", b"5\r\nhello\r\nworld\r\n", b"5\r\nhello6\r\nworld!\r\n-1\r\n", b"0" * 70_000],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_what_is_no_chunked_coding(coded: bytes, size: int) -> None:
    _, coding = decode([coded[at : at + size] for at in range(0, len(coded), size)])
    assert coding.broken
    assert not coding.ended
