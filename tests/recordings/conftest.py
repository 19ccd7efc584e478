"""The knowledge, loaded once for all recordings."""

from __future__ import annotations

import pytest

from rules.knowledge import Knowledge, load


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load()
