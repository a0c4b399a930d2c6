"""Reads `pipec.json`, which the compiler writes into the package."""

import json
from dataclasses import dataclass

from .errors import PackageError
from .schema import Schema


@dataclass(frozen=True)
class Emits:
    type: str
    source: str
    schema: Schema


@dataclass(frozen=True)
class Config:
    type: str
    subscriber: str
    handler: str
    schema: Schema
    secrets: tuple
    emits: dict


def load_config(root):
    try:
        return parse_config(json.loads((root / "pipec.json").read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise PackageError(f"pipec.json cannot be read: {error}") from error


def parse_config(document):
    try:
        emits = {
            name: Emits(one["type"], one["source"], Schema(one["schema"]))
            for name, one in document.get("emits", {}).items()
        }
        return Config(
            document["type"],
            document["subscriber"],
            document["handler"],
            Schema(document["schema"]),
            tuple(document.get("secrets", ())),
            emits,
        )
    except KeyError as error:
        raise PackageError(f"pipec.json has no {error}") from error
