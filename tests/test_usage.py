"""Usage logs: whole lines by any number of writers, and sums without a guess."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import stat
import struct
import subprocess
import termios
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from badserver import BadServer
from misbehaviour import whole
from support import ENV, MSGCLI, run

from msgcli.prices import Prices
from msgcli.wire.usage import tokens

USAGE = {"input_tokens": 1_000_000, "output_tokens": 100_000}
CACHED = {
    "input_tokens": 0,
    "cache_creation_input_tokens": 300,
    "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 100},
    "cache_read_input_tokens": 1000,
    "output_tokens": 1,
}
PRICES = {"currency": "EUR", "models": {"m": {"input": 3, "output": 0.1}, "n": {}}}


def line(day: str = "2026-01-31", model: str | None = "m", used: Any = USAGE) -> str:
    return json.dumps({"time": f"{day}T12:00:00.000Z", "model": model, "usage": used}) + "\n"


def summed(text: str, *args: str) -> tuple[int, str, str]:
    done = run("usage", *args, "-", input=text.encode())
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def objects(text: str, *args: str) -> Any:
    status, out, err = summed(text, "-f", "json", *args)
    assert (status, err) == (0, "")
    return json.loads(out)


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(PRICES))
    return file


# The log.


def test_a_call_is_one_line_with_what_meta_says(endpoint: str, tmp_path: Path) -> None:
    log, meta = tmp_path / "log", tmp_path / "meta"
    base = ["--base-url", endpoint, "--usage-log", str(log)]
    assert run("create", "-p", "hi", "--meta", str(meta), *base).returncode == 0
    body = b'{"model":"m","max_tokens":9,"messages":[]}'
    assert run("post", *base, input=body).returncode == 5
    ok, refused = (json.loads(text) for text in log.read_text().splitlines())
    assert ok.pop("time").endswith("Z")
    known = json.loads(meta.read_text())
    assert {**ok, "duration_ms": 0} == {**known, "duration_ms": 0}
    assert (refused["status"], refused["usage"]) == (5, None)
    assert refused["error"]["type"] == "invalid_request_error"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_the_variable_names_it_for_calls_and_not_for_decode(endpoint: str, tmp_path: Path) -> None:
    env = {"MSGCLI_USAGE_LOG": str(tmp_path / "log"), "ANTHROPIC_BASE_URL": endpoint}
    reply = run("create", "-f", "sse", "-p", "hi", env=env).stdout
    assert run("decode", input=reply, env=env).stdout == b"hi\n"
    assert (tmp_path / "log").read_text().count("\n") == 1


def test_no_request_no_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert run("create", "--usage-log", str(log), input=b" ").returncode == 4
    assert run("create", "--auth", "none", "--usage-log", str(log), input=b" ").returncode == 3
    assert log.read_bytes() == b""


def test_a_log_that_cannot_be_written_is_found_before_the_request(tmp_path: Path) -> None:
    with BadServer() as server:
        call = server.call(whole("200 OK", b"{}"))
        for name in (str(tmp_path), str(tmp_path / "no" / "log")):
            done = run("create", "-p", "x", "--base-url", call.url, "--usage-log", name)
            assert done.returncode == 14
            assert done.stderr.startswith(f"msgcli: {name}: ".encode())
        assert call.posts == 0


def test_a_full_disk_is_an_output_error(endpoint: str) -> None:
    done = run("create", "-p", "x", "--base-url", endpoint, "--usage-log", "/dev/full")
    assert (done.returncode, done.stdout) == (14, b"x\n")
    assert done.stderr == b"msgcli: /dev/full: no space left on device\n"


WRITER = """
import sys
from msgcli.usage import UsageLog
log = UsageLog(sys.argv[1])
for number in range(50):
    log.append({"writer": sys.argv[2], "number": number, "fill": "x" * 5000})
"""


def test_any_number_of_writers(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text('{"time":"torn')
    command = [MSGCLI[0], "-c", WRITER, str(log)]
    writers = [subprocess.Popen([*command, str(n)], env=ENV) for n in range(8)]
    assert [writer.wait(60) for writer in writers] == [0] * 8
    torn, *lines = log.read_text().splitlines()
    assert torn == '{"time":"torn'
    assert {(entry["writer"], entry["number"]) for entry in map(json.loads, lines)} == {
        (str(writer), number) for writer in range(8) for number in range(50)
    }
    assert len(lines) == 400


def test_calls_at_the_same_time(endpoint: str, tmp_path: Path) -> None:
    log = str(tmp_path / "log")
    args = ["create", "-p", "hi there", "--base-url", endpoint, "--usage-log", log]
    with ThreadPoolExecutor(4) as pool:
        assert all(d.returncode == 0 for d in pool.map(lambda _: run(*args), range(8)))
    (row,) = json.loads(run("usage", "-f", "json", log).stdout)
    assert row["requests"] == 8


def test_map_finds_a_log_that_cannot_be_written_before_its_first_request(tmp_path: Path) -> None:
    with BadServer() as server:
        call = server.call(whole("200 OK", b"{}"))
        args = [
            "map",
            "--each",
            "line",
            "--base-url",
            call.url,
            "--usage-log",
            f"{tmp_path}/no/log",
        ]
        done = run(*args, input=b"a\nb\n")
        assert (done.returncode, done.stdout, call.posts) == (14, b"", 0)
        assert done.stderr.startswith(f"msgcli: {tmp_path}/no/log: ".encode())


@pytest.mark.parametrize(
    ("args", "variable", "label"),
    [
        (["--label", "a job"], "", "a job"),
        (["--label", "a job"], "another", "a job"),
        ([], "another", "another"),
        (["--label", ""], "another", None),
        ([], "", None),
        (["--label", "ä\n"], "", "ä\n"),
        (["--label", "of sk-secret-1"], "", "of ***"),
    ],
)
def test_a_label_is_in_the_log_only(
    endpoint: str, tmp_path: Path, args: list[str], variable: str, label: str | None
) -> None:
    log, meta = tmp_path / "log", tmp_path / "meta"
    env = {"MSGCLI_LABEL": variable, "ANTHROPIC_API_KEY": "sk-secret-1"}
    files = ["--usage-log", str(log), "--meta", str(meta)]
    done = run("create", "-p", "hi", "--base-url", endpoint, *files, *args, env=env)
    assert done.returncode == 0
    entry, known = json.loads(log.read_text()), json.loads(meta.read_text())
    assert entry.keys() - known.keys() == ({"time"} if label is None else {"time", "label"})
    assert entry.get("label") == label


def test_a_label_has_to_be_utf_8() -> None:
    done = run("create", "--label=\udcff", "-p", "hi")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--label: not valid UTF-8" in done.stderr


# The sums.


def test_days_are_those_of_utc_and_rows_are_sorted() -> None:
    text = line("2026-02-01") + line(model="z") + line(model=None, used=None) + line(model="a")
    late = line().replace("T12:00:00.000Z", "T23:30:00-01:00")
    found = [(row["day"], row["model"], row["requests"]) for row in objects(text + late)]
    assert found == [
        ("2026-01-31", None, 1),
        ("2026-01-31", "a", 1),
        ("2026-01-31", "z", 1),
        ("2026-02-01", "m", 2),
    ]


def test_every_kind_of_token_and_null_for_what_is_not_grouped_by() -> None:
    text = line(used=CACHED) * 2 + line(day="2026-03-01", used={"output_tokens": 5})
    assert objects(text, "--by", "model") == [
        {
            "day": None,
            "model": "m",
            "requests": 3,
            "input_tokens": 0,
            "cache_creation_input_tokens": 600,
            "cache_read_input_tokens": 2000,
            "output_tokens": 7,
            "cost": None,
        }
    ]
    assert [row["day"] for row in objects(text, "--by", "day")] == ["2026-01-31", "2026-03-01"]
    rows = objects(line(model="b") + line("2026-09-09", "a"), "--by", "model,day")
    assert [row["model"] for row in rows] == ["a", "b"]


def test_the_order_of_the_keys_is_that_of_the_columns() -> None:
    _, out, _ = summed(line(), "--by", "model,day")
    assert out.split()[:2] == ["model", "day"]
    _, out, _ = summed("", "--by", "day")
    assert out == "day  requests  input  cache-write  cache-read  output\n"
    _, out, _ = summed(line(), "--by", "label,day,model")
    assert out.split()[:3] == ["label", "day", "model"]
    for wrong in ("", "hour", "day,day", "day,", "label,hour"):
        assert summed("", "--by", wrong)[0] == 2


def test_a_label_is_a_key_where_it_is_asked_for(prices: Path) -> None:
    labelled = line().replace("{", '{"label":"a job",', 1)
    text = line() + labelled + labelled.replace("a job", "other") + labelled + line("2026-02-02")
    rows = objects(text, "--by", "label", "--prices", str(prices))
    assert [(row["label"], row["requests"], row["cost"]) for row in rows] == [
        (None, 2, 6.02),
        ("a job", 2, 6.02),
        ("other", 1, 3.01),
    ]
    assert all(row["day"] is row["model"] is None for row in rows)
    assert [*rows[0]][:4] == ["day", "model", "label", "requests"]
    assert [(row["day"], row["label"]) for row in objects(text, "--by", "day,label")] == [
        ("2026-01-31", None),
        ("2026-01-31", "a job"),
        ("2026-01-31", "other"),
        ("2026-02-02", None),
    ]
    _, out, _ = summed(text, "--by", "label,model")
    assert [row.split()[:3] for row in out.splitlines()[1:3]] == [
        ["-", "m", "2"],
        ["a", "job", "m"],
    ]
    assert "label" not in objects(text)[0]


def test_several_rows_have_a_sum() -> None:
    _, out, _ = summed(line() + line(model="other"), "--by", "model")
    assert out.splitlines()[-1].split() == ["total", "2", "2000000", "0", "0", "200000"]
    assert "total" not in summed(line())[1]


def test_costs_are_exact(prices: Path) -> None:
    text = line() * 3
    (row,) = objects(text, "--prices", str(prices))
    assert row["cost"] == 9.03
    _, out, _ = summed(text, "--prices", str(prices))
    head, numbers = out.splitlines()
    assert (head.split()[-1], numbers.split()[-1]) == ("EUR", "9.030000")


def test_a_cent_is_not_lost_on_the_way() -> None:
    price = {"input": Decimal("0.1"), "cache_write": Decimal("1"), "cache_write_1h": Decimal("2")}
    priced = Prices(
        "prices", "USD", {"m": {**price, "cache_read": Decimal(0), "output": Decimal(0)}}
    )
    assert sum(priced.cost("m", tokens({"input_tokens": 1})) for _ in range(10)) == Decimal("1E-6")
    assert priced.cost("m", tokens(CACHED)) == Decimal("0.0004")


@pytest.mark.parametrize(
    ("model", "used", "missing"),
    [
        ("other", USAGE, "no price of input for other"),
        ("m", {"cache_read_input_tokens": 1}, "no price of cache_read for m"),
        ("m", {"cache_creation_input_tokens": 1}, "no price of cache_write for m"),
        ("m", CACHED, "no price of cache_write for m"),
        ("n", {"output_tokens": 1}, "no price of output for n"),
        (None, USAGE, "no price of input for a model without a name"),
    ],
)
def test_no_price_is_guessed(prices: Path, model: str | None, used: Any, missing: str) -> None:
    status, out, err = summed(line(model=model, used=used), "--prices", str(prices))
    assert (status, out) == (3, "")
    assert err == f"msgcli: --prices: {prices}: {missing}\n"


def test_what_took_no_tokens_needs_no_price(prices: Path) -> None:
    text = line(model=None, used=None) + line(model="n", used={"input_tokens": 0})
    assert [row["cost"] for row in objects(text, "--prices", str(prices))] == [0, 0]


@pytest.mark.parametrize(
    "value",
    [
        *([], {}, {"models": {}}, {"currency": "USD"}),
        *({"currency": currency, "models": {}} for currency in (1, None, "", "\n")),
        *({"currency": "USD", "models": {"m": kinds}} for kinds in (3, None, {"imput": 1})),
        *({"currency": "USD", "models": {"m": {"input": p}}} for p in (-1, "3", True, None)),
    ],
)
def test_what_is_no_list_of_prices(tmp_path: Path, value: Any) -> None:
    (tmp_path / "p").write_text(json.dumps(value))
    status, out, err = summed(line(), "--prices", str(tmp_path / "p"))
    assert (status, out) == (3, "")
    assert err.startswith(f"msgcli: --prices: {tmp_path}/p: ")


# Lines that are none.


@pytest.mark.parametrize("cut", [1, 8, 30, 60, len(line()) - 2])
def test_half_a_line_is_passed_over_with_a_notice(cut: int) -> None:
    for text in (line() + line()[:cut], line()[:cut] + "\n" + line()):
        status, out, err = summed(text, "-f", "json")
        assert (status, json.loads(out)[0]["requests"]) == (0, 1)
        assert "is torn" in err


def test_a_last_line_without_its_end_counts() -> None:
    assert objects(line() + "\n" + line().rstrip())[0]["requests"] == 2


@pytest.mark.parametrize(
    "bad",
    [
        *("null", "[]", "{}", "x", '{"usage":null}', '{"a":1}}', '{"usage":{},"time":"yesterday"}'),
        '{"usage":[],"time":"2026-01-01T00:00:00Z"}',
        '{"usage":{},"time":"2026-01-01T00:00:00"}',
        '{"usage":{},"model":3,"time":"2026-01-01T00:00:00Z"}',
        '{"usage":{},"label":3,"time":"2026-01-01T00:00:00Z"}',
        *(line(used={"input_tokens": count}).rstrip() for count in (-1, "1", 1.5, True)),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path: Path, bad: str) -> None:
    log = tmp_path / "log"
    log.write_text(line() + bad + "\n" + line())
    done = run("usage", str(log))
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.startswith(f"msgcli: {log}: line 2: ".encode())


def test_replies_that_say_nothing_of_their_tokens_are_noticed() -> None:
    status, _, err = summed(line(used=None) + line())
    assert status == 0
    assert err == "msgcli: replies without a word of their tokens: 1; they count as none\n"


def test_logs_are_named_by_operands_else_by_the_variable(tmp_path: Path) -> None:
    one, two = tmp_path / "a log", tmp_path / "two"
    one.write_text(line())
    two.write_text(line() * 2)
    env = {"MSGCLI_USAGE_LOG": str(one)}
    by_variable = run("usage", "-f", "json", env=env)
    assert json.loads(by_variable.stdout)[0]["requests"] == 1
    both = run("usage", "-f", "json", str(one), str(two), env=env)
    assert json.loads(both.stdout)[0]["requests"] == 3
    assert run("usage", str(tmp_path / "none")).returncode == 3
    nothing = run("usage", env={"MSGCLI_USAGE_LOG": ""})
    assert (nothing.returncode, nothing.stdout) == (2, b"")


# The terminal.


def on_terminal(columns: int, log: Path) -> list[str]:
    primary, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    done = run("usage", "--by", "model", str(log), stdout=secondary)
    assert done.returncode == 0
    os.close(secondary)
    data = b""
    while chunk := _read(primary):
        data += chunk
    os.close(primary)
    return data.decode().split("\r\n")


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except OSError:
        return b""


def test_a_terminal_is_shown_bars_and_no_control_characters(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(line() * 2 + line(model="evil\x1b[2J\u202e"))
    head, one, other, total, end = on_terminal(100, log)
    assert "█" not in head + total + end
    bars = {text.split()[0]: text.count("█") for text in (one, other)}
    assert bars == {"m": 2 * bars["evil^[[2J<U+202E>"], "evil^[[2J<U+202E>": bars["m"] // 2}
    assert max(map(len, (one, other))) <= 100
    assert "█" not in "".join(on_terminal(60, log))
