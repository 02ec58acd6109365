"""FunASR's own results, to compare with; its package is entered without its slow start."""

from collections.abc import Sequence

from voicechat_server.asr.models.funasr_parts import registered


def text_by_funasr(tokens: Sequence[str]) -> str:
    """What FunASR makes of the tokens of one call."""
    registered("model_classes", "ParaformerStreaming")
    from funasr.utils.postprocess_utils import sentence_postprocess

    text, _ = sentence_postprocess(list(tokens))
    return str(text)
