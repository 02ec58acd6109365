"""A stream as the threads that recognise see it: bytes in, session, reports out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicechat_common.audio import Resampler, SampleFramer, Samples
from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.speech import Error, SegmentEvent
from voicechat_server.asr.audio_check.form_check import FormCheck, wrong_form
from voicechat_server.asr.audio_check.speechless import NO_SPEECH, SpeechlessCheck
from voicechat_server.asr.paraformer.state import Token
from voicechat_server.asr.recognition.session import DueChunk, SpeechSession
from voicechat_server.asr.vad.state import VadState


@dataclass(frozen=True)
class Report:
    """What became of a stream's audio since the last report.

    Attributes:
        events: Partials and finals, in order, and warnings about the audio.
        taken: Samples of the stream's own rate that the thread has taken in all.
        undecoded: Samples at 16 kHz of these that have not been dealt with.
        flushes_done: Flushes dealt with in all.
        silence: Samples at 16 kHz dealt with that belong to no segment.
        segments: Segments that got a final in all.
        needed_from: From where on audio is needed, at 16 kHz, to recognise what has not been emitted yet.
        is_done: Whether the stream was stopped and all its finals are out.
        error: Why the stream can't go on; None while it can.
    """

    events: list[SegmentEvent | Error]
    taken: int
    undecoded: int
    flushes_done: int
    silence: int
    segments: int
    needed_from: int
    is_done: bool
    error: VoicechatError | None = None


class Lane:
    """One stream's input side and session. Created on the event loop, then used by one worker at a time.

    Args:
        stream_id: The stream's name, for the log.
        session: The stream's session.
        rate: Samples per second that come in.
        report: Takes reports; called on the thread that has the lane.
        taken: Samples that were taken in before.

    Attributes:
        vad_state: The state of its voice activity detection.
    """

    def __init__(
        self,
        stream_id: str,
        session: SpeechSession,
        rate: int,
        report: Callable[[Report], None],
        taken: int = 0,
    ) -> None:
        self.stream_id = stream_id
        self.session = session
        self._framer = SampleFramer()
        self._form_check = FormCheck()
        self._speechless_check = SpeechlessCheck()
        self._resampler = Resampler(rate)
        self.vad_state = VadState()
        self._send = report
        self._taken = taken
        self._events: list[SegmentEvent | Error] = []
        self._error: VoicechatError | None = None
        self._has_news = False

    @property
    def is_at_end(self) -> bool:
        """Whether the stream is finished, or failed."""
        return self.session.is_done or self._error is not None

    def take(self, data: bytes) -> None:
        """Take the bytes of one packet."""
        samples = self._framer.push(data)
        self._taken += len(samples)
        if (form := self._form_check.look(samples)) is not None:
            self._events.append(wrong_form(form))
        self._feed(self._resampler.process(samples))

    def realign(self) -> None:
        """Drop the odd byte of a lost connection: its client goes on at a whole sample."""
        self._framer = SampleFramer()

    def flush(self) -> None:
        """End the open segment."""
        self.session.flush()
        self._has_news = True

    def stop(self) -> None:
        """Take the end of the stream."""
        self._feed(self._resampler.finish())
        self.session.stop()
        self._has_news = True

    def windows(self, *, patient: bool = False) -> NDArray[np.float32]:
        """Return the windows whose probability of speech is to be found next; empty if there are none.

        Args:
            patient: Leave them for later if they are few, unless that would hold something up.
        """
        return np.zeros(0, np.float32) if self.is_at_end else self.session.windows(patient=patient)

    def judge(self, windows: NDArray[np.float32], probabilities: NDArray[np.float32]) -> None:
        """Take the probabilities of speech in these windows."""
        self.session.judge(windows, probabilities)
        if self._speechless_check.is_speechless(windows, probabilities):
            self._events.append(NO_SPEECH)
        self._has_news = True

    @property
    def is_due(self) -> bool:
        """Whether there is audio to decode."""
        return not self.is_at_end and self.session.is_due

    def next_chunk(self) -> DueChunk:
        """Return the audio to decode, which is due."""
        return self.session.next_chunk()

    def accept(self, chunk: DueChunk, tokens: list[Token]) -> None:
        """Take the tokens of a chunk."""
        self._events += self.session.accept(chunk, tokens)
        self._has_news = True

    def fail(self, error: VoicechatError) -> None:
        """Give the stream up."""
        self._error = error
        self._has_news = True

    def report(self) -> None:
        """Send a report, if there is news."""
        if not self._has_news:
            return
        session = self.session
        self._send(
            Report(
                events=self._events,
                taken=self._taken,
                undecoded=session.undecoded,
                flushes_done=session.flushes_done,
                silence=session.silence,
                segments=session.segments_done,
                needed_from=session.needed_from,
                is_done=session.is_done,
                error=self._error,
            )
        )
        self._events, self._has_news = [], False

    def _feed(self, samples: Samples) -> None:
        if len(samples):
            self.session.feed(samples.astype(np.float32) / np.float32(32_768))
            self._has_news = True
