"""The entry point: ^C is made harmless before anything else is imported."""

from __future__ import annotations

import gc
import signal
from typing import NoReturn

# Start-up makes many objects and no garbage.
gc.set_threshold(100_000)

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def main() -> NoReturn:
    from msgcli import cli

    cli.main()


if __name__ == "__main__":
    main()
