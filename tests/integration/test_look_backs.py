"""What -1 means as a look-back, which FunASR takes differently for its encoder and its decoder."""

import pytest

from tests.support.demo import demo_model
from voicechat_server.asr.paraformer.network import Network
from voicechat_server.asr.paraformer.stepper import ParaformerStepper
from voicechat_server.settings.model import Settings


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(demo_model())


def state_bytes(network: Network, encoder: int, decoder: int) -> int:
    stepper = ParaformerStepper(network, encoder_look_back=encoder, decoder_look_back=decoder)
    return stepper.state_bytes((0, 10, 5))


def said_of(setting: str) -> str:
    return (Settings.model_fields[setting].description or "").partition("; ")[2]


def test_of_the_decoder_it_means_none_and_is_said_to(network: Network) -> None:
    assert state_bytes(network, 4, -1) == state_bytes(network, 4, 0) < state_bytes(network, 4, 1)
    assert said_of("decoder_chunk_look_back") == "-1, as 0, for none."


def test_of_the_encoder_it_means_all_and_is_said_to(network: Network) -> None:
    assert state_bytes(network, -1, 1) > state_bytes(network, 4, 1)
    assert said_of("encoder_chunk_look_back") == "-1 for all of the segment."
