"""From a model directory to a model in memory."""

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.capacity.threads import count_threads
from voicechat_server.asr.models.directory.checks import read_tokens
from voicechat_server.asr.models.directory.description import read_description
from voicechat_server.asr.models.directory.files import ModelFiles
from voicechat_server.asr.models.loading.funasr_parts import INSTALL
from voicechat_server.asr.models.loading.loaded import LoadedModel
from voicechat_server.asr.models.loading.silence_output import silence


def load(files: ModelFiles, device: str, threads: int) -> LoadedModel:
    """Build a model and fill in its weights.

    Unlike FunASR's own loader this one demands every tensor with its shape, computes on the device that was
    asked for or not at all, leaves random seeds alone and prints nothing. It sets the number of threads that
    PyTorch uses for what is called from this thread.

    Args:
        files: A verified model directory.
        device: `cpu`, `cuda`, `cuda:N` or `mps`.
        threads: CPU threads of the model; 0 takes one per core.

    Raises:
        VoicechatError: `missing_dependency`, `bad_setting`, `device_absent`, `model_corrupt` or
            `model_unsupported`.
    """
    try:
        import torch
    except ImportError as error:
        raise VoicechatError(
            ErrorCode.MISSING_DEPENDENCY, f"PyTorch can't be imported: {error}.", INSTALL
        ) from error
    from voicechat_server.asr.models.loading.building import build_frontend, build_model
    from voicechat_server.asr.models.loading.devices import find_device

    target = find_device(device)
    torch.set_num_threads(count_threads(threads))
    config = read_description(files.path)
    tokens = read_tokens(files.path)
    with silence():
        frontend = build_frontend(config, files.path)
        model = build_model(config, files.path, features=frontend.output_size(), vocabulary=len(tokens))
    return LoadedModel(model.to(target), frontend, tokens, config, files.name, files.revision)
