"""Joins speech and chat: the events of one stream become messages of one chat.

Each segment is one message. Its partials are shown to everybody connected, and its final is stored, even if
the speaker's connection died halfway: a stream runs to its last final without its speaker.

The message_id is derived from the stream and the number of the segment, so that a stream that resumes after
its server was killed finds what is stored of it, and stores nothing twice.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.chat import MessageKind, NewMessage
from voicechat_common.protocol.speech import Done, Error, Final, Partial, SegmentEvent
from voicechat_server.chat.live.finals import FinalsQueue, Submit
from voicechat_server.chat.live.room import Room
from voicechat_server.chat.records import Post, Speech

NotifySpeaker = Callable[[Error], None]

_MESSAGES = UUID("0b1f2d0e-6a0c-4f3e-9d57-3f1c5f4f7a11")


@dataclass(frozen=True)
class _Open:
    """A segment that has no final yet.

    Attributes:
        message_id: The message it becomes.
        at: When its first text arrived.
        newest: Its latest event.
    """

    message_id: str
    at: datetime
    newest: SegmentEvent


def message_id_of(stream_id: str, segment: int) -> str:
    """Return the id of the message that a segment becomes; it doesn't reveal the id of the stream."""
    return uuid5(_MESSAGES, f"{stream_id}/{segment}").hex


class SpeechFeed:
    """Feeds one stream of speech into its chat. Called with every event of the stream, on the event loop.

    Args:
        chat_id: Which chat.
        user: Who is speaking.
        stream_id: The stream's identifier.
        begin_ms: Position in the stream at which the coming audio starts.
        room: Where partials are shown.
        submit: Takes finals to store.
        on_close: Called once, when the stream is over and everything is stored or refused.

    Attributes:
        chat_id: Which chat.
        stream_id: The stream's identifier.
        finals: What is waiting to be stored.
        notify_speaker: Takes errors for the speaker; set once the stream is open.
    """

    def __init__(
        self,
        chat_id: str,
        user: str,
        stream_id: str,
        begin_ms: int,
        room: Room,
        submit: Submit,
        on_close: Callable[[], None],
    ) -> None:
        self.chat_id = chat_id
        self._user = user
        self.stream_id = stream_id
        self._room = room
        self.finals = FinalsQueue(submit, self._refused, self._close_if_settled)
        self.notify_speaker: NotifySpeaker | None = None
        self._on_close = on_close
        self._began = datetime.now(UTC) - timedelta(milliseconds=begin_ms)
        self._open: dict[int, _Open] = {}
        self._is_over = False
        self._is_warned = False

    def __call__(self, event: object) -> "asyncio.Future[int | None] | None":
        """Handle an event of the stream. Never waits and never raises.

        Returns:
            For a final with text: its seq in the chat once it is stored, or None once it is refused.
        """
        match event:
            case Partial():
                self._show(event)
            case Final():
                return self._store(event)
            case Done():
                self.close()
            case Error(fatal=True):
                # Nothing more will come than what was shown so far.
                for segment in list(self._open):
                    self._store(self._open[segment].newest)
                self.close()
        return None

    def close(self) -> None:
        """Note that the stream is over; has no effect the second time."""
        if not self._is_over:
            self._is_over = True
            self._close_if_settled()

    def _show(self, partial: Partial) -> None:
        known = self._open.get(partial.segment)
        segment = self._begun(partial) if known is None else replace(known, newest=partial)
        self._open[partial.segment] = segment
        self._room.show(
            NewMessage(
                message_id=segment.message_id,
                seq=None,
                speaker=self._user,
                kind=MessageKind.SPEECH,
                content=partial.text,
                is_partial=True,
                revision=partial.revision,
                timestamp=segment.at,
                start_ms=partial.start_ms,
                end_ms=partial.end_ms,
            )
        )

    def _begun(self, event: SegmentEvent) -> _Open:
        return _Open(message_id_of(self.stream_id, event.segment), datetime.now(UTC), event)

    def _store(self, event: SegmentEvent) -> "asyncio.Future[int | None] | None":
        segment = self._open.pop(event.segment, None) or self._begun(event)
        if not event.text.strip():
            self._room.withdraw(segment.message_id)
            return None
        post = Post(
            chat_id=self.chat_id,
            message_id=segment.message_id,
            speaker=self._user,
            kind=MessageKind.SPEECH,
            content=event.text,
            at=segment.at,
            speech=Speech(
                spoken_at=self._began + timedelta(milliseconds=event.start_ms),
                start_ms=event.start_ms,
                end_ms=event.end_ms,
                words=tuple(event.words) if isinstance(event, Final) else (),
            ),
        )
        return self.finals.put(post)

    def warn(self, error: VoicechatError) -> None:
        """Tell the speaker why speech is not stored; only once, because later speech will fare no better."""
        if self.notify_speaker is not None and not self._is_warned:
            self._is_warned = True
            self.notify_speaker(Error(code=error.code, message=error.message, advice=error.advice))

    def _refused(self, post: Post, error: VoicechatError) -> None:
        self._room.withdraw(post.message_id)
        self.warn(error)

    def _close_if_settled(self) -> None:
        if self._is_over and not self.finals:
            self._on_close()
