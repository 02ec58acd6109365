"""The commands of the recipe."""

import json
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from tools.demo_model import corpus as sentences_of

app = typer.Typer(no_args_is_help=True, help=__doc__)

DEMO_MODEL = Path(__file__).parents[2] / "server/voicechat_server/asr/demo_model"

Seed = Annotated[int, typer.Option(help="Everything random follows from this number.")]


@app.command()
def corpus(count: Annotated[int, typer.Option(help="How many sentences.")] = 20, seed: Seed = 1) -> None:
    """Print sentences of the grammar."""
    for text in islice(sentences_of.sentences(seed), count):
        print(text)


@app.command()
def synthesize(
    out: Annotated[Path, typer.Argument(help="The .npz file to write.")],
    count: Annotated[int, typer.Option(help="How many utterances.")] = 12_000,
    seed: Seed = 1_000_000,
    workers: Annotated[int, typer.Option(help="How many processes.")] = 2,
) -> None:
    """Make training data: speech by espeak-ng, put through rooms, lines and microphones, as features."""
    from tools.demo_model import dataset

    utterances = list(dataset.training_utterances(seed, count, workers))
    dataset.save(out, utterances)
    hours = sum(len(utterance.frames) for utterance in utterances) / 360_000
    print(f"{out}: {count} utterances, {hours:.1f} hours")


@app.command()
def train(
    data: Annotated[list[Path], typer.Argument(help="Files of the synthesize command.")],
    out: Annotated[Path, typer.Option(help="The model folder to write.")],
    initial: Annotated[
        Path | None, typer.Option(help="A model folder to start from; none: from scratch.")
    ] = None,
    steps: Annotated[int, typer.Option(help="Steps with chunks.")] = 6_000,
    ctc_steps: Annotated[int, typer.Option(help="Steps with CTC alone, before those.")] = 0,
    ctc_weight: Annotated[float, typer.Option(help="The share of CTC in the loss.")] = 0.0,
    peak_rate: Annotated[float, typer.Option(help="The highest learning rate.")] = 6e-4,
    threads: Annotated[int, typer.Option(help="How many threads torch uses.")] = 2,
    seed: Seed = 1,
) -> None:
    """Train the model, from scratch or from weights that exist."""
    from tools.demo_model import dataset, training

    options = training.Options(
        steps=steps,
        ctc_steps=ctc_steps,
        peak_rate=peak_rate,
        ctc_weight=ctc_weight,
        threads=threads,
        seed=seed,
    )
    utterances = [utterance for path in data for utterance in dataset.load(path)]
    training.train(utterances, out, DEMO_MODEL, initial, options)


@app.command()
def evaluate(
    model: Annotated[Path, typer.Argument(help="The model folder to measure.")] = DEMO_MODEL,
    count: Annotated[int, typer.Option(help="Held-out sentences in each condition.")] = 40,
    seed: Seed = 5_000_000,
    samples_folder: Annotated[
        Path, typer.Option("--samples", help="Recordings with transcripts.json.")
    ] = DEMO_MODEL / "samples",
    report: Annotated[Path | None, typer.Option(help="A JSON file for every score and mistake.")] = None,
    threads: Annotated[int, typer.Option(help="How many threads torch uses.")] = 2,
) -> None:
    """Measure a model on held-out speech and on the samples, in two chunk sizes, as a Markdown table."""
    from tools.demo_model import conditions, evaluation

    recogniser = evaluation.Recogniser(model, threads)
    measured = [*conditions.held_out(seed, count).items(), *conditions.of_samples(samples_folder)]
    scores = []
    print("| speech | chunk | exactly right | character error rate |\n|---|---|---|---|")
    for chunk_size in evaluation.CHUNK_SIZES:
        for condition, cases in measured:
            scores.append(evaluation.score(recogniser, condition, cases, chunk_size))
            print(evaluation.table_line(scores[-1]), flush=True)
    if report is not None:
        text = json.dumps([asdict(scored) for scored in scores], ensure_ascii=False, indent=1)
        report.write_text(text + "\n", encoding="utf-8")


@app.command()
def samples(
    out: Annotated[Path, typer.Argument(help="The folder to write.")],
    seed: Seed = 1,
) -> None:
    """Make sample recordings anew, with their transcripts."""
    from tools.demo_model import samples as recordings

    recordings.write(out, seed)
