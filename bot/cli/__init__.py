"""The program `jianfu`: its commands, and how errors are told."""

import sys

from bot.errors import JianfuError


def main() -> None:
    """Run the program; errors raised on purpose are one message and exit code 2, never a traceback."""
    from bot.cli.commands import app  # noqa: PLC0415 (a broken installation is told as an error too)

    try:
        app(standalone_mode=True)
    except JianfuError as error:
        print(f"错误：{error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
