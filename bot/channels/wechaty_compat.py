"""What lets `import wechaty` 0.10.7 work with today's libraries, quietly and inside the data directory.

The stand-ins (design section 8): `pyee.AsyncIOEventEmitter`, moved in pyee 12; `urllib3.get_host`, gone in
urllib3 2; a hash for `PuppetOptions`, a mutable dataclass used as a default (refused since Python 3.11).
`telnetlib`, gone in Python 3.13, comes from the package standard-telnetlib.
"""

import logging
import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pyee
import urllib3
from loguru import logger
from pyee.asyncio import AsyncIOEventEmitter
from urllib3.util import parse_url

_PACKAGES = ("wechaty", "wechaty_puppet", "wechaty_puppet_service")
# These log headers, and with them the token, at DEBUG.
_TRANSPORT_LOGGERS = ("grpclib", "hpack", "h2", "urllib3", "requests", "quart", "hypercorn", "github")


class WithheldHandler(logging.Handler):
    """Passes on that something was logged, and where, but not its words: those quote messages and tokens."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log name, level and place of a record."""
        failure = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        logger.log(
            record.levelname if record.levelname in {"WARNING", "ERROR", "CRITICAL"} else "WARNING",
            "{} {}:{} {}（内容不记录）",
            record.name,
            record.module,
            record.lineno,
            f"{failure} " if failure else "",
        )


_withheld = WithheldHandler(logging.WARNING)


def quiet_logger(name: str | None = None, file: str | None = None) -> logging.Logger:  # noqa: ARG001
    """Stand in for the SDK's `get_logger`, which adds a handler on stderr at INFO."""
    return _silence(logging.getLogger(name or "wechaty"))


def prepare(data_dir: Path) -> None:
    """Set what the environment and the libraries need before any part of the SDK is imported."""
    os.environ["CACHE_DIR"] = str(data_dir / "wechaty")
    os.environ.pop("WECHATY_LOG_FILE", None)
    _stand_in(pyee, "AsyncIOEventEmitter", AsyncIOEventEmitter)
    _stand_in(urllib3, "get_host", _get_host)
    for name in _TRANSPORT_LOGGERS:
        _silence(logging.getLogger(name))


def import_wechaty(data_dir: Path) -> ModuleType:
    """Import the whole SDK and return it, with its own log handlers taken out."""
    prepare(data_dir)
    base = import_module("wechaty_puppet")
    base.PuppetOptions.__hash__ = object.__hash__
    log_module = import_module("wechaty_puppet.logger")
    for module in (base, log_module):
        module.get_logger = quiet_logger  # type: ignore[attr-defined]  # the SDK's, by its name
    sdk = import_module("wechaty")
    _silence_all()
    return sdk


def _silence_all() -> None:
    """Take the handlers off every logger that a module of the SDK holds."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in _PACKAGES:
            for value in vars(module).values():
                if isinstance(value, logging.Logger):
                    _silence(value)
    for name in _TRANSPORT_LOGGERS:
        _silence(logging.getLogger(name))


def _silence(target: logging.Logger) -> logging.Logger:
    for handler in target.handlers:
        if handler is not _withheld:
            handler.close()
    target.handlers = [_withheld]
    target.setLevel(logging.WARNING)
    target.propagate = False
    return target


def _stand_in(module: ModuleType, name: str, value: Any) -> None:
    if not hasattr(module, name):
        setattr(module, name, value)


def _get_host(url: str) -> tuple[str, str | None, int | None]:
    parsed = parse_url(url)
    return parsed.scheme or "http", parsed.hostname, parsed.port
