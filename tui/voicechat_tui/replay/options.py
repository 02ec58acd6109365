"""The validated options of `voicechat-tui replay`."""

import math
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import ChunkSize, Start, check_chunk_size
from voicechat_tui.client.connection.address import DEFAULT_URL, speech_url
from voicechat_tui.client.speech.policy import SpeechPolicy
from voicechat_tui.files.new_file import can_create
from voicechat_tui.language import _

STDIN = "-"
FULL_SPEED = "max"


class JournalAction(Enum):
    """What to do with the entries of the journal."""

    SEND = auto()
    LIST = auto()
    FORGET = auto()


@dataclass(frozen=True)
class ReplayOptions:
    """One call of the command.

    Attributes:
        inputs: Audio files, in order; "-" is standard input. With `journal`, names of its entries.
        script: A scenario to play instead.
        journal: What to do with the journal instead.
        own_servers: Whether an entry of the journal goes to the server it was spoken to; `url` is then the
            one in the settings, which has the credentials.
        url: The WebSocket URL of the server.
        speed: How many times faster than real time; infinite for as fast as possible. None sends files in
            real time and standard input as it arrives.
        json: Print events as JSON lines.
        srt: Where to write subtitles; next to it if the file already exists.
        chunk_size: Left context, step and look-ahead to request from the server.
        endpointing: Whether the server ends segments at pauses.
        user: The name of the speaker.
        chat_id: The chat the speech belongs to.
        packet_ms: The longest packet.
        rate: Samples per second of standard input.
        wait_ready_s: How long to wait for a server that is not ready.
        reconnect_s: How long to try to resume a lost stream.
    """

    inputs: tuple[str, ...] = ()
    script: Path | None = None
    journal: JournalAction | None = None
    own_servers: bool = False
    url: str = DEFAULT_URL
    speed: float | None = None
    json: bool = False
    srt: Path | None = None
    chunk_size: ChunkSize | None = None
    endpointing: bool = True
    user: str | None = None
    chat_id: str | None = None
    packet_ms: int = 100
    rate: int = 16_000
    wait_ready_s: float = 60.0
    reconnect_s: float = 60.0

    def checked(self) -> "ReplayOptions":
        """Return the options with a complete URL.

        Raises:
            VoicechatError: `bad_setting` if they don't go together.
        """
        if self.journal is not None:
            if self.script is not None or self.srt is not None or STDIN in self.inputs:
                raise _bad(
                    _("The journal can't be combined with other input."),
                    _("Leave out --script, --srt and `-`, or leave out --journal."),
                )
        elif bool(self.inputs) == (self.script is not None):
            raise _bad(
                _("Files and a script can't be played together.") if self.inputs else _("Nothing to replay."),
                _("Name audio files, `-` for standard input, or a scenario with --script."),
            )
        if self.inputs.count(STDIN) > 1:
            raise _bad(_("Standard input can only be read once."), _("Write `-` once."))
        if self.srt is not None:
            if len(self.inputs) != 1:
                raise _bad(
                    _("Subtitles can only be written for one recording."), _("Use --srt with one file.")
                )
            if not can_create(self.srt):
                raise _bad(
                    _("{path} can't be written.", path=self.srt),
                    _("Name a file in an existing directory that you can write to."),
                )
        return replace(self, url=speech_url(self.url))

    def start(self, sample_rate: int) -> Start:
        """Return the message that opens a stream of this rate."""
        return Start(
            sample_rate=sample_rate,
            user=self.user,
            chat_id=self.chat_id,
            chunk_size=self.chunk_size,
            endpointing=None if self.endpointing else False,
        )

    @property
    def policy(self) -> SpeechPolicy:
        """The client's limits."""
        usual = SpeechPolicy()
        return replace(
            usual,
            packet_ms=self.packet_ms,
            not_ready_s=self.wait_ready_s,
            unreachable_s=min(usual.unreachable_s, self.wait_ready_s),
            lost_s=self.reconnect_s,
        )


def parse_speed(text: str) -> float:
    """Return a speed: a positive factor, or infinity for "max".

    Raises:
        ValueError: If it is neither.
    """
    if text.strip().lower() == FULL_SPEED:
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise ValueError(
            _(
                "{written} is not a speed; write a number such as 1 or 2.5, or {full}",
                written=repr(text),
                full=repr(FULL_SPEED),
            )
        )
    return speed


def parse_chunk_size(text: str) -> ChunkSize:
    """Return left context, step and look-ahead from a text such as "0,10,5".

    Raises:
        ValueError: If it is not a valid chunk size.
    """
    try:
        left, step, lookahead = (int(part) for part in text.strip("[] ").split(","))
    except ValueError:
        raise ValueError(
            _("{written} is not three whole numbers such as 0,10,5", written=repr(text))
        ) from None
    return check_chunk_size((left, step, lookahead))


def _bad(message: str, advice: str) -> VoicechatError:
    return VoicechatError(ErrorCode.BAD_SETTING, message, advice)
