"""The server's metrics for Prometheus. docs/monitoring.md explains each."""

from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.chat import MessageKind
from voicechat_common.protocol.speech import Ack, Done, Final, StreamEvent
from voicechat_server.asr.observer import RecognitionObserver
from voicechat_server.chat.observer import ChatObserver

PREFIX = "voicechat"

BATCH_CHUNKS = (1, 2, 4, 8, 12, 16)
BATCH_SECONDS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2, 2.4)
LAG_SECONDS = (0.1, 0.3, 0.6, 0.9, 1.2, 1.8, 2.5, 5, 10)
COMMIT_OPERATIONS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
SHORT_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)

REFUSALS = (ErrorCode.BUSY, ErrorCode.NOT_READY)
"""Exported as zero from the start, so that the first occurrence shows as an increase."""


class Surface(StrEnum):
    """The interface through which a client reaches the server."""

    HTTP = "http"
    SPEECH = "speech"
    CHAT = "chat"


class Metrics(RecognitionObserver, ChatObserver):
    """All metrics of one app.

    Attributes:
        registry: Holds them.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._define_gauges()
        self._define_recognition()
        self._define_chat()
        self._define_edges()

    def stream_opened(self) -> None:
        """Count a stream that has been opened."""
        self._streams_opened.inc()

    def stream_resumed(self) -> None:
        """Count a stream that was resumed on a new connection."""
        self._streams_resumed.inc()

    def stream_refused(self, code: ErrorCode) -> None:
        """Count a stream that was refused."""
        self._streams_refused.labels(code).inc()

    def stream_gave_way(self) -> None:
        """Count an idle stream that was ended to make way for another."""
        self._streams_gave_way.inc()

    def stream_emitted(self, event: StreamEvent) -> None:
        """Count an event of a stream."""
        match event:
            case Ack():
                self._lag.observe(event.lag_ms / 1000)
            case Final():
                self._segments.inc()
            case Done():
                self._audio_received.inc(event.received_ms / 1000)
                self._audio_silent.inc(event.silence_ms / 1000)
                self._audio_dropped.inc(event.dropped_ms / 1000)

    def download_failed(self) -> None:
        """Count a download that is retried."""
        self._downloads_failed.inc()

    def batch_stepped(self, chunks: int, audio_s: float, seconds: float) -> None:
        """Count one batch of the model."""
        self._batch_chunks.observe(chunks)
        self._batch_seconds.observe(seconds)
        self._audio_decoded.inc(audio_s)

    def thread_worked(self, seconds: float) -> None:
        """Count the time during which a recognition thread had work."""
        self._busy.inc(seconds)

    def message_stored(self, kind: MessageKind) -> None:
        """Count a message that has become durable."""
        self._messages.labels(kind).inc()

    def published(self, receivers: int) -> None:
        """Count broadcasts handed to connections."""
        self._deliveries.inc(receivers)

    def committed(self, operations: int, seconds: float) -> None:
        """Count one transaction."""
        self._commit_operations.observe(operations)
        self._commit_seconds.observe(seconds)

    def error_sent(self, code: ErrorCode) -> None:
        """Count an error after which a chat connection stays open."""
        self.error_met(Surface.CHAT, code)

    def error_met(self, surface: Surface, code: ErrorCode | str) -> None:
        """Count an error that was sent to a client."""
        self._errors.labels(surface, code).inc()
        if code == ErrorCode.SLOW_READER:
            self._slow_readers.inc()

    def request_answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an HTTP request."""
        self._requests.labels(method, route, status).observe(seconds)

    def _define_gauges(self) -> None:
        self.ready = self._gauge("ready", "1 while the server can recognise audio, otherwise 0.")
        self.workers = self._gauge("recogniser_workers", "Threads that recognise in parallel.")
        self.streams = self._gauge("streams", "Open streams.")
        self.streams_max = self._gauge("streams_max", "Streams the server accepts at a time.")
        self.places_free = self._gauge("places_free", "Streams that could be opened now.")
        self.orders_waiting = self._gauge(
            "orders_waiting", "Packets and commands the recogniser has yet to take."
        )
        self.chats = self._gauge("chats", "Chats the server knows.")
        self.writes_waiting = self._gauge("writes_waiting", "Operations waiting for the database.")
        self.disk_free = self._gauge("chat_disk_free_bytes", "Free space on the disk of the chats.")
        self.connections = self._gauge("connections", "Open WebSockets.", "surface")
        self.frames_waiting = self._gauge("frames_waiting", "Frames waiting for their readers.", "surface")
        self.frames_waiting_longest = self._gauge(
            "frames_waiting_longest", "Frames waiting for the slowest reader.", "surface"
        )

    def _define_recognition(self) -> None:
        self._streams_opened = self._counter("streams_opened", "Streams opened.")
        self._streams_resumed = self._counter("streams_resumed", "Streams resumed after a lost connection.")
        self._streams_refused = self._counter("streams_refused", "Streams refused.", "code")
        for code in REFUSALS:
            self._streams_refused.labels(code)
        self._streams_gave_way = self._counter(
            "streams_gave_way", "Idle streams ended to make way for others."
        )
        self._downloads_failed = self._counter(
            "model_downloads_failed", "Failed attempts to download the model, each of which is retried."
        )
        self._segments = self._counter("segments", "Segments fully recognised.")
        self._audio_received = self._counter("audio_received_seconds", "Audio of finished streams.")
        self._audio_silent = self._counter("audio_silent_seconds", "Silence in finished streams.")
        self._audio_dropped = self._counter(
            "audio_dropped_seconds", "Audio of finished streams that was lost."
        )
        self._audio_decoded = self._counter("audio_decoded_seconds", "Speech the model has decoded.")
        self._busy = self._counter("recogniser_busy_seconds", "Time during which workers had work, summed.")
        self._batch_chunks = self._histogram("batch_chunks", "How many streams shared a batch.", BATCH_CHUNKS)
        self._batch_seconds = self._histogram("batch_seconds", "How long a batch took.", BATCH_SECONDS)
        self._lag = self._histogram(
            "stream_lag_seconds", "Audio received but not yet decoded, at each `ack`.", LAG_SECONDS
        )

    def _define_chat(self) -> None:
        self._messages = self._counter("messages_stored", "Messages that became durable.", "kind")
        for kind in MessageKind:
            self._messages.labels(kind)
        self._deliveries = self._counter("deliveries", "Messages and notices passed to connections.")
        self._slow_readers = self._counter("slow_readers_cut", "Chat connections cut off as too slow.")
        self._commit_operations = self._histogram(
            "commit_operations", "How many operations shared a transaction.", COMMIT_OPERATIONS
        )
        self._commit_seconds = self._histogram(
            "commit_seconds", "How long a transaction took.", SHORT_SECONDS
        )

    def _define_edges(self) -> None:
        self._errors = self._counter("errors", "Errors reported to clients.", "surface", "code")
        self._requests = self._histogram(
            "http_request_seconds", "How long a response took.", SHORT_SECONDS, "method", "route", "status"
        )

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"{PREFIX}_{name}", meaning, labels, registry=self.registry)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"{PREFIX}_{name}", meaning, labels, buckets=buckets, registry=self.registry)
