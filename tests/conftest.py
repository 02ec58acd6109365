"""What all tests share: one live server with the demo model for the whole session."""

import gc
import io
import os
import random
import signal
import sys
import threading
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
from voicechat_server.asr.models.loading.devices import refuse_absent_device
from voicechat_server.logs.setup import configure_logging
from voicechat_tui import language

MOST_BYTES_OF_A_NAME = 20

_scratch = TemporaryDirectory(prefix="voicechat-tests-")
"""Holds the chats of servers whose tests do not care where they are kept."""


def pytest_configure() -> None:
    """Set up what holds for the whole run: nothing of its user's settings, chats and language, no logs."""
    # A shell lets what runs in its background ignore Ctrl-C, and programs under test would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Threads that step one batch shall not spin while they wait for one whose core another test has.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    configure_logging("warning", io.StringIO())
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
    os.environ["VOICECHAT_KEY_FILE"] = str(scratch / "keys.json")
    os.environ["VOICECHAT_TUI_CONFIG"] = str(scratch / "tui.toml")
    os.environ["VOICECHAT_TUI_LOG"] = str(scratch / "tui.log")
    os.environ["VOICECHAT_TUI_DATA"] = str(scratch / "tui")
    # Nor shall a login of a test get into the keyring of whoever runs it.
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    os.environ["LC_ALL"] = "C.UTF-8"
    # Nor shall the terminal in which the tests are run say what the programs under test may draw.
    os.environ["TERM"] = "xterm-256color"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer what finds tests that leave something behind, or lean on what others left."""
    group = parser.getgroup("voicechat")
    group.addoption(
        "--collect-garbage",
        action="store_true",
        help="Collect garbage after each test, so that what was not closed fails the test that opened it.",
    )
    group.addoption("--shuffle", type=int, metavar="SEED", help="Run the tests in an order of chance.")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name data by its argument: encoders put chance into it, and all workers need the same names."""
    return argname if isinstance(val, bytes) and len(val) > MOST_BYTES_OF_A_NAME else None


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Collect garbage when everything that the test had is gone."""
    if item.config.getoption("--collect-garbage"):
        gc.collect()


@pytest.fixture(autouse=True)
def _language_of_the_locale() -> Iterator[None]:
    """Undo a test's choice of the language."""
    yield
    language.use(None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the tests; leave out those that need a CUDA device where there is none, and say so."""
    if (seed := config.getoption("--shuffle")) is not None:
        random.Random(seed).shuffle(items)
    on_gpu = [item for item in items if item.get_closest_marker("gpu")]
    if not on_gpu:
        return
    try:
        refuse_absent_device("cuda:0")
    except VoicechatError as error:
        config.hook.pytest_deselected(items=on_gpu)
        items[:] = [item for item in items if item not in on_gpu]
        print(f"{len(on_gpu)} tests marked gpu left out. {error}")  # noqa: T201 - the report has no place for it


@pytest.fixture(scope="module")
def client_unmeasured() -> Iterator[None]:
    """Trace no line of the test's own thread, where its measured code runs in the threads of a server.

    Coverage is measured of `common/` and `server/`, and makes whatever Python runs in a traced thread take
    twice as long.
    """
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)


@pytest.fixture(scope="module")
def unmeasured(client_unmeasured: None) -> Iterator[None]:
    """Trace nothing, nor in threads that begin, where other tests run the same lines."""
    tracer = threading.gettrace()
    threading.settrace(None)
    yield
    threading.settrace(tracer)


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
