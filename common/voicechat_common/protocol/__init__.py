"""The wire protocol, version 1: every message of both WebSockets and every HTTP body, as Pydantic models.

Times are milliseconds of audio since the stream began. Unknown fields are ignored, so that either side
may be newer than the other.
"""

PROTOCOL_VERSION = 1
