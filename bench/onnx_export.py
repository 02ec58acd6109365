"""A model exported by FunASR itself, quantised to int8, for `funasr-onnx` and `sherpa-onnx`.

    python -m bench.onnx_export MODEL TARGET

Needs all of PyTorch and FunASR, so it runs as a separate program.
"""

import functools
import json
import shutil
import sys
from pathlib import Path

import onnx
import torch

from bench.onnx_files import ENCODER, TOKEN_TABLE
from bench.staging import staged
from voicechat_server.asr.models.directory.description import read_description, section_of
from voicechat_server.asr.models.directory.files import CMVN, CONFIG, TOKENS


def export(model: Path, target: Path) -> None:
    """Write the exported model of a directory into a new one."""
    from funasr import AutoModel

    # FunASR describes its dynamic axes in the way of PyTorch's older exporter.
    torch.onnx.export = functools.partial(torch.onnx.export, dynamo=False)
    with staged(target) as directory:
        loaded = AutoModel(model=str(model), disable_update=True, device="cpu")
        loaded.export(type="onnx", quantize=True, output_dir=str(directory))
        for name in ("model.onnx", "decoder.onnx"):
            (directory / name).unlink()
        for name in (CONFIG, TOKENS, CMVN):
            shutil.copy(model / name, directory / name)
        _describe_for_sherpa(model, directory)


def _describe_for_sherpa(model: Path, directory: Path) -> None:
    """Write what sherpa-onnx wants beside the graphs: facts in the encoder's metadata, a table of tokens."""
    config = read_description(model)
    tokens = json.loads((model / TOKENS).read_text(encoding="utf-8"))
    frontend = section_of(config, "frontend_conf")
    decoder = section_of(config, "decoder_conf")
    shift, scale = _normalisation(model / CMVN)
    facts = {
        "model_type": "paraformer",
        "vocab_size": len(tokens),
        "lfr_window_size": frontend["lfr_m"],
        "lfr_window_shift": frontend["lfr_n"],
        "encoder_output_size": section_of(config, "encoder_conf")["output_size"],
        "decoder_num_blocks": decoder["num_blocks"],
        "decoder_kernel_size": decoder["kernel_size"],
        "neg_mean": ",".join(shift),
        "inv_stddev": ",".join(scale),
    }
    graph = onnx.load(directory / ENCODER)
    onnx.helper.set_model_props(graph, {name: str(value) for name, value in facts.items()})
    onnx.save(graph, directory / ENCODER)
    lines = [f"{token} {index}\n" for index, token in enumerate(tokens)]
    (directory / TOKEN_TABLE).write_text("".join(lines), encoding="utf-8")


def _normalisation(path: Path) -> tuple[list[str], list[str]]:
    """Return the shift and the scale of each feature from Kaldi's text file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    shift, scale = (line.split()[3:-1] for line in lines if line.startswith("<LearnRateCoef>"))
    return shift, scale


if __name__ == "__main__":
    export(Path(sys.argv[1]), Path(sys.argv[2]))
