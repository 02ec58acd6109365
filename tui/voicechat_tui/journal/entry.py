"""What an entry of the journal says: whose speech it is, how much, and which part is still to be sent."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from voicechat_common.audio import SAMPLE_WIDTH
from voicechat_common.names import ChatId, UserName
from voicechat_common.protocol.speech import MAX_SAMPLE_RATE, MIN_SAMPLE_RATE
from voicechat_tui.journal import format as records
from voicechat_tui.journal.format import Kind, Record
from voicechat_tui.journal.ranges import Range, Ranges, difference, union


class EntryHeader(BaseModel):
    """Whose speech it is and where it belongs.

    Attributes:
        version: Of the format.
        sample_rate: Samples per second.
        chat_id: The chat it is spoken into.
        user: Who is speaking.
        url: The server, as given in the settings, but without credentials, which only the settings keep.
        started_at: When the talk began.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    sample_rate: int = Field(ge=MIN_SAMPLE_RATE, le=MAX_SAMPLE_RATE)
    chat_id: ChatId | None = None
    user: UserName | None = None
    url: str
    started_at: AwareDatetime

    def encoded(self) -> bytes:
        """Return the record."""
        return records.encode(Kind.HEADER, self.model_dump_json().encode())


class StreamRecord(BaseModel):
    """The server's stream for a talk, so that another process can go on with it.

    Attributes:
        stream_id: Its id; None if the server has only part of the talk under one id.
        finals: How many finals have arrived.
    """

    model_config = ConfigDict(frozen=True)

    stream_id: str | None = None
    finals: int = Field(0, ge=0)

    def encoded(self) -> bytes:
        """Return the record."""
        return records.encode(Kind.STREAM, self.model_dump_json().encode())


class EntryState:
    """An entry, as far as its records have been read.

    Attributes:
        header: The header; None until it has been read.
        samples: How many samples the entry has.
        stream: The server's stream for the talk.
    """

    def __init__(self) -> None:
        self.header: EntryHeader | None = None
        self.samples = 0
        self.stream = StreamRecord()
        self._settled: Ranges = ()

    def apply(self, record: Record) -> bool:
        """Apply the next record; return whether it makes sense at this point."""
        match record.kind:
            case Kind.HEADER:
                self.header = _header_of(record)
            case Kind.AUDIO:
                self.samples += len(record.payload) // SAMPLE_WIDTH
            case Kind.SETTLED:
                self._settled = union([*self._settled, record.settled])
            case Kind.STREAM:
                self.stream = _stream_of(record)
        return self.header is not None

    @property
    def unfinished(self) -> Ranges:
        """The samples that are still to be sent."""
        return difference(Range(0, self.samples), self._settled)


def _stream_of(record: Record) -> StreamRecord:
    try:
        return StreamRecord.model_validate_json(record.payload)
    except ValidationError:
        return StreamRecord()


def _header_of(record: Record) -> EntryHeader | None:
    try:
        return EntryHeader.model_validate_json(record.payload)
    except ValidationError:
        return None
