"""Training of the streaming Paraformer, from scratch or from weights that exist."""

import json
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol, cast

import torch
from funasr.frontends.wav_frontend import load_cmvn
from torch.optim.swa_utils import AveragedModel

from tools.demo_model import batches, corpus, model_folder
from tools.demo_model.batches import Batch
from tools.demo_model.dataset import Utterance

LOOK_AHEAD = 5
STATISTICS_FROM = 3_000
SAVE_EVERY = 50
REPORT_EVERY = 10
LOWEST_RATE = 0.02
LARGEST_GRADIENT = 5.0


@dataclass(frozen=True)
class Options:
    """How to train.

    Attributes:
        steps: Optimiser steps with chunks, predictor and decoder.
        ctc_steps: Steps before those that train the encoder alone, with CTC, on whole utterances.
        peak_rate: The highest learning rate; it falls to 2 % of that along a cosine.
        warmup_steps: Steps on which the rate rises.
        ctc_weight: The share of CTC in the loss with chunks.
        batch_frames: The most stacked frames in a batch.
        averaging: The decay of the moving average of the weights that is saved.
        threads: How many threads torch uses.
        seed: The source of every chance.
    """

    steps: int
    ctc_steps: int = 0
    peak_rate: float = 6e-4
    warmup_steps: int = 50
    ctc_weight: float = 0.0
    batch_frames: int = 1_500
    averaging: float = 0.99
    threads: int = 2
    seed: int = 1


class Encoder(Protocol):
    """What training touches of FunASR's chunked encoder."""

    overlap_chunk_cls: object
    embed: torch.nn.Module

    def output_size(self) -> int:
        """Return the width of the output."""

    def __call__(
        self, speech: torch.Tensor, lengths: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Encode features; the results are the encoded frames, their count, and nothing."""


def encoder_of(model: torch.nn.Module) -> Encoder:
    """Return the model's encoder."""
    return cast("Encoder", model.get_submodule("encoder"))


def learning_rate(step: int, options: Options) -> float:
    """Compute the rate of a step: it rises, then stays with CTC (steps below 0) or falls with chunks."""
    since_start = step if step >= 0 else step + options.ctc_steps
    if since_start < options.warmup_steps:
        return options.peak_rate * max(since_start / options.warmup_steps, LOWEST_RATE)
    if step < 0:
        return options.peak_rate
    done = min(1.0, (step - options.warmup_steps) / max(1, options.steps - options.warmup_steps))
    return options.peak_rate * (LOWEST_RATE + (1 - LOWEST_RATE) * 0.5 * (1 + math.cos(math.pi * done)))


def prepare_folder(
    out: Path, architecture: Path, utterances: Sequence[Utterance], initial: Path | None
) -> None:
    """Give the new folder its config, tokens and statistics: those of `initial`, or of the data."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(architecture / "config.yaml", out / "config.yaml")
    (out / "tokens.json").write_text(json.dumps(corpus.tokens(), ensure_ascii=False), encoding="utf-8")
    if initial is None:
        sample = utterances[:STATISTICS_FROM]
        model_folder.write_statistics(out, [utterance.frames for utterance in sample])
    else:
        shutil.copyfile(initial / "am.mvn", out / "am.mvn")


def chunked_loss(model: torch.nn.Module, batch: Batch) -> torch.Tensor:
    """Compute the loss as it is when streaming; the encoder draws one of its chunk sizes."""
    loss: torch.Tensor
    loss, _, _ = model(batch.speech, batch.speech_lengths, batch.text, batch.text_lengths)
    return loss


def whole_utterance_ctc_loss(model: torch.nn.Module, batch: Batch) -> torch.Tensor:
    """Compute the CTC loss of the encoder with no chunks, from which alignments are quickly learnt."""
    encoder = encoder_of(model)
    chunks, encoder.overlap_chunk_cls = encoder.overlap_chunk_cls, None
    try:
        encoded, lengths, _ = encoder(batch.speech, batch.speech_lengths)
    finally:
        encoder.overlap_chunk_cls = chunks
    loss: torch.Tensor = model.get_submodule("ctc")(encoded, lengths, batch.text, batch.text_lengths)
    return loss


def endless_batches(
    model: torch.nn.Module, utterances: Sequence[Utterance], folder: Path, options: Options
) -> Iterator[Batch]:
    """Yield batches of the utterances, epoch after epoch, each utterance with the start of a stream."""
    encoder = encoder_of(model)
    lead_in = batches.stream_start(encoder.embed, LOOK_AHEAD, math.sqrt(encoder.output_size()))
    normalise = batches.normaliser(load_cmvn(folder / "am.mvn"))
    rng = Random(options.seed)
    while True:
        yield from batches.epoch(utterances, normalise, lead_in, options.batch_frames, rng)


def optimise(
    model: torch.nn.Module, optimiser: torch.optim.Optimizer, loss: torch.Tensor, rate: float
) -> None:
    """Take one step against the gradient of a loss."""
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
    optimiser.step()


def train(
    utterances: Sequence[Utterance], out: Path, architecture: Path, initial: Path | None, options: Options
) -> None:
    """Train and write a model folder; its weights are renewed every 50 steps.

    Args:
        utterances: The training data.
        out: The model folder to write.
        architecture: A folder whose `config.yaml` is taken.
        initial: A folder whose weights and statistics are the start; None starts from scratch.
        options: How to train.

    Raises:
        ValueError: CTC steps are wanted but CTC has no weight, or the initial weights do not fit.
    """
    if options.ctc_steps and not options.ctc_weight:
        raise ValueError("training the encoder with CTC first needs a CTC weight above 0")
    prepare_folder(out, architecture, utterances, initial)
    model = model_folder.build(out, options.ctc_weight, options.threads)
    if initial is not None:
        model_folder.load_weights(model, initial)
    torch.manual_seed(options.seed)
    averaged = AveragedModel(
        model, avg_fn=lambda average, current, _: torch.lerp(average, current, 1 - options.averaging)
    )
    optimiser = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=1e-4)
    model.train()
    stream = endless_batches(model, utterances, out, options)
    started = time.monotonic()
    for step in range(-options.ctc_steps, options.steps):
        batch = next(stream)
        loss = whole_utterance_ctc_loss(model, batch) if step < 0 else chunked_loss(model, batch)
        rate = learning_rate(step, options)
        optimise(model, optimiser, loss, rate)
        averaged.update_parameters(model)
        if step % REPORT_EVERY == 0:
            minutes = (time.monotonic() - started) / 60
            print(f"step {step} loss {loss.item():.3f} rate {rate:.6f} {minutes:.1f} min", flush=True)
        if step % SAVE_EVERY == 0 or step + 1 == options.steps:
            model_folder.save_weights(averaged.module, out)
