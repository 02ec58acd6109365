"""Names of the files of an exported model, which are FunASR's."""

ENCODER = "model_quant.onnx"
DECODER = "decoder_quant.onnx"
TOKEN_TABLE = "tokens.txt"  # noqa: S105 - no secret
"""sherpa-onnx's table of tokens: each with its number."""
