"""What the recogniser reports of its work, to whoever counts it."""

from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.speech import StreamEvent


class RecognitionObserver:
    """Hears what the recogniser does, on its threads and on the event loop; this one ignores it.

    A method must be quick and safe on any thread, and must not raise.
    """

    def stream_opened(self) -> None:
        """A stream has been opened."""

    def stream_resumed(self) -> None:
        """A stream has got a new connection."""

    def stream_refused(self, code: ErrorCode) -> None:
        """A stream has not been opened, for want of a recogniser or of a free place."""

    def stream_gave_way(self) -> None:
        """An idle stream was ended to free its place for another."""

    def stream_emitted(self, event: StreamEvent) -> None:
        """A stream has an event for its client."""

    def download_failed(self) -> None:
        """A model could not be downloaded for now; it is tried again."""

    def batch_stepped(self, chunks: int, audio_s: float, seconds: float) -> None:
        """The model has decoded one chunk of each of that many streams, in that many seconds."""

    def thread_worked(self, seconds: float) -> None:
        """One of the threads that recognise was busy for that long."""
