"""The errors that people can act on: a code, what happened, and what to do."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """Stable names for everything that can go wrong at an edge of the system."""

    # What a client sent
    BAD_JSON = "bad_json"
    UNKNOWN_TYPE = "unknown_type"
    BAD_FIELD = "bad_field"
    BAD_ORDER = "bad_order"
    FRAME_TOO_LARGE = "frame_too_large"
    TOO_MANY_FRAMES = "too_many_frames"
    TOO_SLOW = "too_slow"
    NOT_PCM = "not_pcm"
    MESSAGE_IN_BINARY = "message_in_binary"
    ODD_BYTES = "odd_bytes"
    EIGHT_BIT = "eight_bit"
    WRONG_FORM = "wrong_form"
    WRONG_RATE = "wrong_rate"
    NO_SPEECH = "no_speech"
    IDLE_TIMEOUT = "idle_timeout"
    UNKNOWN_STREAM = "unknown_stream"
    # What the server can't do now
    NOT_READY = "not_ready"
    BUSY = "busy"
    SHUTTING_DOWN = "shutting_down"
    RECOGNITION_FAILED = "recognition_failed"
    INTERNAL = "internal"
    # What an HTTP caller asked for
    NOT_FOUND = "not_found"
    UPGRADE_REQUIRED = "upgrade_required"
    NOT_ALLOWED = "not_allowed"
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    BAD_REQUEST = "bad_request"
    HEAD_TOO_LARGE = "head_too_large"
    HOST_NOT_ALLOWED = "host_not_allowed"
    BODY_TOO_LARGE = "body_too_large"
    # Identity
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    WRONG_NAME = "wrong_name"
    BAD_INVITATION = "bad_invitation"
    # Chats
    CHAT_ENDED = "chat_ended"
    ID_TAKEN = "id_taken"
    NAME_TAKEN = "name_taken"
    NOT_OWNER = "not_owner"
    SLOW_READER = "slow_reader"
    STORAGE = "storage"
    # The model
    MODEL_NOT_FOUND = "model_not_found"
    MODEL_INCOMPLETE = "model_incomplete"
    MODEL_CORRUPT = "model_corrupt"
    MODEL_UNSUPPORTED = "model_unsupported"
    HUB_UNREACHABLE = "hub_unreachable"
    DISK = "disk"
    # Starting up
    BAD_SETTING = "bad_setting"
    DEVICE_ABSENT = "device_absent"
    PORT_IN_USE = "port_in_use"
    MISSING_DEPENDENCY = "missing_dependency"
    # The client's own side
    SERVER_UNREACHABLE = "server_unreachable"
    NO_ACCESS = "no_access"
    CONNECTION_LOST = "connection_lost"
    PROTOCOL_MISMATCH = "protocol_mismatch"
    BAD_AUDIO_FILE = "bad_audio_file"
    BAD_SCRIPT = "bad_script"
    # The microphone
    NO_PORTAUDIO = "no_portaudio"
    NO_MICROPHONE = "no_microphone"
    MICROPHONE_BUSY = "microphone_busy"
    MICROPHONE_DENIED = "microphone_denied"
    MICROPHONE_SILENT = "microphone_silent"
    MICROPHONE_LOST = "microphone_lost"
    MICROPHONE_FAILED = "microphone_failed"


class VoicechatError(Exception):
    """An error that says what to do about it.

    Args:
        code: A stable name that programs can test.
        message: What happened, in one sentence, for people.
        advice: What to do about it, in one sentence, for people.
        retry_after_s: Seconds after which a retry may succeed, if known.
    """

    def __init__(
        self, code: ErrorCode, message: str, advice: str, *, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.advice = advice
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.message} {self.advice}"
