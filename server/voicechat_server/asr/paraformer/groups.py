"""The groups of the chunk sizes in use."""

from collections import Counter
from collections.abc import Callable
from threading import Lock

from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.paraformer.group import ChunkSizeGroup


class Groups:
    """Makes the group of a chunk size for the first segment of that size, and drops it with the last.

    A client may name any of thousands of sizes, and each group holds memory. Safe to use from any thread.

    Args:
        make: Makes a group of a size.
    """

    def __init__(self, make: Callable[[ChunkSize], ChunkSizeGroup]) -> None:
        self._make = make
        self._groups: dict[ChunkSize, ChunkSizeGroup] = {}
        self._segments: Counter[ChunkSize] = Counter()
        self._changing = Lock()

    def __getitem__(self, chunk_size: ChunkSize) -> ChunkSizeGroup:
        """The group of a size that has segments."""
        return self._groups[chunk_size]

    def __len__(self) -> int:
        return len(self._groups)

    def enter(self, chunk_size: ChunkSize) -> ChunkSizeGroup:
        """Count one more segment of a size; return its group, which stays as long as the segment."""
        with self._changing:
            group = self._groups.get(chunk_size)
            if group is None:
                group = self._groups[chunk_size] = self._make(chunk_size)
            self._segments[chunk_size] += 1
            return group

    def leave(self, chunk_size: ChunkSize, segments: int = 1) -> None:
        """Count that many segments of a size fewer; its group goes with the last."""
        with self._changing:
            self._segments[chunk_size] -= segments
            if not self._segments[chunk_size]:
                del self._segments[chunk_size], self._groups[chunk_size]
