"""What all tests share: one live server with the demo model for the whole session."""

import io
import os
from collections.abc import Iterator

import pytest

from tests.support.server import LiveServer, demo_settings, serving
from voicechat_server import logs


def pytest_configure() -> None:
    """Keep the settings of the person who runs the tests out of them, and the logs to pytest's report."""
    logs.configure("warning", io.StringIO())
    for name in [name for name in os.environ if name.upper().startswith("VOICECHAT_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def live_server() -> Iterator[LiveServer]:
    """A real server with the demo model, ready, on a free port."""
    with serving(demo_settings()) as server:
        yield server
