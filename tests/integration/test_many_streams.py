"""A thousand streams one after another, every tenth cut off without goodbye: nothing of them stays."""

from collections.abc import Iterator

import psutil
import pytest

from tests.support.samples import pcm
from tests.support.server import LiveServer, demo_settings, no_streams, serving
from tests.support.speech_client import connected
from voicechat_common.protocol.speech import Done, Ready, Start, Stop

pytestmark = pytest.mark.usefixtures("unmeasured")

STREAMS = 1000
FIRST = 100
SPEECH = pcm("complaint")[:32_000]


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with serving(demo_settings(resume_grace_s=0.05, max_streams=50)) as live:
        yield live


async def speak(server: LiveServer, *, is_cut: bool) -> None:
    async with connected(server.ws) as client:
        await client.send(Start(), SPEECH)
        await client.expect(Ready)
        if is_cut:
            client.socket.transport.abort()
        else:
            await client.send(Stop())
            await client.expect(Done)


@pytest.mark.timeout(600)
async def test_resident_memory_stays_where_it_was_after_the_first_hundred(server: LiveServer) -> None:
    process = psutil.Process()
    resident = 0
    for number in range(1, STREAMS + 1):
        await speak(server, is_cut=number % 10 == 0)
        if number == FIRST:
            await no_streams(server)
            resident = process.memory_info().rss
    await no_streams(server)
    assert process.memory_info().rss < resident * 1.05
