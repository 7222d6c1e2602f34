"""The package as a packager and a newcomer meet it: metadata, Makefile, archive, demo."""

from __future__ import annotations

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from support import ENV

import msgcli

ROOT = Path(__file__).parents[1]
TARGETS = {
    "compat",
    *("all", "check", "fuzz", "lint", "bench", "profile", "demo", "live"),
    *("install", "installcheck", "uninstall", "dist", "clean"),
}
MADE = (".git", ".venv", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis")


def setup_cfg() -> configparser.ConfigParser:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        command,
        cwd=cwd,
        env=inherited | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


def make(tree: Path, *arguments: str) -> str:
    done = run("make", f"PYTHON={sys.executable}", *arguments, cwd=tree)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the project as it is in a fresh clone, with a version that no other copy has."""
    copy = tmp_path / "tree"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*MADE))
    init = copy / "msgcli" / "__init__.py"
    init.write_text(init.read_text().replace(msgcli.__version__, "9.8.7"))
    return copy


def files(top: Path) -> set[str]:
    return {str(path.relative_to(top)) for path in top.rglob("*") if not path.is_dir()}


def test_the_version_is_one_literal() -> None:
    assert setup_cfg()["metadata"]["version"] == "attr: msgcli.__version__"
    body = ast.parse((ROOT / "msgcli" / "__init__.py").read_text()).body[-1]
    assert isinstance(body, ast.Assign)
    assert ast.literal_eval(body.value) == msgcli.__version__


def test_the_changelog_opens_with_this_version() -> None:
    headings = re.findall(r"^## .*$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert re.search(rf"\b{re.escape(msgcli.__version__)}\b", headings[0])


def test_setup_py_says_nothing() -> None:
    lines = (ROOT / "setup.py").read_text().splitlines()
    assert lines == ["from setuptools import setup", "", "setup()"]


def test_the_lowest_python_is_the_same_everywhere() -> None:
    config = setup_cfg()
    classified = re.findall(r"Python :: (3\.\d+)", config["metadata"]["classifiers"])
    lowest = classified[0]
    assert config["options"]["python_requires"] == f">={lowest}"
    assert config["mypy"]["python_version"] == lowest
    assert f'target-version = "py{lowest.replace(".", "")}"' in (ROOT / ".ruff.toml").read_text()
    assert f"sys.version_info < ({lowest.replace('.', ', ')})" in (ROOT / "Makefile").read_text()


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_every_library_that_is_imported_is_declared_and_the_reverse() -> None:
    config = setup_cfg()
    required = config["options"]["install_requires"] + config["options.extras_require"]["schema"]
    declared = {re.split(r"[<>=]", line)[0].removesuffix("-py") for line in required.split()}
    used = {name for path in (ROOT / "msgcli").rglob("*.py") for name in imported(path)}
    used -= sys.stdlib_module_names | {"msgcli"}
    assert used == declared


def test_help_lists_the_targets_and_each_of_them_is_one() -> None:
    listed = {line.split()[0] for line in make(ROOT, "help").splitlines()}
    assert listed == TARGETS
    assert make(ROOT, "-n", *sorted(TARGETS))


def test_an_older_python_is_refused_in_one_line(tree: Path) -> None:
    old = tree / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = run("make", "PYTHON=./old-python", "all", cwd=tree)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        "make: ./old-python is not Python 3.10 or newer; name another one with PYTHON="
    )
    assert not (tree / ".venv").exists()


@pytest.mark.slow
def test_install_puts_each_file_where_it_belongs_and_uninstall_takes_it_away(
    tree: Path, tmp_path: Path
) -> None:
    top = tmp_path / "top"
    where = (f"DESTDIR={top}", "prefix=/usr")
    make(tree, "install", *where)
    modules = {str(path.relative_to(tree)) for path in tree.glob("msgcli/**/*.py")}
    tag = sys.implementation.cache_tag
    compiled = {re.sub(r"([^/]+)\.py$", rf"__pycache__/\1.{tag}.pyc", name) for name in modules}
    expected = {
        "bin/msgcli",
        "share/bash-completion/completions/msgcli",
        "share/fish/vendor_completions.d/msgcli.fish",
        "share/zsh/site-functions/_msgcli",
        "share/msgcli/installed",
        *(f"share/msgcli/{name}" for name in modules | compiled),
        *(f"share/man/man{page.suffix[1:]}/{page.name}" for page in tree.glob("man/*.[1-9]")),
    }
    assert files(top / "usr") == expected
    for name in expected:
        path = top / "usr" / name
        assert path.stat().st_mode & 0o777 == (0o755 if name == "bin/msgcli" else 0o644)
        assert str(tmp_path).encode() not in path.read_bytes(), f"{name} names DESTDIR"

    link = tmp_path / "link"
    link.symlink_to(top / "usr" / "bin" / "msgcli")
    for program in (top / "usr" / "bin" / "msgcli", link):
        done = run(program, "--version", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert "9.8.7" in done.stdout
    make(tree, "installcheck", *where)

    (top / "usr" / "share" / "msgcli" / "msgcli" / "commands" / "gone.py").touch()
    (top / "usr" / "bin" / "other").touch()
    make(tree, "install", *where)
    assert files(top / "usr") == expected | {"bin/other"}
    make(tree, "uninstall", *where)
    assert files(top / "usr") == {"bin/other"}


def test_uninstall_without_an_install_says_so_and_touches_nothing(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "msgcli").touch()
    done = run("make", "uninstall", f"prefix={tmp_path}", cwd=ROOT)
    assert done.returncode == 2
    assert f"no {tmp_path}/share/msgcli/installed" in done.stderr
    assert files(tmp_path) == {"bin/msgcli"}


def commit(tree: Path) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", "all")):
        done = run("git", *command, cwd=tree)
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_dist_makes_the_same_archive_and_wheel_twice(tree: Path) -> None:
    try:
        built_by = tuple(map(int, metadata.version("setuptools").split(".")[:2]))
    except metadata.PackageNotFoundError:
        built_by = (0, 0)
    if built_by < (70, 1):
        pytest.skip("needs setuptools 70.1 or newer beside the tests")
    commit(tree)
    archive, wheel = tree / "dist/msgcli-9.8.7.tar.gz", tree / "dist/msgcli-9.8.7-py3-none-any.whl"
    copies = []
    for _ in range(2):
        make(tree, "-o", ".venv/installed", f"venv={sys.executable}", "dist")
        copies.append((archive.read_bytes(), wheel.read_bytes()))
    assert copies[0] == copies[1]

    with tarfile.open(archive) as opened:
        packed = {member.name for member in opened if not member.isdir()}
    tracked = run("git", "ls-files", cwd=tree).stdout.splitlines()
    assert packed == {f"msgcli-9.8.7/{name}" for name in [*tracked, "PKG-INFO"]}

    with zipfile.ZipFile(wheel) as opened_wheel:
        names = set(opened_wheel.namelist())
        about = opened_wheel.read("msgcli-9.8.7.dist-info/METADATA").decode()
    assert {str(path.relative_to(tree)) for path in tree.glob("msgcli/**/*.py")} <= names
    pages = {f"man/man{page.suffix[1:]}/{page.name}" for page in tree.glob("man/*.[1-9]")}
    assert {f"msgcli-9.8.7.data/data/share/{page}" for page in pages} <= names
    assert "msgcli-9.8.7.dist-info/licenses/LICENSE" in names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]
    assert "\nVersion: 9.8.7\n" in about
    assert (tree / "README.md").read_text().splitlines()[0] in about


@pytest.mark.slow
def test_the_demo_shows_what_it_says() -> None:
    done = run("sh", "tests/demo.sh", cwd=ROOT, PATH=ENV["PATH"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "$ msgcli create -f json setup.py\n" in done.stdout
    assert "$ echo $?\n6\n" in done.stdout


def test_the_demo_fails_when_the_program_does(tmp_path: Path) -> None:
    fake = tmp_path / "msgcli"
    fake.write_text(
        '#!/bin/sh\n[ "$1" != serve ] || exec env ANTHROPIC_BASE_URL=x "$5" "$6" "$7"\n'
    )
    fake.chmod(0o755)
    done = run("sh", "tests/demo.sh", cwd=ROOT, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "demo: wanted a line like" in done.stderr
