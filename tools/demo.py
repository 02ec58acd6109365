"""`make demo`: the whole kit at work within a minute, without downloading a model.

Starts the real server with the model that ships with the package, streams a recorded sentence to it in real
time with the real client, shows the text as it grows, and stops the server again.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "server/voicechat_server/asr/demo_model/samples/complaint.wav"
CLIENT = Path(sys.executable).with_name("voicechat-tui")
READY_WITHIN_S = 180
ENDS_WITHIN_S = 15

AFTERWARDS = """
That was the model that ships in the package. It knows 293 Chinese characters and synthetic voices, and is
there so that the kit can be tried at once; a human voice gives it little. What to try next:

  VOICECHAT_MODEL=demo make serve        this model, to send your own requests to; http://localhost:8000/docs
  make serve                             the real model: 880 MB, downloaded once
  .venv/bin/voicechat-tui replay FILE    recognise a recording on a server that runs
"""


def main() -> int:
    """Run the demonstration; return the exit status."""
    with running_server() as (process, address):
        if not wait_until_ready(process, f"http://{address}"):
            return 1
        status = replay(f"ws://{address}/ws")
    print(AFTERWARDS if status == 0 else "\nThe demo failed; what stands above says why.")
    return status


@contextmanager
def running_server() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the server on a free port while the context lasts; yield its process and address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "main.py", "--model", "demo", "--port", str(port), "--log-level", "warning"]
    print("$ python main.py --model demo", flush=True)
    with TemporaryDirectory(prefix="voicechat-demo-") as scratch:
        environment = os.environ | {"VOICECHAT_DATABASE": str(Path(scratch) / "chats.db")}
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        try:
            yield process, f"127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], base: str) -> bool:
    """Show what the server is doing until it is ready; return False if it ended or took too long."""
    began = time.monotonic()
    shown = ""
    while time.monotonic() - began < READY_WITHIN_S:
        if process.poll() is not None:
            return False
        detail = state_of(base)
        if detail != shown:
            print(f"  {time.monotonic() - began:4.1f} s  {detail}", flush=True)
            shown = detail
        if detail.startswith("ready"):
            return True
        time.sleep(0.1)
    print(f"The server was not ready after {READY_WITHIN_S} s.", file=sys.stderr)
    return False


def state_of(base: str) -> str:
    """Return the server's status, in one line."""
    try:
        answer = httpx.get(f"{base}/ready").json()
    except httpx.TransportError:
        return "starting"
    return f"{answer['state']}: {answer['detail']}"


def replay(server: str) -> int:
    """Stream the sample in real time, show the text as it grows; return the client's exit status."""
    print(f"\n$ voicechat-tui replay {SAMPLE.name}", flush=True)
    command = [str(CLIENT), "replay", "--json", "--url", server, str(SAMPLE)]
    began = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8") as client:
        for line in client.stdout or ():
            event = json.loads(line)
            if event["type"] in ("partial", "final"):
                print(f"  {time.monotonic() - began:4.1f} s  {event['type']:7}  {event['text']}", flush=True)
    return client.returncode


if __name__ == "__main__":
    sys.exit(main())
