"""Publishes the events that the subscriber declares in `emits`."""

from datetime import datetime, timezone
from uuid import uuid4

from .errors import EmitError, Rejected
from .strict_json import dump, plain
from .target import send


class Emitter:
    def __init__(self, emits, clients, environ):
        self._emits = emits
        self._clients = clients
        self._environ = environ

    def emit(self, name, data):
        """Returns the new event's id once the topic or the stream has it."""
        declared, target = self._declared(name)
        envelope = {
            "specversion": "1.0",
            "id": str(uuid4()),
            "type": declared.type,
            "source": declared.source,
            "time": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "datacontenttype": "application/json",
            "data": _checked(name, data, declared.schema),
        }
        try:
            send(target, envelope, dump(envelope), declared.key, self._clients)
        except Rejected as error:
            raise EmitError(f"`{name}` cannot be ordered by its key: {error}") from None
        return envelope["id"]

    def _declared(self, name):
        if name not in self._emits:
            known = ", ".join(self._emits) or "nothing"
            raise EmitError(f"`{name}` is not in the subscriber's `emits` (there: {known})")
        target = self._environ.get(f"PIPEC_EMIT_{name}")
        if not target:
            raise EmitError(f"the variable PIPEC_EMIT_{name} is not set")
        return self._emits[name], target


def _checked(name, data, schema):
    try:
        # What is checked is what the receiver will read: tuples have become lists by then.
        found = plain(data)
        schema.accept(found)
        return found
    except Rejected as error:
        raise EmitError(f"`{name}` does not fit its schema: {error}") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise EmitError(f"`{name}` is not JSON: {type(error).__name__}") from None
