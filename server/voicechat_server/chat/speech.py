"""The join of speech and chat: what is told of one stream becomes messages of one chat.

A segment is one message. Its partials are shown to everybody who is connected, and its final is stored, also
when the speaker's connection died in the middle, for a stream goes on without its speaker to its last final.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat import MessageKind, NewMessage
from voicechat_common.protocol.speech import Done, Error, Final, Partial, SegmentEvent
from voicechat_server.chat.clock import now
from voicechat_server.chat.records import Outcome, Post, Speech
from voicechat_server.chat.room import Room

RETRY_S = 2.0
"""After how long a final is offered to a database that failed once more."""

_PASSING = frozenset({ErrorCode.STORAGE, ErrorCode.BUSY})

log = structlog.stdlib.get_logger(__name__)

Submit = Callable[[Post], "asyncio.Future[Outcome]"]


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
        on_close: Called once, when the stream is over.
    """

    def __init__(
        self, chat_id: str, user: str, room: Room, submit: Submit, on_close: Callable[[], None]
    ) -> None:
        self._chat_id = chat_id
        self._user = user
        self._room = room
        self._submit = submit
        self._on_close = on_close
        self._began = now()
        self._open: dict[int, _Open] = {}
        self._unsettled = 0
        self._is_over = False

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
            chat_id=self._chat_id,
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
        self._unsettled += 1
        self._offer(post)

    def _offer(self, post: Post) -> None:
        try:
            future = self._submit(post)
        except VoicechatError as error:
            self._refused(post, error)
        else:
            future.add_done_callback(lambda done: self._settled(post, done))

    def _settled(self, post: Post, future: "asyncio.Future[Outcome]") -> None:
        error = future.exception()
        if isinstance(error, VoicechatError):
            self._refused(post, error)
            return
        self._unsettled -= 1
        self._close_if_settled()

    def _refused(self, post: Post, error: VoicechatError) -> None:
        """Offer a final again where that can help; the chat's end is the one reason that stands."""
        log.warning("a final is not stored", chat=self._chat_id, code=error.code, reason=error.message)
        if error.code in _PASSING:
            asyncio.get_running_loop().call_later(RETRY_S, self._offer, post)
            return
        self._room.withdraw(post.message_id)
        self._unsettled -= 1
        self._close_if_settled()

    def _close_if_settled(self) -> None:
        if self._is_over and not self._unsettled:
            self._on_close()
