"""What the tests of the app share: pytest collects garbage after each of them, which shall be quick."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module", autouse=True)
def _quick_to_collect() -> Iterator[None]:
    """What the whole suite has imported need not be looked at again and again."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _files_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CONFIG", "DATA", "LOG"):
        monkeypatch.setenv(f"VOICECHAT_TUI_{name}", str(tmp_path / name.lower()))


@pytest.fixture
async def garbage_server() -> AsyncIterator[str]:
    """A server that answers everything with words of its own."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.example ESMTP ready\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
