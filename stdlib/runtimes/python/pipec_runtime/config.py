"""Reads `pipec.json`, which the compiler writes into the package."""

import json
from dataclasses import dataclass

from .errors import PackageError
from .schema import Schema
from .where import Where


@dataclass(frozen=True)
class Emits:
    type: str
    source: str
    schema: Schema
    key: str | None


@dataclass(frozen=True)
class Responds:
    event_name: str
    schema: Schema | None


@dataclass(frozen=True)
class Config:
    type: str
    subscriber: str
    handler: str
    schema: Schema
    secrets: tuple
    emits: dict
    where: Where | None
    responds: Responds | None
    secrets_env: tuple


def load_config(root):
    try:
        return parse_config(json.loads((root / "pipec.json").read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise PackageError(f"pipec.json cannot be read: {error}") from error


def parse_config(document):
    where, responds = document.get("where"), document.get("responds")
    if where is not None and responds is not None:
        raise PackageError("pipec.json has both `where` and `responds`: a caller who waits is not passed over")
    try:
        emits = {
            name: Emits(one["type"], one["source"], Schema(one["schema"]), one.get("key"))
            for name, one in document.get("emits", {}).items()
        }
        return Config(
            document["type"],
            document["subscriber"],
            document["handler"],
            Schema(document["schema"]),
            tuple(document.get("secrets", ())),
            emits,
            None if where is None else Where(where),
            None if responds is None else Responds(document["event"], _schema_of(responds)),
            tuple(document.get("secrets_env", ())),
        )
    except KeyError as error:
        raise PackageError(f"pipec.json has no {error}") from error


def _schema_of(responds):
    schema = responds.get("schema")
    return None if schema is None else Schema(schema)
