"""The few classes of FunASR that a streaming Paraformer is made of.

`import funasr` imports every model FunASR has, with transformers, scikit-learn and modelscope among what they
need: 5 to 33 seconds and 290 MB, and it configures the root logger. The modules needed here take half a
second and 22 MB. So the package is entered without running its initialiser, which runs after all as soon as
someone asks the package itself for a name, as `from funasr import AutoModel` does.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec, module_from_spec

from voicechat_common.errors import ErrorCode, VoicechatError

MODULES = (
    "funasr.frontends.wav_frontend",
    "funasr.models.paraformer.cif_predictor",
    "funasr.models.paraformer.decoder",
    "funasr.models.paraformer_streaming.model",
    "funasr.models.scama.encoder",
    "funasr.models.specaug.specaug",
)
"""Importing these enters the classes into FunASR's tables, from which FunASR itself takes them by name."""

INSTALL = "Install it with `pip install 'voicechat[server]'`."


def registered(table: str, name: str) -> Callable[..., object]:
    """Return a class of FunASR by its name in one of FunASR's tables, such as `model_classes`.

    Raises:
        VoicechatError: `missing_dependency`.
    """
    _enter_package()
    try:
        for module in MODULES:
            import_module(module)
        from funasr.register import tables
    except ImportError as error:
        raise VoicechatError(
            ErrorCode.MISSING_DEPENDENCY, f"FunASR can't be imported: {error}.", INSTALL
        ) from error
    found: Callable[..., object] = getattr(tables, table)[name]
    return found


def _enter_package() -> None:
    """Let submodules of FunASR be imported while its initialiser waits for the first use of a name."""
    if "funasr" in sys.modules:
        return
    spec = find_spec("funasr")
    if spec is None or spec.loader is None:
        raise VoicechatError(ErrorCode.MISSING_DEPENDENCY, "FunASR is not installed.", INSTALL)
    package = module_from_spec(spec)
    loader = spec.loader

    def initialise(name: str) -> object:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        del vars(package)["__getattr__"]
        loader.exec_module(package)
        return getattr(package, name)

    vars(package)["__getattr__"] = initialise
    sys.modules["funasr"] = package
