"""Fixtures of the importers' tests."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    """Return a function that writes a file under a name without meaning."""

    def write_file(data: bytes) -> Path:
        path = tmp_path / "something.bin"
        path.write_bytes(data)
        return path

    return write_file
