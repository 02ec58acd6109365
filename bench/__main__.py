"""The recognition benchmark: this project compared with other systems, on this machine, in one run.

python -m bench            the model of real size; takes half an hour and 1.2 GB of disk for the first time
python -m bench --quick    a small model, to see that everything runs; its figures say nothing
"""

import argparse
import sys
import time
from pathlib import Path

from bench.plan import FULL, QUICK
from bench.run import measure
from bench.table import tables

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a small model and short measurements")
    parser.add_argument("--device", default="cpu", help="where to compute: cpu, cuda:N [cpu]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the figures")
    parser.add_argument(
        "--cache", type=Path, default=ROOT / ".cache" / "bench", help="where models are kept [.cache/bench]"
    )
    options = parser.parse_args()
    plan = QUICK if options.quick else FULL
    began = time.monotonic()

    def log(sentence: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {sentence}", file=sys.stderr, flush=True)

    figures = measure(plan, options.device, options.cache, quick=options.quick, log=log)
    print(tables(figures))
    if options.json:
        options.json.write_text(figures.model_dump_json(indent=2) + "\n", encoding="utf-8")
    if options.plot:
        from bench.plot import draw

        draw(figures, options.plot)


if __name__ == "__main__":
    main()
