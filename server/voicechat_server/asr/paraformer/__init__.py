"""Streaming Paraformer for many streams at once, on FunASR's own modules and weights.

FunASR steps one stream at a time (`ParaformerStreaming.generate_chunk`). Here the chunks of all streams that
are due run as one batch: look-back padded and masked, positions offset per row, CIF vectorised over rows,
the decoder only for rows that fired, and every row's state scattered back. The tokens are those of FunASR.

Source of the arithmetic: FunASR (https://github.com/modelscope/FunASR), Paraformer (Gao et al.,
https://arxiv.org/abs/2206.08317) and SCAMA (Zhang et al., https://arxiv.org/abs/2006.01712).
"""
