"""Where logs go: loguru alone, without texts, names or tokens; the standard library's are routed into it."""

import inspect
import logging
import sys
import traceback
from pathlib import Path

from loguru import logger


class _Intercept(logging.Handler):
    """Hands records of the standard library to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on; SDK chatter below WARNING may quote messages and stays out."""
        if record.levelno < logging.WARNING:
            return
        frame, depth = inspect.currentframe(), 0
        while frame is not None and (depth == 0 or frame.f_code.co_filename == logging.__file__):
            frame, depth = frame.f_back, depth + 1
        message = record.getMessage() if record.name.startswith(("bot", "plugins")) else _where(record)
        logger.opt(depth=depth).log(record.levelname, "{}", message)


def _where(record: logging.LogRecord) -> str:
    # A library's own words may hold a text or a token: its name and place are enough to look it up.
    return f"{record.name} ({record.funcName}:{record.lineno})"


def failure(error: BaseException) -> str:
    """Return what failed and where; never the error's own words, which may quote a message."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(
        f"{Path(frame.filename).stem}.{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:])
    )
    return f"{type(error).__name__} ({places})"


def setup(level: str, folder: Path | None = None) -> None:
    """Log to standard error and, where a folder is given, to `jianfu.log` in it, kept for 30 days."""
    logger.remove()
    line = "{time:YYYY-MM-DD HH:mm:ss} {level:<7} {message}"
    # Neither backtraces with values nor variable dumps: they would hold texts.
    logger.add(sys.stderr, level=level, format=line, backtrace=False, diagnose=False)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        logger.add(
            folder / "jianfu.log",
            level=level,
            format=line,
            rotation="20 MB",
            retention="30 days",
            backtrace=False,
            diagnose=False,
            encoding="utf-8",
        )
    logging.basicConfig(handlers=[_Intercept()], level=logging.WARNING, force=True)
