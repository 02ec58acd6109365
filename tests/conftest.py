"""What all tests share: one live server with the demo model for the whole session."""

import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import hypothesis
import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG

from tests.support.chat_server import chat_serving
from tests.support.server import LiveServer, demo_settings, serving
from voicechat_common.errors import VoicechatError
from voicechat_server import logs
from voicechat_server.asr.models.hardware import refuse_absent_device
from voicechat_tui import language

_scratch = TemporaryDirectory(prefix="voicechat-tests-")
"""Holds the chats of servers whose tests do not care where they are kept."""


def pytest_configure() -> None:
    """Set up what holds for the whole run: nothing of its user's settings, chats and language, no logs."""
    # A shell lets what runs in its background ignore Ctrl-C, and programs under test would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Threads that step one batch shall not spin while they wait for one whose core another test has.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    logs.configure("warning", io.StringIO())
    # A busy machine must not fail a property, and a run of CI must not differ from the one before it.
    hypothesis.settings.register_profile("voicechat", deadline=None, derandomize="CI" in os.environ)
    hypothesis.settings.load_profile("voicechat")
    # httpx waits five seconds, less than a busy machine may need; a test that hangs has a timeout of its own.
    for patience in ("connect", "read", "write", "pool"):
        setattr(DEFAULT_TIMEOUT_CONFIG, patience, None)
    for name in [name for name in os.environ if name.upper().startswith("VOICECHAT_")]:
        del os.environ[name]
    scratch = Path(_scratch.name)
    os.environ["VOICECHAT_DATABASE"] = str(scratch / "chats.db")
    os.environ["VOICECHAT_TUI_CONFIG"] = str(scratch / "tui.toml")
    os.environ["VOICECHAT_TUI_LOG"] = str(scratch / "tui.log")
    os.environ["VOICECHAT_TUI_DATA"] = str(scratch / "tui")
    os.environ["LC_ALL"] = "C.UTF-8"


@pytest.fixture(autouse=True)
def _language_of_the_locale() -> Iterator[None]:
    """Undo a test's choice of the language."""
    yield
    language.use(None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that need a CUDA device where there is none, and say so."""
    on_gpu = [item for item in items if item.get_closest_marker("gpu")]
    if not on_gpu:
        return
    try:
        refuse_absent_device("cuda:0")
    except VoicechatError as error:
        config.hook.pytest_deselected(items=on_gpu)
        items[:] = [item for item in items if item not in on_gpu]
        print(f"{len(on_gpu)} tests marked gpu left out. {error}")  # noqa: T201 - the report has no place for it


@pytest.fixture(scope="session")
def live_server() -> Iterator[LiveServer]:
    """A real server with the demo model, ready, on a free port."""
    with serving(demo_settings()) as server:
        yield server


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A file for the chats of one test, which is not there yet."""
    return tmp_path / "chats.db"


@pytest.fixture(scope="module")
def chat_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A real server with chats of its own, and without a recogniser."""
    with chat_serving(tmp_path_factory.mktemp("chats") / "chats.db") as server:
        yield server


@pytest.fixture
def chat_id() -> str:
    """The name of a chat that nobody else uses."""
    return f"chat-{uuid4().hex}"
