"""Opening a microphone in whatever format it takes."""

from collections.abc import Callable

from voicechat_tui.sources.microphone import failures
from voicechat_tui.sources.microphone.block_queue import BlockQueue
from voicechat_tui.sources.microphone.devices import InputDevice, formats
from voicechat_tui.sources.microphone.portaudio import BLOCKS_PER_S, OpenStream, RefusedError, SoundSystem


async def open_device(
    sound: SoundSystem, device: InputDevice, queue_s: float, wake: Callable[[], None]
) -> tuple[OpenStream, BlockQueue]:
    """Open a microphone as recognition wants it, else as it is.

    Args:
        sound: The machine's microphones.
        device: Which one.
        queue_s: Audio that may wait to be taken.
        wake: Called in the event loop's thread when audio has come.

    Returns:
        The stream, to be closed with `sound.close`, and where its audio comes.

    Raises:
        VoicechatError: Why it does not open.
    """
    for wanted in formats(device):
        blocks = BlockQueue(int(queue_s * BLOCKS_PER_S), wake)
        try:
            return await sound.open(device, wanted, blocks), blocks
        except RefusedError as error:
            refusal = error.refusal
        if not refusal.is_about_format:
            break
    raise failures.cannot_open(device.id.name, refusal, sound.here)
