"""Microphones that exist only in software: what is played into a null sink, its monitor records."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.programs import require, require_portaudio
from tests.support.waiting import WITHIN_S, until

_PROGRAMS = ("pulseaudio", "pactl", "paplay")
_PACKAGES = "pulseaudio pulseaudio-utils libportaudio2 libasound2-plugins"


class NullSink:
    """One microphone, with a sound server of its own: a stream on it can't be moved to another microphone.

    Args:
        name: What PortAudio calls it.
        directory: Where its sound server keeps its socket and its state.
        environment: The variables with which a process finds all microphones there are, instead of the
            machine's own; the first of them is the default. PortAudio reads them when it is initialised.
    """

    def __init__(self, name: str, directory: Path, environment: dict[str, str]) -> None:
        self.name = name
        self.environment = environment
        self._server = f"unix:{socket_of(directory)}"
        self._own = {**os.environ, **_private(directory), "PULSE_SERVER": self._server}
        self._module: str | None = None

    def play(self, path: Path) -> None:
        """Speak a recording into the microphone; return when it was said."""
        # A shorter latency is more than a loaded machine can keep.
        command = ("paplay", f"--device={self.name}", "--latency-msec=1000", str(path))
        self._run(*command)

    def plug_in(self) -> None:
        """Let the microphone be there."""
        # Without rewinds the sink works in blocks of 50 ms instead of 2 s.
        sink = ("module-null-sink", f"sink_name={self.name}", "rate=48000", "channels=2", "norewinds=1")
        self._module = self._run("pactl", "load-module", *sink).strip()

    def unplug(self) -> None:
        """Take the microphone away; streams on it break off."""
        assert self._module is not None
        self._run("pactl", "unload-module", self._module)
        self._module = None

    def wait_for_server(self) -> None:
        """Return once the sound server answers."""

        def answers() -> bool:
            done = subprocess.run(("pactl", "info"), env=self._own, capture_output=True, check=False)
            return done.returncode == 0

        until(answers, lambda: "the sound server does not answer")

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command, env=self._own, capture_output=True, text=True, check=False, timeout=WITHIN_S
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def null_sink(name: str = "headset") -> Iterator[NullSink]:
    """A machine with one microphone, while the context lasts."""
    with null_sinks(name) as (sink,):
        yield sink


@contextmanager
def null_sinks(*names: str) -> Iterator[list[NullSink]]:
    """A machine with these microphones, all plugged in, while the context lasts; the first is its default."""
    require(*_PROGRAMS, package=_PACKAGES)
    require_portaudio()
    with ExitStack() as stack:
        # The path of a socket must be short, which pytest's own directories are not.
        base = Path(stack.enter_context(TemporaryDirectory(prefix="vc-sound-")))
        environment = {"ALSA_CONFIG_PATH": str(base / "asound.conf"), **_private(base)}
        (base / "asound.conf").write_text(_alsa_config(base, names), encoding="utf-8")
        sinks = [NullSink(name, base / name, environment) for name in names]
        for sink in sinks:
            stack.enter_context(_sound_server(base / sink.name))
        for sink in sinks:
            sink.wait_for_server()
            sink.plug_in()
        yield sinks


def no_microphone(directory: Path) -> dict[str, str]:
    """The variables with which a process finds no microphone at all."""
    # PortAudio aborts the process if there is no device at all, not even one that does not open.
    (directory / "asound.conf").write_text("pcm.absent { type hw card 31 }\n", encoding="utf-8")
    return {"ALSA_CONFIG_PATH": str(directory / "asound.conf"), **_private(directory)}


def socket_of(directory: Path) -> Path:
    """Where the sound server of a directory listens."""
    return directory / "native"


@contextmanager
def _sound_server(directory: Path) -> Iterator[None]:
    directory.mkdir(mode=0o700)
    command = (
        "pulseaudio",
        "-n",
        "--system=false",
        "--daemonize=no",
        "--use-pid-file=no",
        "--exit-idle-time=-1",
        "--disable-shm=yes",
        "--log-level=error",
        "-L",
        f"module-native-protocol-unix socket={socket_of(directory)} auth-anonymous=1",
    )
    process = subprocess.Popen(command, env={**os.environ, **_private(directory)})
    try:
        yield
    finally:
        process.terminate()
        process.wait(WITHIN_S)


def _private(directory: Path) -> dict[str, str]:
    """Variables that keep sound servers and their clients away from the user's own."""
    return {
        "PULSE_RUNTIME_PATH": str(directory),
        "PULSE_STATE_PATH": str(directory),
        "PULSE_COOKIE": str(directory / "cookie"),
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        "JACK_NO_START_SERVER": "1",
    }


def _alsa_config(base: Path, names: tuple[str, ...]) -> str:
    """Tell ALSA, and with it PortAudio, of these microphones and nothing else."""

    def device(name: str, sink: str) -> str:
        server = f"unix:{socket_of(base / sink)}"
        return f'pcm.{name} {{ type pulse device "{sink}.monitor" server "{server}" }}\n'

    return device("!default", names[0]) + "".join(device(name, name) for name in names)
