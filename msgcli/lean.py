"""requests without its detection of character sets: a tenth of the time that a call takes to start.

What has no detector installed is a case that requests provides for, and nothing here asks it to
guess. A release of it that cannot do without one is imported as it is.
"""

from __future__ import annotations

import sys
import warnings

_DETECTORS = ("chardet", "charset_normalizer")


def _without_detectors() -> None:
    loaded = set(sys.modules)
    absent = [name for name in _DETECTORS if name not in loaded]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None is: not installed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import requests  # noqa: F401
    except Exception:  # whatever a later release says to it
        for name in sys.modules.keys() - loaded:
            del sys.modules[name]
    finally:
        for name in absent:
            sys.modules.pop(name, None)


_without_detectors()

import requests as requests  # noqa: E402
