"""The Lambda entry point. Importing it is the cold start, so a broken package fails here and not at an event."""

from pathlib import Path

from .config import load_config
from .handler import load_handle
from .runtime import Runtime

_root = Path(__file__).absolute().parent.parent
_config = load_config(_root)
_runtime = Runtime(_config, load_handle(_root, _config.handler), root=_root)


def handler(event, context):
    return _runtime.invoke(event, context)
