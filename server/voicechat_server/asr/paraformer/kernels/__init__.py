"""The int8 steps of encoder and decoder on processors with AVX2, compiled by Numba when a model is loaded.

PyTorch's own 8-bit linear maps are made for processors with VNNI. Without it, half of what they do is to
widen sums to 32 bits. Here the weights' scales are chosen so that sums of four products fit into 16 bits, and
everything between the linear maps is fused with them, on exactly the frames there are.
"""

from voicechat_server.asr.paraformer.kernels.decoder import DecoderKernel
from voicechat_server.asr.paraformer.kernels.encoder import EncoderKernel
from voicechat_server.asr.paraformer.kernels.support import are_faster_here, can_run_here, fit

__all__ = ["DecoderKernel", "EncoderKernel", "are_faster_here", "can_run_here", "fit"]
