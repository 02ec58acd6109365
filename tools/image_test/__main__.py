"""Build the images, then show one after another that they do what the guide says."""

import time

from tests.support.hub import closed_port
from tools.image_test.base import make_base
from tools.image_test.building import build
from tools.image_test.checks import (
    check_cache,
    check_data_kept,
    check_description,
    check_service,
    volume,
)
from tools.image_test.container import mounted
from tools.image_test.store import empty_store, refuse_unable_machine

SERVER = "localhost/voice-chat-backend"
CLIENT = "localhost/voice-chat-client"
_began = time.monotonic()


def say(text: str) -> None:
    """Print the test's progress."""
    print(f"[{time.monotonic() - _began:4.0f} s] {text}", flush=True)


def main() -> None:
    """Run the whole test; the first thing that is wrong ends it."""
    refuse_unable_machine()
    empty_store()
    try:
        build_and_check()
    finally:
        empty_store()
    say("passed")


def build_and_check() -> None:
    """Build the images, and show what each does."""
    say("making the base image")
    base = make_base()
    say("building the server with the demo model, without a hub")
    build(SERVER, "server", base, MODEL="demo", HUB_ENDPOINT=f"http://127.0.0.1:{closed_port()}")
    say("building the client")
    build(CLIENT, "client", base)
    with mounted(SERVER) as image, mounted(CLIENT) as client, volume(image) as data:
        say(f"description: {check_description(image)}")
        say(f"service: {check_service(image, client, data)}")
        say(f"data: {check_data_kept(image, data)}")
        say(f"cache: {check_cache(image)}")


if __name__ == "__main__":
    main()
