"""Find, download, verify and load a model; the only part of the project that talks to a model hub.

Everything here blocks: call it from a worker thread. Importing this package imports neither PyTorch nor
FunASR; `verify`, `resolve` and `load` do, when they need them.
"""

from voicechat_server.asr.models.directory.checks import verify
from voicechat_server.asr.models.directory.files import ModelFiles, Progress
from voicechat_server.asr.models.loading.loaded import LoadedModel
from voicechat_server.asr.models.loading.loader import load
from voicechat_server.asr.models.resolving import resolve

__all__ = ["LoadedModel", "ModelFiles", "Progress", "load", "resolve", "verify"]
