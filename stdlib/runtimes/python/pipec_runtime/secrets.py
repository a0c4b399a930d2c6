"""Reads the secrets that the subscriber declares, and keeps each for a while."""

import json

from .errors import SecretError
from .redact import values_at

_KEPT_SECONDS = 300


class Secrets:
    def __init__(self, names, clients, environ, now):
        self._names = names
        self._clients = clients
        self._environ = environ
        self._now = now  # not a monotonic clock: that may stand still while Lambda freezes the process
        self._kept = {}
        self.known = set()  # every text that no log line may hold, also after a secret has changed

    def get(self, name):
        if name not in self._names:
            known = ", ".join(self._names) or "nothing"
            raise SecretError(f"`{name}` is not a secret of the subscriber (there: {known})")
        text, since = self._kept.get(name, (None, 0))
        if text is None or not 0 <= self._now() - since < _KEPT_SECONDS:
            text = self._read(name)
            self._kept[name] = text, self._now()
            self.known |= _hidden_in(text)
        return text

    def _read(self, name):
        secret = self._environ.get(name)
        if not secret:
            raise SecretError(f"the variable {name} is not set")
        # A secret holds a text or bytes:
        # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
        found = self._clients.secretsmanager.get_secret_value(SecretId=secret).get("SecretString")
        if not isinstance(found, str):
            raise SecretError(f"the secret of `{name}` holds no text")
        return found


def _hidden_in(text):
    """The text itself and, of a JSON text, each value in it: a handler may log the password alone."""
    try:
        return {text, *values_at(json.loads(text), [])} - {""}
    except (ValueError, RecursionError):
        return {text} - {""}
