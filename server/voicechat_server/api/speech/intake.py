"""What a speech client may send, in which order, and what each frame does to its stream."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

from pydantic_core import from_json

from voicechat_common.audio import milliseconds
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import (
    ClientMessage,
    Flush,
    Ping,
    Pong,
    Start,
    Stop,
    StreamOrigin,
    client_decoder,
)
from voicechat_server.api.actions import SPEECH_MESSAGES
from voicechat_server.api.callers import Caller
from voicechat_server.api.sockets.client_socket import MAX_TEXT_CHARACTERS
from voicechat_server.api.speech.pcm_check import MessageCheck, PcmCheck, message_in_binary
from voicechat_server.api.speech.restoring import checkpoint_of, is_restorable
from voicechat_server.asr.engine import Engine
from voicechat_server.asr.streams.handle import StreamHandle
from voicechat_server.asr.streams.stream import Checkpoint
from voicechat_server.chat.failures import speech_needs_a_user
from voicechat_server.chat.service import ChatService
from voicechat_server.identity.access import Action


class Intake:
    """Handles one client's frames in order.

    Args:
        engine: Opens the stream.
        chat: Takes the speech that belongs to a chat.
        max_frame_bytes: The largest binary frame taken.
        on_open: Called once with the stream, before anything is done to it.
        source: Where the client connects from.
        caller: Who the client is.
    """

    def __init__(
        self,
        engine: Engine,
        chat: ChatService,
        max_frame_bytes: int,
        on_open: Callable[[StreamHandle], Awaitable[None]],
        source: str,
        caller: Caller,
    ) -> None:
        self.stream: StreamHandle | None = None
        self.stopped = False
        self.received_bytes = 0
        self.chat_id: str | None = None
        self._engine = engine
        self._chat = chat
        self._max_frame_bytes = max_frame_bytes
        self._on_open = on_open
        self._source = caller.source(source)
        self._caller = caller
        self._pcm_check: PcmCheck | None = PcmCheck()
        self._message_check = MessageCheck()
        self._message_reported = False
        self._form_unknown = False
        self._refusal_reported = False

    async def take_text(self, text: str) -> Pong | None:
        """Handle a text frame; return the answer, if it is for the sender of the frame alone.

        Raises:
            VoicechatError: The frame can't be handled; nothing has changed.
        """
        if len(text) > MAX_TEXT_CHARACTERS:
            raise _too_large("text", len(text), MAX_TEXT_CHARACTERS, "characters")
        message = self._decode(text)
        self._caller.check(SPEECH_MESSAGES[type(message)])
        match message:
            case Ping(id=id_):
                return Pong(id=id_)
            case Start() as start:
                await self._start(start)
            case Flush():
                await self._running("flush").flush()
            case Stop():
                await self.stop()
        return None

    async def take_audio(self, data: bytes) -> None:
        """Pass a binary frame to the stream, opening one with the defaults if there is none.

        Raises:
            VoicechatError: The frame can't be taken.
        """
        if len(data) > self._max_frame_bytes:
            raise _too_large("binary", len(data), self._max_frame_bytes, "bytes")
        if self._message_check.is_message(data):
            self._refuse_message()
            return
        if self._form_unknown:
            self._refuse_audio()
            return
        if not data:
            return
        stream = self._running("audio") if self.stream is not None else await self._open(Start())
        if self._pcm_check is not None:
            self._pcm_check.look(data)
        self.received_bytes += len(data)
        await stream.send_audio(data)

    async def expect_audio(self) -> None:
        """Open a stream for audio that is about to come, if there is none and one may be opened.

        Raises:
            VoicechatError: No stream can be opened.
        """
        if self.stream is None and not self._form_unknown:
            await self._open(Start())

    async def stop(self) -> None:
        """End the stream; one with the defaults if none is open, so that `done` follows every `stop`.

        Raises:
            VoicechatError: No stream can be opened, or it has been stopped before.
        """
        stream = self._running("stop") if self.stream is not None else await self._open(Start())
        self.stopped = True
        await stream.stop()

    async def _start(self, start: Start) -> None:
        if self.stream is not None:
            raise VoicechatError(
                ErrorCode.BAD_ORDER,
                "`start` came after the stream was open; it goes on as it was opened.",
                "Send `start` before the first audio, or open another connection.",
            )
        self._form_unknown = True
        await self._open(start)
        self._form_unknown = self._refusal_reported = False

    async def _open(self, start: Start) -> StreamHandle:
        self._caller.name(start.user)
        # Named before any check, so that whoever may no longer see the chat meanwhile is dismissed.
        self.chat_id = start.chat_id
        stream = await (self._open_new(start) if start.stream_id is None else self._resume(start))
        if stream.ready.origin is not StreamOrigin.NEW:
            # Audio that resumes in the middle of a stream has no start to check.
            self._pcm_check = None
        self.stream = stream
        await self._on_open(stream)
        return stream

    async def _open_new(self, start: Start) -> StreamHandle:
        if start.chat_id is None:
            self._caller.check(Action.TRANSCRIBE)
            return self._engine.open_stream(start, source=self._source, owner=self._caller.subject)
        await self._caller.check_in(start.chat_id, Action.SPEAK)
        return await self._open_in_chat(start, start.chat_id, Checkpoint(uuid4().hex))

    async def _resume(self, start: Start) -> StreamHandle:
        """Resume the stream for its client; if a server lost it, from what its chat has stored."""
        self._caller.check(Action.RESUME)
        stream_id, chat_id = start.stream_id or "", start.chat_id
        owner = self._engine.owner_of(stream_id)
        if owner == self._caller.subject and (held_in := self._chat.spoken_into(stream_id)) is not None:
            self.chat_id = held_in
            await self._caller.check_in(held_in, Action.SPEAK)
        if chat_id is None or owner is not None or not is_restorable(start):
            return self._engine.resume_stream(start, self._caller.subject)
        await self._caller.check_in(chat_id, Action.SPEAK)
        stored = await self._chat.speech_of(stream_id, chat_id, self._user(start), start.finals_received)
        return await self._open_in_chat(start, chat_id, checkpoint_of(start, stored))

    async def _open_in_chat(self, start: Start, chat_id: str, begin: Checkpoint) -> StreamHandle:
        begin_ms = milliseconds(begin.samples, start.sample_rate)
        feed = await self._chat.open_speech(
            chat_id, self._user(start), begin.stream_id, begin_ms, self._source
        )
        try:
            # Another connection of the client may have resumed it meanwhile.
            if self._engine.owner_of(begin.stream_id) is not None:
                feed.close()
                return self._engine.resume_stream(start, self._caller.subject)
            stream = self._engine.open_stream(start, feed, begin, self._source, self._caller.subject)
        except VoicechatError:
            feed.close()
            raise
        feed.notify_speaker = stream.warn
        return stream

    def _user(self, start: Start) -> str:
        user = self._caller.name(start.user)
        if user is None:
            raise speech_needs_a_user()
        return user

    def _running(self, what: str) -> StreamHandle:
        if self.stream is None:
            raise VoicechatError(
                ErrorCode.BAD_ORDER, f"There is no stream to {what} yet.", "Send `start` or audio first."
            )
        if self.stopped:
            raise VoicechatError(
                ErrorCode.BAD_ORDER,
                f"{what.capitalize()} came after `stop`, and is ignored.",
                "Wait for `done`, then open another connection.",
            )
        return self.stream

    def _decode(self, text: str) -> ClientMessage:
        try:
            return client_decoder.decode(text)
        except VoicechatError as error:
            # An unusable message may have been a `start` that describes the audio after it.
            is_other = error.code is ErrorCode.BAD_FIELD and from_json(text)["type"] != "start"
            self._form_unknown = self._form_unknown or (self.stream is None and not is_other)
            raise

    def _refuse_message(self) -> None:
        """Report once that messages belong in text frames; a client that gets one wrong gets all wrong."""
        self._form_unknown = self._form_unknown or self.stream is None
        if self._message_reported:
            return
        self._message_reported = True
        raise message_in_binary()

    def _refuse_audio(self) -> None:
        """Report once that audio of unknown form is ignored; that suffices for a client that sends ahead."""
        if self._refusal_reported:
            return
        self._refusal_reported = True
        raise VoicechatError(
            ErrorCode.BAD_ORDER,
            "Audio came after a message that was refused, and is ignored until a `start` is accepted.",
            "Send a correct `start`, then the audio.",
        )


def _too_large(kind: str, size: int, limit: int, unit: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.FRAME_TOO_LARGE,
        f"A {kind} frame of {size} {unit} came; the most is {limit}.",
        "Send audio in smaller binary frames, such as 100 ms each; any length within the limit is taken.",
    )
