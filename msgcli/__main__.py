"""The entry point: ^C is made harmless before anything else is imported."""

# The built-in module below `signal`, which itself takes milliseconds to import.
import _signal  # type: ignore[import-not-found]

if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

import gc

# Start-up makes many objects and no garbage.
gc.set_threshold(100_000)


def main() -> None:
    """Run the command line, and end the process."""
    from msgcli import cli

    cli.main()


if __name__ == "__main__":
    main()
