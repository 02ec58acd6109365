"""Group commit: operations that arrive during a transaction share the next one.

A burst costs as many transactions as the disk can sync, not one for each message. There is one writer, so
operations are applied in the order in which they were submitted.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Self

import structlog

from voicechat_common.errors import VoicechatError
from voicechat_server.chat import failures
from voicechat_server.chat.observer import ChatObserver
from voicechat_server.chat.records import Operation, Outcome
from voicechat_server.chat.storage.batch_writer import Result

MAX_WAITING = 10_000
"""Operations that may be waiting for the database; more are refused as `busy`."""

MAX_BATCH = 500
"""Operations in one transaction, which delays those after it."""

log = structlog.stdlib.get_logger(__name__)

Write = Callable[[Sequence[Operation]], Awaitable[list[Result]]]
Observer = Callable[[Operation, Outcome], None]


class Committer:
    """Applies operations in order, many at a time. An async context manager.

    Args:
        write: Makes a batch durable.
        observe: Called for each durable operation, in order, before its future resolves.
        observer: Is notified of each transaction.
    """

    def __init__(self, write: Write, observe: Observer, observer: ChatObserver | None = None) -> None:
        self._write = write
        self._observe = observe
        self._observer = observer or ChatObserver()
        self._waiting: deque[tuple[Operation, asyncio.Future[Outcome]]] = deque()
        self._arrived = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Operations that are waiting for their transaction."""
        return len(self._waiting)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="chat committer")
        return self

    async def __aexit__(self, *failure: object) -> None:
        """Commit what was submitted; nothing more is taken."""
        self._closing = True
        self._arrived.set()
        if self._task is not None:
            await self._task

    def submit(self, operation: Operation) -> asyncio.Future[Outcome]:
        """Take an operation; the future resolves to its outcome once it is durable, or fails.

        Raises:
            VoicechatError: `busy` or `shutting_down`.
        """
        if self._closing:
            raise failures.shutting_down()
        if len(self._waiting) >= MAX_WAITING:
            raise failures.too_many_waiting()
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((operation, future))
        self._arrived.set()
        return future

    async def _run(self) -> None:
        while True:
            if not self._waiting:
                if self._closing:
                    return
                self._arrived.clear()
                await self._arrived.wait()
                continue
            count = min(len(self._waiting), MAX_BATCH)
            await self._commit([self._waiting.popleft() for _ in range(count)])

    async def _commit(self, batch: list[tuple[Operation, asyncio.Future[Outcome]]]) -> None:
        results: Sequence[Result]
        began = time.perf_counter()
        try:
            results = await self._write([operation for operation, _ in batch])
        except VoicechatError as error:
            results = [error] * len(batch)
        except Exception:
            log.exception("writing to the chat database failed", operations=len(batch))
            results = [failures.unexpected()] * len(batch)
        self._observer.committed(len(batch), time.perf_counter() - began)
        for (operation, future), result in zip(batch, results, strict=True):
            if isinstance(result, Outcome):
                self._announce(operation, result)
            _settle(future, result)

    def _announce(self, operation: Operation, outcome: Outcome) -> None:
        try:
            self._observe(operation, outcome)
        except Exception:
            # It is durable all the same, and other operations depend on this task.
            log.exception("a stored operation could not be announced", chat=outcome.chat.chat_id)


def _settle(future: asyncio.Future[Outcome], result: Result) -> None:
    # The submitter may be gone by now; the operation stands.
    if future.done():
        return
    if isinstance(result, Outcome):
        future.set_result(result)
    else:
        future.set_exception(result)
