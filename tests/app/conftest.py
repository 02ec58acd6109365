"""What the tests of the app share: pytest collects garbage after each of them, which shall be quick."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.other_server import answering
from voicechat_tui.ui.base_app import BaseApp


@pytest.fixture(scope="module", autouse=True)
def _quick_to_collect() -> Iterator[None]:
    """What the whole suite has imported need not be looked at again and again."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="module", autouse=True)
def _the_app_unmeasured(unmeasured: None) -> None:
    """Nothing that is measured runs in the app."""


@pytest.fixture(autouse=True)
def _files_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CONFIG", "DATA", "LOG"):
        monkeypatch.setenv(f"VOICECHAT_TUI_{name}", str(tmp_path / name.lower()))


@pytest.fixture(autouse=True)
def _toasts_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer to look at a toast than a person does."""
    monkeypatch.setattr(BaseApp, "NOTIFICATION_TIMEOUT", 1_000_000)


@pytest.fixture
def garbage_server() -> Iterator[str]:
    """A server that answers everything with words of its own."""
    with answering(b"220 mail.example ESMTP ready\r\n") as address:
        yield f"ws://{address}"
