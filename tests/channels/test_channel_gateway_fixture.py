"""The gateway of the tests may be skipped on a developer's machine, never in CI."""

import pytest

from tests import gateway_fixtures


def test_missing_programs_fail_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "1")
    with pytest.raises(pytest.fail.Exception, match="must not be skipped"):
        gateway_fixtures._unavailable("node is not installed")


def test_missing_programs_skip_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="node"):
        gateway_fixtures._unavailable("node is not installed")
