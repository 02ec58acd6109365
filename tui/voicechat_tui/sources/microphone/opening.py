"""Opening a microphone in whatever format it takes."""

from voicechat_tui.sources.microphone import failures
from voicechat_tui.sources.microphone.devices import InputDevice, formats
from voicechat_tui.sources.microphone.portaudio import Recording, RefusedError, SoundSystem


async def open_device(sound: SoundSystem, device: InputDevice, queue_s: float) -> Recording:
    """Open a microphone as recognition wants it, else as it is.

    Args:
        sound: The machine's microphones.
        device: Which one.
        queue_s: Audio that may wait to be read.

    Raises:
        VoicechatError: Why it does not open.
    """
    for wanted in formats(device):
        try:
            return await sound.open(device, wanted, queue_s)
        except RefusedError as error:
            refusal = error.refusal
        if not refusal.is_about_format:
            break
    raise failures.cannot_open(device.id.name, refusal, sound.here)
