"""Models with random weights and the sizes of real ones: nothing else affects the cost of a chunk.

The configuration is FunASR's, as published for `paraformer-zh-streaming`. Only the predictor is set
deliberately: it fires a steady 4.2 tokens a second, the rate of Mandarin, so that the decoder has realistic
work.
"""

import json
import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

from bench.staging import staged
from voicechat_server.asr.models.catalog import demo_directory
from voicechat_server.asr.models.directory.description import feature_size, read_description, section_of
from voicechat_server.asr.models.directory.files import CMVN, CONFIG, TOKENS, WEIGHTS

_SEED = 20_240_601

_FIRE_WEIGHT = 0.24
"""CIF weight of a frame; a token fires at 1, and a second has 1000 / 60 frames."""


@dataclass(frozen=True)
class Sizes:
    """The sizes of a streaming Paraformer.

    Attributes:
        name: Names the model's directory.
        blocks: Encoder blocks.
        width: Width of encoder and decoder.
        inner: Width inside the feed-forward layers.
        decoder_blocks: Decoder blocks.
        vocabulary: Tokens.
    """

    name: str
    blocks: int
    width: int
    inner: int
    decoder_blocks: int
    vocabulary: int


REAL = Sizes("real-size", blocks=50, width=512, inner=2048, decoder_blocks=16, vocabulary=8404)
SMALL = Sizes("small", blocks=4, width=128, inner=256, decoder_blocks=2, vocabulary=500)


def provide(sizes: Sizes, cache: Path) -> Path:
    """Return the directory of a model of these sizes in a cache, written now if it is not there."""
    target = cache / sizes.name
    if not target.is_dir():
        with staged(target) as directory:
            _write(sizes, directory)
    return target


def _write(sizes: Sizes, directory: Path) -> None:
    config = _description(sizes)
    tokens = ["<blank>", "<s>", "</s>", *map(chr, range(0x4E00, 0x4E00 + sizes.vocabulary - 4)), "<unk>"]
    shutil.copy(demo_directory() / CMVN, directory / CMVN)
    (directory / TOKENS).write_text(json.dumps(tokens, ensure_ascii=False), encoding="utf-8")
    (directory / CONFIG).write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    _write_weights(config, len(tokens), directory / WEIGHTS)


def _description(sizes: Sizes) -> dict[str, object]:
    """Return the published configuration, which is the demo model's but for the sizes."""
    config = read_description(demo_directory())
    both = {"linear_units": sizes.inner}
    changes: dict[str, dict[str, object]] = {
        "encoder_conf": {**both, "output_size": sizes.width, "num_blocks": sizes.blocks},
        "decoder_conf": {
            **both,
            "num_blocks": sizes.decoder_blocks,
            "att_layer_num": sizes.decoder_blocks,
        },
        "predictor_conf": {"idim": sizes.width},
    }
    return config | {name: section_of(config, name) | change for name, change in changes.items()}


def _write_weights(config: dict[str, object], vocabulary: int, path: Path) -> None:
    import torch

    from voicechat_server.asr.models.loading.funasr_parts import registered

    build = registered("model_classes", "ParaformerStreaming")
    torch.manual_seed(_SEED)
    conf = section_of(config, "model_conf")
    model = cast(
        "torch.nn.Module",
        build(**conf | config | {"input_size": feature_size(config), "vocab_size": vocabulary}),
    )
    fire = cast("torch.nn.Linear", model.get_submodule("predictor").get_submodule("cif_output"))
    with torch.no_grad():
        fire.weight.mul_(0.02)
        fire.bias.fill_(math.log(_FIRE_WEIGHT / (1 - _FIRE_WEIGHT)))
    torch.save(model.state_dict(), path)
