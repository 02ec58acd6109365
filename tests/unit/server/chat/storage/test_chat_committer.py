"""Group commit: one writer for all chats, which no fault may end."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from tests.support.chat_records import enter
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.chat.records import Operation, Outcome
from voicechat_server.chat.storage.committer import Committer
from voicechat_server.chat.storage.store import Store


class Faults:
    """What goes wrong, at writing and at telling; nothing unless set."""

    def __init__(self) -> None:
        self.writing: Exception | None = None
        self.telling: Exception | None = None


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
async def committer(faults: Faults, database: Path) -> AsyncIterator[Committer]:
    async with Store(str(database)) as store:

        async def write(operations: Sequence[Operation]) -> list[Outcome | VoicechatError]:
            if faults.writing is not None:
                raise faults.writing
            return await store.write(operations)

        def observe(_operation: Operation, _outcome: Outcome) -> None:
            if faults.telling is not None:
                raise faults.telling

        async with Committer(write, observe) as committer:
            yield committer


async def test_a_fault_at_writing_is_told_and_the_next_operation_is_stored(
    committer: Committer, faults: Faults
) -> None:
    faults.writing = RuntimeError("nobody expected this")
    with pytest.raises(VoicechatError) as caught:
        await committer.submit(enter("c", "alice"))
    assert caught.value.code is ErrorCode.INTERNAL
    faults.writing = None
    assert (await committer.submit(enter("c", "alice"))).is_new


async def test_a_fault_at_telling_leaves_what_was_stored(committer: Committer, faults: Faults) -> None:
    faults.telling = RuntimeError("nobody expected this")
    assert (await committer.submit(enter("c", "alice"))).is_new
    faults.telling = None
    assert not (await committer.submit(enter("c", "alice"))).is_new
