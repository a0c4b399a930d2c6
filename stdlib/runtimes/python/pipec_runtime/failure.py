"""Describes an error without its text: what others write into an error may hold payload values."""

import traceback
from pathlib import Path

from .errors import PipecError, Rejected


def code_of(error):
    # botocore's ClientError keeps the service's code, such as NoSuchKey, in `response`.
    response = getattr(error, "response", None)
    details = response.get("Error") if isinstance(response, dict) else None
    return details["Code"] if isinstance(details, dict) and "Code" in details else type(error).__name__


def describe(error, root):
    if isinstance(error, Rejected):
        found = {"reason": error.reason, "pointer": error.pointer, "object": error.source}
        return {name: value for name, value in found.items() if value is not None}
    fields = {"error": type(error).__name__, "at": _frames(error, root)}
    if isinstance(error, PipecError):
        fields["reason"] = str(error)
    elif code_of(error) != type(error).__name__:
        fields["code"] = code_of(error)
    return fields


def _frames(error, root):
    runtime = Path(__file__).parent
    frames = []
    for frame in traceback.extract_tb(error.__traceback__):
        file = Path(frame.filename)
        if file.is_relative_to(root) and not file.is_relative_to(runtime):
            frames.append(f"{file.relative_to(root)}:{frame.lineno}")
    return frames[-10:]
