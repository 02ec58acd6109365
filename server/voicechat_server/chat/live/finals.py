"""The finals of one stream on their way into the store: in order, and retried while the database fails.

Policy: at most `MAX_WAITING` finals of a stream wait, and the first of them is retried. Further ones are
refused.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.chat import failures
from voicechat_server.chat.records import Outcome, Post

RETRY_S = 2.0
"""How long to wait before retrying a final after the database failed."""

MAX_WAITING = 1000
"""Finals of one stream that may wait: at least a quarter of an hour of the shortest segments."""

_TRANSIENT = frozenset({ErrorCode.STORAGE, ErrorCode.BUSY})

log = structlog.stdlib.get_logger(__name__)

Submit = Callable[[Post], "asyncio.Future[Outcome]"]


@dataclass(frozen=True)
class _Waiting:
    """A final, and the future of its seq in the chat; None if it is refused."""

    post: Post
    stored: "asyncio.Future[int | None]"


class FinalsQueue:
    """The finals of one stream, stored one after another. Used on the event loop.

    Args:
        submit: Takes a final for the store.
        on_refused: Called with a final that will not be stored, and the reason.
        on_empty: Called each time the queue runs empty.
    """

    def __init__(
        self, submit: Submit, on_refused: Callable[[Post, VoicechatError], None], on_empty: Callable[[], None]
    ) -> None:
        self._submit = submit
        self._on_refused = on_refused
        self._on_empty = on_empty
        self._waiting: deque[_Waiting] = deque()
        self._retry: asyncio.TimerHandle | None = None
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, post: Post) -> "asyncio.Future[int | None]":
        """Take a final. Never waits and never raises.

        Returns:
            Its seq in the chat once it is stored, or None once it is refused for good.
        """
        final = _Waiting(post, asyncio.get_running_loop().create_future())
        if len(self._waiting) >= MAX_WAITING:
            self._refuse(final, failures.too_many_waiting())
            return final.stored
        self._waiting.append(final)
        self._is_empty.clear()
        if len(self._waiting) == 1:
            self._offer()
        return final.stored

    def retry(self) -> None:
        """Retry now what is waiting for its next attempt."""
        if self._retry is not None:
            self._retry.cancel()
            self._offer()

    async def empty(self) -> None:
        """Return when nothing waits."""
        await self._is_empty.wait()

    def _offer(self) -> None:
        self._retry = None
        while self._waiting:
            try:
                future = self._submit(self._waiting[0].post)
            except VoicechatError as error:
                if self._is_transient(error):
                    return
                self._refuse(self._waiting.popleft(), error)
            else:
                future.add_done_callback(self._settled)
                return
        self._is_empty.set()
        self._on_empty()

    def _settled(self, future: "asyncio.Future[Outcome]") -> None:
        error = future.exception()
        if not isinstance(error, VoicechatError):
            message = future.result().message
            self._waiting.popleft().stored.set_result(None if message is None else message.seq)
        elif self._is_transient(error):
            return
        else:
            self._refuse(self._waiting.popleft(), error)
        self._offer()

    def _is_transient(self, error: VoicechatError) -> bool:
        """Return whether the error is transient; if so, schedule a retry."""
        if error.code not in _TRANSIENT:
            return False
        log.warning(
            "a final is not stored yet", code=error.code, reason=error.message, waiting=len(self._waiting)
        )
        self._retry = asyncio.get_running_loop().call_later(RETRY_S, self._offer)
        return True

    def _refuse(self, final: _Waiting, error: VoicechatError) -> None:
        post = final.post
        log.warning("a final is not stored", chat=post.chat_id, code=error.code, reason=error.message)
        self._on_refused(post, error)
        final.stored.set_result(None)
