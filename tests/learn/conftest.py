"""A terminal's and a user's settings stay out of these tests."""

from __future__ import annotations

from tests.cli.conftest import _plain_environment as _plain_environment  # noqa: PLC0414 -- a fixture for this folder
