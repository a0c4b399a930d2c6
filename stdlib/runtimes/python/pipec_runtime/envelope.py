"""Turns a CloudEvents 1.0 envelope into the event that `handle` gets."""

import re
from dataclasses import dataclass

from .errors import Rejected

_MAX_ATTRIBUTE = 256  # these attributes reach every log line
_VERSION = re.compile(r"\.v[0-9]+\Z")


class Data(dict):
    """A dict whose fields are attributes too; where a dict method has the name, `data["items"]` is the field."""

    __slots__ = ()

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the event has no field `{name}`") from None

    __setattr__ = dict.__setitem__
    __delattr__ = dict.__delitem__


@dataclass(frozen=True)
class Event:
    id: str
    type: str
    source: str
    time: str | None
    data: object


def open_envelope(value, config):
    # https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes
    if not isinstance(value, dict) or value.get("specversion") != "1.0":
        raise Rejected("not a CloudEvents 1.0 envelope")
    for name in ("id", "type", "source") + (("time",) if value.get("time") is not None else ()):
        if attribute(value, name) is None:
            raise Rejected(f"expected a text of 1 to {_MAX_ATTRIBUTE} characters", f"/{name}")
    # An older version may still be on its way, or be replayed: the schema decides about that.
    if _VERSION.sub("", value["type"]) != _VERSION.sub("", config.type):
        raise Rejected("the type of another event", "/type")
    if "data" not in value:
        raise Rejected("missing", "/data")
    config.schema.accept(value["data"], "/data")
    return Event(value["id"], value["type"], value["source"], value.get("time"), _wrap(value["data"]))


def attribute(envelope, name):
    found = envelope.get(name) if isinstance(envelope, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= _MAX_ATTRIBUTE else None


def _wrap(value):
    if isinstance(value, dict):
        return Data((name, _wrap(one)) for name, one in value.items())
    if isinstance(value, list):
        return [_wrap(one) for one in value]
    return value
