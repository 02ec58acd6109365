"""State of chunk sizes: there while a segment has the size, gone with the last one, whatever threads do."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.paraformer.group import ChunkSizeGroup
from voicechat_server.asr.paraformer.groups import Groups

SIZE: ChunkSize = (0, 10, 5)
OTHER: ChunkSize = (5, 10, 5)


def new_groups() -> Groups:
    return Groups(lambda size: cast("ChunkSizeGroup", [size]))


def test_segments_of_a_size_share_a_group() -> None:
    groups = new_groups()
    group = groups.enter(SIZE)
    assert groups.enter(SIZE) is groups[SIZE] is group
    assert groups.enter(OTHER) is not group
    assert len(groups) == 2


def test_a_group_goes_with_its_last_segment_and_not_before() -> None:
    groups = new_groups()
    group = groups.enter(SIZE)
    for _ in range(3):
        groups.enter(SIZE)
    groups.leave(SIZE, 2)
    groups.leave(SIZE)
    assert groups[SIZE] is group
    groups.leave(SIZE)
    assert len(groups) == 0
    assert groups.enter(SIZE) is not group


def test_threads_that_come_and_go_never_miss_their_group() -> None:
    groups = new_groups()

    def come_and_go(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(3000):
            size: ChunkSize = (0, chance.randint(1, 3), 5)
            group = groups.enter(size)
            assert groups[size] is group
            groups.leave(size)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(come_and_go, range(4)))
    assert len(groups) == 0
