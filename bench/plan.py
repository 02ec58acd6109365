"""What one run measures, and how thoroughly."""

from dataclasses import dataclass

from bench.arrangements import Arrangement
from bench.live import LivePlan
from bench.models import REAL, SMALL, Sizes
from voicechat_server.asr.paraformer.precision import Precision


@dataclass(frozen=True)
class Plan:
    """How thorough a run is.

    Attributes:
        sizes: The model's.
        chunks: Chunks of another system whose median counts.
        batches: Batch sizes of this project's engine.
        repetitions: Steps whose median counts.
        live: How streams are put to the test.
        arrangements: In how many arrangements of processes and threads another system is measured at most.
        rounds: How often the others are measured, from the beginning of the run to its end; the median
            counts.
    """

    sizes: Sizes
    chunks: int
    batches: tuple[int, ...]
    repetitions: int
    live: LivePlan
    arrangements: int
    rounds: int


FULL = Plan(
    REAL,
    chunks=20,
    batches=(1, 2, 4, 8, 16, 32),
    repetitions=10,
    live=LivePlan(first=16, limit=400, trial_s=12, confirm_s=20, confirmations=3),
    arrangements=3,
    rounds=3,
)
QUICK = Plan(
    SMALL,
    chunks=5,
    batches=(1, 2, 4),
    repetitions=3,
    live=LivePlan(first=2, limit=2, trial_s=3, confirm_s=3, confirmations=1),
    arrangements=1,
    rounds=1,
)


def precisions(device: str) -> tuple[Precision, ...]:
    """Return the number formats that are measured on a device."""
    if device == "cpu":
        return (Precision.INT8, Precision.FP32)
    return (Precision.FP16, Precision.BF16, Precision.FP32)


def stock_arrangements(device: str, cores: int) -> tuple[Arrangement, ...]:
    """Return how FunASR itself is run: in one process, and on a CPU also in one for each core."""
    one = Arrangement(1, cores)
    return (one, Arrangement(cores, 1)) if device == "cpu" else (one,)


def onnx_arrangements(cores: int) -> tuple[Arrangement, ...]:
    """Return how systems on ONNX Runtime are run: alone on one core and on all, and one for each core."""
    return (Arrangement(1, 1), Arrangement(1, cores), Arrangement(cores, 1))
