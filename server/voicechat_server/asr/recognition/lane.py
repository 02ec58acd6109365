"""A stream as the threads that recognise see it: bytes in, session, reports out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from voicechat_common.audio import SAMPLE_RATE, Resampler, SampleFramer, Samples
from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.speech import StreamEvent
from voicechat_server.asr.audio_check.form_check import FormCheck, wrong_form
from voicechat_server.asr.audio_check.rate_check import WRONG_RATE, RateCheck
from voicechat_server.asr.audio_check.speechless import NO_SPEECH, SpeechlessCheck
from voicechat_server.asr.paraformer.state import Token
from voicechat_server.asr.recognition.session import DueChunk, SpeechSession
from voicechat_server.asr.vad.state import WINDOW_SAMPLES, VadState


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

    events: list[StreamEvent]
    taken: int
    undecoded: int
    flushes_done: int
    silence: int
    segments: int
    needed_from: int
    is_done: bool
    error: VoicechatError | None = None


class Question(NamedTuple):
    """Windows whose probability of speech is to be found.

    Attributes:
        windows: The windows, at least one.
        state: The detector's state before them; it is updated.
        answer: Takes the probabilities.
    """

    windows: NDArray[np.float32]
    state: VadState
    answer: Callable[[NDArray[np.float32]], None]


class Lane:
    """One stream's input side and session. Created on the event loop, then used by one worker at a time.

    Args:
        stream_id: The stream's name, for the log.
        session: The stream's session.
        rate: Samples per second that come in.
        report: Takes reports; called on the thread that has the lane.
        taken: Samples that were taken in before.
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
        # Who names another rate than the usual one knows what the samples have.
        self._rate_check = RateCheck() if rate == SAMPLE_RATE else None
        self._resampler = Resampler(rate)
        self._vad_state = VadState()
        self._send = report
        self._taken = taken
        self._events: list[StreamEvent] = []
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
            self._rate_check = None
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

    def questions(self, *, patient: bool = False) -> list[Question]:
        """Return what the detector of speech is to answer next.

        Args:
            patient: Leave it for later if it is little, unless that would hold something up.
        """
        if self.is_at_end or not len(windows := self.session.windows(patient=patient)):
            return []
        questions = [Question(windows, self._vad_state, partial(self._judge, windows))]
        if (check := self._rate_check) and len(tried := check.windows(len(windows) // WINDOW_SAMPLES)):
            questions.append(Question(tried, check.state, partial(self._judge_rate, check)))
        return questions

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

    def _judge(self, windows: NDArray[np.float32], probabilities: NDArray[np.float32]) -> None:
        self.session.judge(windows, probabilities)
        if self._speechless_check.is_speechless(windows, probabilities):
            self._events.append(NO_SPEECH)
        if self._rate_check is not None:
            self._rate_check.look(windows, probabilities)
        self._has_news = True

    def _judge_rate(self, check: RateCheck, probabilities: NDArray[np.float32]) -> None:
        if check.judge(probabilities):
            self._events.append(WRONG_RATE)
            self._has_news = True

    def _feed(self, samples: Samples) -> None:
        if len(samples):
            self.session.feed(samples.astype(np.float32) / np.float32(32_768))
            self._has_news = True
