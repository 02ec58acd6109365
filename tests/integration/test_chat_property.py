"""Whatever people do in a chat, in any order: everybody's view ends equal to the store."""

import asyncio
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.support.samples import pcm
from tests.support.server import LiveServer
from tests.support.speech_client import recognise
from tests.support.waiting import WITHIN_S
from voicechat_common.protocol.chat import MessageKind
from voicechat_common.protocol.speech import Final, Start
from voicechat_tui.client.chat.client import ChatClient
from voicechat_tui.client.chat.events import Acked, Connected, MessageStored, Refused
from voicechat_tui.client.chat.policy import ChatPolicy
from voicechat_tui.client.chat.timeline import ChatTimeline, EntryState
from voicechat_tui.client.http import HttpClient

PEOPLE = ("alice", "bob", "carol")
QUICK = ChatPolicy(check_s=0.02, first_delay_s=0.01, longest_delay_s=0.05)
SAMPLE = "network"
MOST_SPEECHES = 2
"""In one chat: recognition is what takes the time."""

Said = list[tuple[int, str, str]]


class View:
    """One connection of a person and what it has been told."""

    def __init__(self, server: LiveServer, chat_id: str, user: str) -> None:
        self.client = ChatClient(server.http, chat_id, user, policy=QUICK)
        self.timeline = ChatTimeline()
        self.said: Said = []
        self.acked: set[str] = set()
        self.connected = asyncio.Event()
        self._changed = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self.client.__aenter__()
        self._listening = asyncio.create_task(self._listen())

    async def close(self) -> None:
        await self.client.aclose()
        assert self._listening is not None
        await self._listening

    async def until(self, messages: int) -> None:
        """Wait until it has so many messages and nothing of its own is open."""
        while len(self.said) < messages or self.client.unsent:
            self._changed.clear()
            await self._changed.wait()

    async def _listen(self) -> None:
        async for event in self.client.events():
            assert not isinstance(event, Refused)
            self.timeline.apply(event)
            if isinstance(event, Connected):
                self.connected.set()
            elif isinstance(event, MessageStored):
                self.said.append((event.seq, event.message.speaker, event.message.content))
            elif isinstance(event, Acked):
                self.acked.add(event.client_message_id)
            self._changed.set()


class Chat(RuleBasedStateMachine):
    """People who come, go, write, speak and lose their connections.

    Attributes:
        server: Where; for a subclass to say.
    """

    server: LiveServer

    def __init__(self) -> None:
        super().__init__()
        self._chat_id = f"chat-{uuid4().hex}"
        self._runner = asyncio.Runner()
        self._views: dict[str, View] = {}
        self._texts: dict[str, str] = {}
        self._acked: set[str] = set()
        self._speeches: list[asyncio.Task[list[str]]] = []

    @rule(user=st.sampled_from(PEOPLE))
    def join(self, user: str) -> None:
        if user not in self._views:
            view = self._views[user] = View(self.server, self._chat_id, user)
            self._runner.run(view.open())

    @rule(user=st.sampled_from(PEOPLE))
    def leave(self, user: str) -> None:
        if view := self._views.pop(user, None):
            self._runner.run(view.close())
            for name in view.client.unsent:
                self._texts.pop(name)
            self._acked |= view.acked

    @precondition(lambda self: self._views)
    @rule(data=st.data(), times=st.integers(1, 5))
    def write(self, data: st.DataObject, times: int) -> None:
        user = data.draw(st.sampled_from(sorted(self._views)))
        for _ in range(times):
            text = f"{user} {len(self._texts)} {uuid4().hex}"
            self._texts[self._views[user].client.send(text)] = text

    @precondition(lambda self: self._views)
    @rule(data=st.data())
    def lose_the_connection(self, data: st.DataObject) -> None:
        self._views[data.draw(st.sampled_from(sorted(self._views)))].client._link.cut()

    @precondition(lambda self: len(self._speeches) < MOST_SPEECHES)
    @rule(user=st.sampled_from(PEOPLE))
    def speak(self, user: str) -> None:
        async def begin() -> None:
            self._speeches.append(asyncio.create_task(self._speak(user)))

        self._runner.run(begin())

    @rule(milliseconds=st.sampled_from([0, 1, 5, 30]))
    def go_on(self, milliseconds: int) -> None:
        self._runner.run(asyncio.sleep(milliseconds / 1000))

    async def _speak(self, user: str) -> list[str]:
        start = Start(chat_id=self._chat_id, user=user)
        told = await recognise(self.server.ws, start, pcm(SAMPLE))
        return [message.text for message in told if isinstance(message, Final) and message.text]

    def teardown(self) -> None:
        try:
            self._runner.run(self._settle())
        finally:
            self._runner.close()

    async def _settle(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            spoken = [text for texts in await asyncio.gather(*self._speeches) for text in texts]
            witness = View(self.server, self._chat_id, "witness")
            await witness.open()
            await witness.connected.wait()
            for view in self._views.values():
                await view.until(0)
            async with HttpClient(self.server.http) as http:
                stored = [message async for message in http.history(self._chat_id)]
            said = [(message.seq, message.speaker, message.content) for message in stored]
            for view in (witness, *self._views.values()):
                await view.until(len(said))
                await view.close()
        assert [seq for seq, _, _ in said] == list(range(1, len(said) + 1))
        by_kind = {kind: [each.content for each in stored if each.kind is kind] for kind in MessageKind}
        assert sorted(by_kind[MessageKind.SPEECH]) == sorted(spoken)
        assert len(set(by_kind[MessageKind.TEXT])) == len(by_kind[MessageKind.TEXT]), "nothing twice"
        assert set(by_kind[MessageKind.TEXT]) >= set(self._texts.values()), "nothing is lost"
        assert self._acked <= {message.client_message_id for message in stored}
        for view in (witness, *self._views.values()):
            assert view.said == said
            entries = [entry for entry in view.timeline.entries if entry.state is EntryState.STORED]
            assert [(entry.seq, entry.speaker, entry.content) for entry in entries] == said
            assert view.timeline.entries == entries, "nothing is left of what was spoken or waited"


def test_every_view_ends_equal_to_the_store(live_server: LiveServer) -> None:
    class ChatOnServer(Chat):
        server = live_server

    run_state_machine_as_test(
        ChatOnServer,
        settings=settings(max_examples=10, stateful_step_count=20, suppress_health_check=list(HealthCheck)),
    )
