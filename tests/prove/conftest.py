"""A terminal's and a user's settings stay out of these tests."""

from __future__ import annotations

import pytest

from tests.cli.support import VARIABLES


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
