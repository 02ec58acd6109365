"""Whether a microphone is there now, asked in a process of its own.

PortAudio sees new devices only when it starts anew, which would end the stream that is open in this process.
"""

import asyncio
import sys
from asyncio.subprocess import DEVNULL

from voicechat_common.errors import VoicechatError
from voicechat_tui.sources.microphone.devices import DeviceName, find, formats
from voicechat_tui.sources.microphone.portaudio import list_devices, load, refusal_of
from voicechat_tui.sources.microphone.surroundings import look_around

_ANSWERS_WITHIN_S = 20.0
_THERE, _NOT_THERE = 0, 1


async def is_there(wished: DeviceName) -> bool:
    """Tell whether a microphone is there and would open."""
    name = [wished.name] if wished.host_api is None else [wished.name, wished.host_api]
    command = (sys.executable, "-c", f"import sys; from {__name__} import main; sys.exit(main())", *name)
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
        )
    except OSError:
        return False  # A machine that can't start a process now may be able to next time.
    try:
        async with asyncio.timeout(_ANSWERS_WITHIN_S):
            return await process.wait() == _THERE
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def main() -> int:
    """Look for the microphone that the arguments of this process name; return the exit status."""
    try:
        sound = load(look_around())
    except VoicechatError:
        return _NOT_THERE
    found = find(list_devices(sound), DeviceName(*sys.argv[1:]))
    if found is None or all(refusal_of(sound, found, wanted) for wanted in formats(found)):
        return _NOT_THERE
    return _THERE
