"""What the image must show."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import yaml

from tests.support.hub import running_hub
from tests.support.samples import packets, pcm, transcripts
from tests.support.server import free_port, wait_until_listening, wait_until_ready
from tests.support.speech_client import connected
from tools.documented import DEPLOYMENT, ROOT, curl_commands
from tools.image_test.container import Container, Image, running
from voicechat_common.protocol.speech import Final, Partial
from voicechat_server.asr.models.catalog import PARAFORMER

LARGEST_BYTES = 2_000_000_000
ENDS_WITHIN_S = 10
SAMPLE = "complaint"
CACHE = "/var/cache/voicechat"
DATA = "/var/lib/voicechat"


def check_description(image: Image) -> str:
    """The image says what an engine needs to know, and is small enough."""
    config = image.config
    assert image.uid != 0, "the image runs as root"
    assert list(config["ExposedPorts"]) == ["8000/tcp"], config
    assert set(config["Volumes"]) == {CACHE, DATA}, config
    assert config["StopSignal"] == "SIGTERM", config
    size = image.size_bytes
    assert size < LARGEST_BYTES, f"the image has {size} bytes, more than {LARGEST_BYTES}"
    return f"{size / 1e9:.2f} GB, runs as user {image.uid}"


def check_service(image: Image, client: Image, data: Path) -> str:
    """It starts, gets healthy, answers the documented calls, recognises, and ends in good order."""
    port = free_port()
    with running(image, volumes={data: DATA}, VOICECHAT_PORT=str(port)) as server:
        assert not server.healthy(), "healthy before it was ready"
        wait_until_listening(f"http://127.0.0.1:{port}")
        wait_until_ready(f"http://127.0.0.1:{port}")
        assert server.healthy(), "ready, but the health check fails"
        commands = curl_commands(DEPLOYMENT, f"127.0.0.1:{port}")
        for command in commands:
            subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)  # noqa: S602 - the guide's
        check_replay(client, port)
        asyncio.run(check_end(server, port))
    return f"healthy; {len(commands)} documented calls; a recording recognised; the final came after SIGTERM"


def check_replay(client: Image, port: int) -> None:
    """The smoke test of compose.yaml recognises its recording."""
    smoke = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["smoke"]
    command = [word.replace("server:8000", f"127.0.0.1:{port}") for word in smoke["command"]]
    with running(client, command) as replay:
        status, text = replay.wait(60)
    assert (status, text.strip()) == (0, transcripts()[SAMPLE]), (status, text)


async def check_end(server: Container, port: int) -> None:
    """A stream that is open when the server is stopped still gets its final."""
    async with connected(f"ws://127.0.0.1:{port}") as stream:
        await stream.send(*packets(pcm(SAMPLE), 3200))
        await stream.expect(Partial)
        stopping = asyncio.create_task(asyncio.to_thread(server.stop, ENDS_WITHIN_S))
        final = await stream.expect(Final)
        assert final.text == transcripts()[SAMPLE], final
        assert await stopping == 0, "the server's exit status was not 0"


def check_data_kept(image: Image, data: Path) -> str:
    """Chats outlive the container, in the data volume."""
    port = free_port()
    with running(image, volumes={data: DATA}, VOICECHAT_PORT=str(port)):
        wait_until_listening(f"http://127.0.0.1:{port}")
        chats = httpx.get(f"http://127.0.0.1:{port}/chat/list", params={"id": "alice"}).json()["chat_list"]
    assert len(chats) == 1, chats
    return "the chat of the documented call is still there"


def check_cache(image: Image) -> str:
    """A model that was downloaded into the cache volume is not downloaded again."""
    with running_hub() as hub, volume(image) as cache:
        for start in ("first", "second"):
            port = free_port()
            with running(
                image,
                volumes={cache: CACHE},
                VOICECHAT_PORT=str(port),
                VOICECHAT_MODEL=PARAFORMER.name,
                MODELSCOPE_ENDPOINT=hub.url,
            ):
                wait_until_listening(f"http://127.0.0.1:{port}")
                wait_until_ready(f"http://127.0.0.1:{port}")
            assert bool(hub.requests) == (start == "first"), f"{start} start: {hub.requests}"
            hub.requests.clear()
    return "the second start asked the hub for nothing"


@contextmanager
def volume(image: Image) -> Iterator[Path]:
    """Make a directory that the image's user may write; it is there while the context lasts."""
    with TemporaryDirectory(prefix="voicechat-volume-") as directory:
        os.chown(directory, image.uid, image.uid)
        yield Path(directory)
