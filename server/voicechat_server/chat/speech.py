"""The join of speech and chat: what is told of one stream becomes messages of one chat.

A segment is one message. Its partials are shown to everybody who is connected, and its final is stored, also
when the speaker's connection died in the middle, for a stream goes on without its speaker to its last final.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.chat import MessageKind, NewMessage
from voicechat_common.protocol.speech import Done, Error, Final, Partial, SegmentEvent
from voicechat_server.chat.clock import now
from voicechat_server.chat.finals import FinalsQueue, Submit
from voicechat_server.chat.records import Post, Speech
from voicechat_server.chat.room import Room

Tell = Callable[[Error], None]


@dataclass(frozen=True)
class _Open:
    """A segment that has no final yet.

    Attributes:
        message_id: The message it is.
        at: When its first text came.
        newest: What was told of it last.
    """

    message_id: str
    at: datetime
    newest: SegmentEvent


class SpeechFeed:
    """One stream of speech as its chat hears it. Called with every event of the stream, on the event loop.

    Args:
        chat_id: Which chat.
        user: Who speaks.
        room: Where partials are shown.
        submit: Takes finals for the store.
        on_close: Called once, when the stream is over and all of it is stored or refused.

    Attributes:
        chat_id: Which chat.
        finals: What waits for the store.
        tell_speaker: Takes what the speaker has to know; set once the stream is open.
    """

    def __init__(
        self, chat_id: str, user: str, room: Room, submit: Submit, on_close: Callable[[], None]
    ) -> None:
        self.chat_id = chat_id
        self._user = user
        self._room = room
        self.finals = FinalsQueue(submit, self._refused, self._close_if_settled)
        self.tell_speaker: Tell | None = None
        self._on_close = on_close
        self._began = now()
        self._open: dict[int, _Open] = {}
        self._is_over = False
        self._is_warned = False

    def __call__(self, event: object) -> None:
        """Take an event of the stream. Never waits and never raises."""
        match event:
            case Partial():
                self._show(event)
            case Final():
                self._store(event)
            case Done():
                self.close()
            case Error(fatal=True):
                # What was shown so far is all there will ever be.
                for segment in list(self._open):
                    self._store(self._open[segment].newest)
                self.close()

    def close(self) -> None:
        """Say that the stream is over; without effect if that was said before."""
        if not self._is_over:
            self._is_over = True
            self._close_if_settled()

    def _show(self, partial: Partial) -> None:
        known = self._open.get(partial.segment)
        segment = _Open(uuid4().hex, now(), partial) if known is None else replace(known, newest=partial)
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

    def _store(self, event: SegmentEvent) -> None:
        segment = self._open.pop(event.segment, None) or _Open(uuid4().hex, now(), event)
        if not event.text.strip():
            self._room.withdraw(segment.message_id)
            return
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
        self.finals.put(post)

    def warn(self, error: VoicechatError) -> None:
        """Tell the speaker why what is said is not stored; once, for what comes after will fare no better."""
        if self.tell_speaker is not None and not self._is_warned:
            self._is_warned = True
            self.tell_speaker(Error(code=error.code, message=error.message, advice=error.advice))

    def _refused(self, post: Post, error: VoicechatError) -> None:
        self._room.withdraw(post.message_id)
        self.warn(error)

    def _close_if_settled(self) -> None:
        if self._is_over and not self.finals:
            self._on_close()
