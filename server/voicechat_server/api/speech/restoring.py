"""Resumes a stream that was lost with its server, from what the chat has stored of it."""

import re
from collections.abc import Mapping

from voicechat_common.protocol.speech import Final, Start
from voicechat_server.asr.streams.stream import Checkpoint
from voicechat_server.chat.records import StoredMessage

_STREAM_ID = re.compile(r"[0-9a-f]{32}")
"""The form of stream ids."""


def is_restorable(start: Start) -> bool:
    """Return whether a stream could have been a server's, spoken into a chat."""
    return start.chat_id is not None and _STREAM_ID.fullmatch(start.stream_id or "") is not None


def checkpoint_of(start: Start, stored: Mapping[int, StoredMessage]) -> Checkpoint:
    """Return where a stream resumes.

    That is the end of its last stored segment, or later if the client knows that nothing follows there.

    Args:
        start: What the client knows.
        stored: The stored segments, from the last that the client knows.
    """
    ends = [message.speech.end_ms for message in stored.values() if message.speech is not None]
    last_end_ms = max(ends, default=0)
    return Checkpoint(
        stream_id=start.stream_id or "",
        samples=max(start.durable_samples, last_end_ms * start.sample_rate // 1000),
        last_end_ms=last_end_ms,
        segments=max(start.finals_received, max(stored, default=-1) + 1),
        finals=tuple(_final(segment, stored[segment]) for segment in sorted(stored)),
    )


def _final(segment: int, message: StoredMessage) -> Final:
    speech = message.speech
    return Final(
        segment=segment,
        revision=_NEWEST,
        text=message.content,
        start_ms=0 if speech is None else speech.start_ms,
        end_ms=0 if speech is None else speech.end_ms,
        words=[] if speech is None else list(speech.words),
        seq=message.seq,
    )


_NEWEST = 2**31 - 1
"""A revision higher than that of every `partial`."""
