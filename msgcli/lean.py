"""requests without what a call does not need: a seventh of the time that it takes to start.

The detection of character sets is left out: to have no detector is a case that requests provides
for, and nothing here asks it to guess. The versions of installed packages are looked up when
somebody asks, which urllib3 does for HTTP/2 alone. A release of either that cannot do with this is
imported as it is.
"""

from __future__ import annotations

import importlib
import sys
import types
import warnings
from typing import Any

_DETECTORS = ("chardet", "charset_normalizer")
_VERSIONS = "importlib.metadata"


class _Versions(types.ModuleType):
    """Stands for the module of the same name, whose `version` imports it once it is called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked by the import itself
            raise AttributeError(name)
        if name != "version":
            return getattr(_imported(), name)
        return lambda package: _imported().version(package)


def _imported() -> Any:
    if isinstance(sys.modules.get(_VERSIONS), _Versions):
        del sys.modules[_VERSIONS]
    return importlib.import_module(_VERSIONS)


def _without_them() -> None:
    loaded = set(sys.modules)
    absent: dict[str, Any] = dict.fromkeys(_DETECTORS)  # None is: not installed
    absent[_VERSIONS] = _Versions(_VERSIONS)
    absent = {name: module for name, module in absent.items() if name not in loaded}
    sys.modules.update(absent)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import requests  # noqa: F401
    except Exception:  # whatever a later release says to it
        for name in sys.modules.keys() - loaded:
            del sys.modules[name]
    finally:
        for name, module in absent.items():
            if sys.modules.get(name, module) is module:
                sys.modules.pop(name, None)


_without_them()

import requests as requests  # noqa: E402
import urllib3 as urllib3  # noqa: E402
