"""The second argument of `handle`."""

from dataclasses import dataclass
from typing import Any, Callable

from .log import Logger


@dataclass(frozen=True)
class Context:
    emit: Callable[[str, Any], str]
    secret: Callable[[str], str]
    attempt: int
    logger: Logger
    aws: Any
