"""The table of promises names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROWS = [
    line
    for line in (HERE / "README.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and line != "| property | test |"
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:40].replace(" ", "_"))
def test_every_promise_names_its_tests(row: str) -> None:
    names = re.findall(r"`(test_\w+\.py)::(test_\w+)`", row)
    assert names
    for file, test in names:
        source = (HERE / file).read_text(encoding="utf-8")
        assert re.search(rf"^ *def {test}\(", source, re.MULTILINE), f"{file}::{test}"
