"""Continuous integrate-and-fire over the rows of a batch.

The recurrence is FunASR's `CifPredictorV2.forward_chunk`, with the loop over rows turned into arithmetic on
rows; operations on one row keep FunASR's order, so that a row's result does not depend on its company.
Method: Dong and Xu, CIF (https://arxiv.org/abs/1905.11235).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from voicechat_server.asr.paraformer.modules import Predictor
from voicechat_server.asr.paraformer.rows import Rows


@dataclass(frozen=True)
class Fired:
    """What fired in one chunk of every row.

    Attributes:
        embeddings: Acoustic embeddings, padded: [rows, most tokens, width].
        middles: Index of the frame in which half of each token's weight had come; behind them, that of the
            token whose weight is left over, as many as there are frames if not half of it has come:
            [rows, most tokens + 1].
        counts: Tokens of each row: [rows].
        alpha: Weight left over for the next chunk: [rows].
        hidden: Its frame, normalised: [rows, width].
    """

    embeddings: Tensor
    middles: Tensor
    counts: Tensor
    alpha: Tensor
    hidden: Tensor


def integrate_and_fire(hidden: Tensor, alphas: Tensor, threshold: float) -> Fired:
    """Integrate frame weights and emit an embedding whenever they reach the threshold.

    Args:
        hidden: [rows, frames, width]; the first frame is what the previous chunk left over.
        alphas: [rows, frames], in [0, 1]; padding frames have weight 0 and change nothing.
        threshold: The weight that makes a token.
    """
    rows, frames, width = hidden.shape
    integrate = hidden.new_zeros(rows)
    frame = hidden.new_zeros(rows, width)
    emitted: list[Tensor] = []
    fires: list[Tensor] = []
    for t in range(frames):
        alpha, h = alphas[:, t], hidden[:, t]
        total = alpha + integrate
        fire = total >= threshold
        fires.append(fire)
        if not bool(fire.any()):
            emitted.append(frame)
            integrate = total
            frame = frame + alpha[:, None] * h
            continue
        emitted.append(frame + (threshold - integrate)[:, None] * h)
        integrate = torch.where(fire, total - threshold, total)
        frame = torch.where(fire[:, None], integrate[:, None] * h, frame + alpha[:, None] * h)
    fired = torch.stack(fires, dim=1)
    counts = fired.sum(dim=1)
    left = torch.where(
        (integrate > 0)[:, None], frame / torch.where(integrate > 0, integrate, 1.0)[:, None], frame
    )
    most = int(counts.max()) if rows else 0
    # A stable sort brings the frames that fired to the front, in order.
    order = (~fired).to(torch.int8).argsort(dim=1, stable=True)[:, :most]
    valid = torch.arange(most, device=hidden.device)[None, :] < counts[:, None]
    # A token fires late where a pause follows it, but its middle tells when it was spoken.
    halves = (torch.arange(most + 1, device=hidden.device) + 0.5) * threshold
    middles = torch.searchsorted(alphas.cumsum(dim=1), halves.expand(rows, -1).contiguous())
    embeddings = torch.stack(emitted, dim=1).gather(1, order[:, :, None].expand(-1, -1, width))
    return Fired(
        embeddings=embeddings * valid[:, :, None],
        middles=middles,
        counts=counts,
        alpha=integrate,
        hidden=left,
    )


class CifStepper:
    """Steps FunASR's CIF predictor for the rows of a batch.

    Args:
        predictor: The model's `CifPredictorV2`.
        current: The frames of a chunk that are its own: behind the left context, before the look-ahead.
    """

    def __init__(self, predictor: Predictor, current: slice) -> None:
        self._predictor = predictor
        self._current = current

    def step(self, encoded: Tensor, rows: Rows, hidden: Tensor, alpha: Tensor) -> Fired:
        """Fire the tokens of one chunk of every row.

        Args:
            encoded: The encoder's output, zero where padded, [rows, frames, width].
            rows: The rows of the batch.
            hidden: Frames carried over, of all segments, [segments, width]; updated.
            alpha: Their weights, [segments]; updated.
        """
        frames = self._frames(rows)
        # The weight of a frame depends on its neighbours, too.
        alphas = self._weights(encoded[:, : frames + 1])[:, :frames]
        encoded = encoded[:, :frames]
        alphas = alphas.masked_fill(rows.padding(frames), 0.0)
        alphas[:, : self._current.start] = 0.0
        alphas[:, self._current.stop :].masked_fill_(~rows.final[:, None], 0.0)
        tail = rows.final.to(alphas.dtype) * self._predictor.tail_threshold
        fired = integrate_and_fire(
            torch.cat((hidden[rows.slots][:, None], encoded, torch.zeros_like(encoded[:, :1])), dim=1),
            torch.cat((alpha[rows.slots][:, None], alphas, tail[:, None]), dim=1),
            self._predictor.threshold,
        )
        hidden.index_copy_(0, rows.slots, fired.hidden)
        alpha.index_copy_(0, rows.slots, fired.alpha)
        return fired

    def _frames(self, rows: Rows) -> int:
        """Return how many frames count: of a segment that goes on, those of the look-ahead do not yet."""
        return int(torch.where(rows.final, rows.lengths, rows.lengths.clamp(max=self._current.stop)).max())

    def _weights(self, encoded: Tensor) -> Tensor:
        predictor = self._predictor
        context = predictor.pad(encoded.transpose(1, 2))
        output = predictor.cif_output(torch.relu(predictor.cif_conv1d(context)).transpose(1, 2))
        weights = torch.relu(torch.sigmoid(output) * predictor.smooth_factor - predictor.noise_threshold)
        return weights.squeeze(-1)
