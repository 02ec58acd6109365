"""PortAudio in a separate process, which lists microphones, checks one or records it to standard output.

PortAudio and the libraries below it may hang, spin or abort when a device goes away, write to standard
error, and see new devices only after a restart. A process contains all of this and can be killed.
`microphone.portaudio` is the other end. To start quickly, this module imports nothing else of the client.

The only argument is a JSON object. The answer is a line of JSON; when recording, blocks follow, each with a
header: its length in bytes, how many frames were lost before it (-1: unknown) and the time of its end.
"""

import json
import os
import queue
import signal
import struct
import sys
import threading
import time
from typing import Any

HEADER = struct.Struct("<Iid")
BLOCKS_PER_S = 50
BUFFERED_S = 0.1
"""How much audio the system may buffer for PortAudio, so that a loaded machine loses none."""

_NO_SUCH_DEVICE = -9996

Json = dict[str, Any]


def main() -> None:
    """Do what was requested, and exit without giving PortAudio a chance to hang."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the client, which ends this process.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    request = json.loads(sys.argv[1])
    try:
        import sounddevice as sound
    except ModuleNotFoundError:
        _answer({"absent": "sounddevice"})
    except OSError:
        _answer({"absent": "portaudio"})
    except Exception as error:  # noqa: BLE001  (its own error can't be named while it can't be imported)
        _answer({"broken": str(error)})
    else:
        try:
            _serve(sound, request)
        except sound.PortAudioError as error:
            _answer({"broken": str(error.args[0])})
    os._exit(0)


def _serve(sound: Any, request: Json) -> None:
    if request["do"] == "list":
        _answer({"devices": _devices(sound)})
        return
    device = _find(_devices(sound), request)
    if device is None:
        refusal = {"text": "There is no such device", "code": _NO_SUCH_DEVICE}
        _answer({"refusals": [refusal] * len(request["formats"]), "refusal": refusal})
    elif request["do"] == "check":
        _answer({"refusals": [_refusal(sound, device, wanted) for wanted in request["formats"]]})
    else:
        _record(sound, device, request)


def _devices(sound: Any) -> list[Json]:
    apis = [api["name"] for api in sound.query_hostapis()]
    try:
        default = sound.query_devices(kind="input")["index"]
    except sound.PortAudioError:
        default = None  # There is no device.
    return [
        {
            "name": info["name"],
            "host_api": apis[info["hostapi"]],
            "index": info["index"],
            "channels": info["max_input_channels"],
            "rate": round(info["default_samplerate"]),
            "is_default": info["index"] == default,
        }
        for info in sound.query_devices()
        if info["max_input_channels"] > 0
    ]


def _find(devices: list[Json], meant: Json) -> Json | None:
    """Return the intended device; if two have the same name, the one with the given number."""
    same = [device for device in devices if all(device[key] == meant[key] for key in ("name", "host_api"))]
    return next((device for device in same if device["index"] == meant["index"]), next(iter(same), None))


def _refusal(sound: Any, device: Json, wanted: list[int]) -> Json | None:
    rate, channels = wanted
    try:
        sound.check_input_settings(device=device["index"], channels=channels, dtype="int16", samplerate=rate)
    except sound.PortAudioError as error:
        return _described(error)
    return None


def _record(sound: Any, device: Json, request: Json) -> None:
    """Record until this process is killed or the device is gone."""
    rate, channels = request["format"]
    blocks = Blocks(request["blocks_kept"])
    try:
        stream = sound.RawInputStream(
            device=device["index"],
            samplerate=rate,
            channels=channels,
            blocksize=rate // BLOCKS_PER_S,
            dtype="int16",
            latency=BUFFERED_S,
            # Dither would turn the zeros of a forbidden microphone into noise.
            dither_off=True,
            callback=blocks.put,
            finished_callback=blocks.end,
        )
        stream.start()
    except sound.PortAudioError as error:
        _answer({"refusal": _described(error)})
        return
    _answer({})
    output = sys.stdout.buffer
    while (block := blocks.get()) is not None:
        pcm, lost, end = block
        output.write(HEADER.pack(len(pcm), lost, end) + pcm)
        output.flush()


class Blocks:
    """The queue out of PortAudio's thread. When full, it drops the newest block, never older ones.

    Args:
        limit: How many blocks may wait.
    """

    def __init__(self, limit: int) -> None:
        self._queue: queue.SimpleQueue[tuple[bytes, int, float] | None] = queue.SimpleQueue()
        self._limit = limit
        self._lost = 0

    def put(self, data: Any, frames: int, _time: object, status: Any) -> None:
        """Take a block, as PortAudio's callback."""
        if self._queue.qsize() >= self._limit:
            self._lost += frames
            return
        self._queue.put((bytes(data), self._lost or -int(status.input_overflow), time.monotonic()))
        self._lost = 0

    def end(self) -> None:
        """Signal that nothing more comes."""
        self._queue.put(None)

    def get(self) -> tuple[bytes, int, float] | None:
        """Wait for a block, with the frames lost before it and the time of its end; None after the last."""
        return self._queue.get()


def _described(error: Exception) -> Json:
    """Return the contents of a sounddevice error: a text, a code, and the audio system's own error."""
    text, *numbers = error.args
    described: Json = {"text": str(text), "code": int(numbers[0]) if numbers else 0}
    if len(numbers) > 1:
        _, described["host_code"], described["host_text"] = numbers[1]
    return described


def _answer(answer: Json) -> None:
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.flush()


def _end_with_parent() -> None:
    """Exit once nobody holds the other end of standard input."""
    while os.read(0, 1):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
