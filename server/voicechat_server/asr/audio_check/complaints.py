"""Warnings about a stream's audio, sent to its client once while the stream goes on."""

from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.speech import Error
from voicechat_server.asr.audio_check.sample_form import Form
from voicechat_server.asr.audio_check.speechless import LOUD_S

NO_SPEECH = Error(
    code=ErrorCode.NO_SPEECH,
    message=f"There was hardly any speech in {LOUD_S} s of loud audio.",
    advice="Listen to what is sent: it is read as 16-bit little-endian mono samples at the rate that `start` "
    "names. If there is only noise or music in it, choose another microphone or turn it down.",
)


def wrong_form(form: Form) -> Error:
    """Return the warning for a client whose samples look like those of another form."""
    return Error(
        code=ErrorCode.EIGHT_BIT if form is Form.EIGHT_BIT else ErrorCode.WRONG_FORM,
        message=f"The audio looks like {form.value}, but is read as 16-bit mono samples.",
        advice="Send 16-bit little-endian mono samples, such as `ffmpeg -i FILE -ar 16000 -ac 1 -f s16le -` "
        "makes; nothing sensible can be recognised otherwise.",
    )
