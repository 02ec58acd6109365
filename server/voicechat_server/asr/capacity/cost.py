"""What streams of any chunk size cost, in streams of the server's own size."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from voicechat_common.protocol.speech import ChunkSize


@dataclass(frozen=True)
class StreamCost:
    """What stepping streams costs.

    Only chunks of one size can share the fixed cost of a step, so a stream of a size that no other has
    pays it alone.

    Attributes:
        chunk_size: The server's own.
        batch_size: Most chunks in a batch.
        overhead: What a batch costs besides its chunks, in chunks of a full batch of the server's size.
    """

    chunk_size: ChunkSize
    batch_size: int = 1
    overhead: float = 0.0

    def of(self, streams: Mapping[ChunkSize, int]) -> float:
        """Return what that many streams of each size cost together; each costs at least one."""
        return sum(self._of_size(size, count) for size, count in streams.items())

    def _of_size(self, chunk_size: ChunkSize, count: int) -> float:
        if chunk_size == self.chunk_size:
            return count
        longer = sum(chunk_size) / sum(self.chunk_size)
        more_often = self.chunk_size[1] / chunk_size[1]
        without_overhead = 1 - self.overhead / self.batch_size
        batches = math.ceil(count / self.batch_size)
        return max(count, more_often * (count * longer * without_overhead + batches * self.overhead))
