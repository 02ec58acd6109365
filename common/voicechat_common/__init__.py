"""What the voicechat server and its clients share: protocol, audio format, transcripts, errors."""

__version__ = "0.1.0"
