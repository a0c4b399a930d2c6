"""Imports the project's handler by its path in the package."""

import importlib.util
import inspect
import sys

from .errors import PackageError


def load_handle(root, path):
    file = root / path
    if file.is_dir():
        file = file / "main.py"
    if not file.is_file():
        raise PackageError(f"handler `{path}` is not in the package")
    _make_importable(file.parent, root)
    return _handle_of(_import(file, path), path)


def _make_importable(*folders):
    # At the end: a project file called `email.py` or `queue.py` must not hide the module that boto3 needs.
    for folder in map(str, folders):
        if folder not in sys.path:
            sys.path.append(folder)


def _import(file, path):
    spec = importlib.util.spec_from_file_location("pipec_handler", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickle look their module up here
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise PackageError(f"handler `{path}` cannot be imported: {type(error).__name__}: {error}") from error
    return module


def _handle_of(module, path):
    handle = getattr(module, "handle", None)
    if not callable(handle):
        raise PackageError(f"handler `{path}` has no function `handle(event, context)`")
    # Calling one of these runs nothing: every event would be lost without an error.
    if inspect.iscoroutinefunction(handle) or inspect.isgeneratorfunction(handle) or inspect.isasyncgenfunction(handle):
        raise PackageError(f"`handle` in `{path}` must be a plain function, without `async` or `yield`")
    return handle
