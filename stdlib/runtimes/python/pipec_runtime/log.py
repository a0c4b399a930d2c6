"""Structured log lines: one JSON object a line on standard output."""

import json
import sys

from .redact import Redactor


def print_line(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Logger:
    def __init__(self, write, about, redactor=None):
        self._write = write
        self._about = about
        self._redactor = redactor or Redactor()

    def info(self, message, /, **fields):
        self._log("INFO", message, fields)

    def warning(self, message, /, **fields):
        self._log("WARN", message, fields)

    def error(self, message, /, **fields):
        self._log("ERROR", message, fields)

    def _log(self, level, message, fields):
        line = {"level": level, "message": None, **self._about}
        try:
            line["message"] = self._redactor.text(str(message))
            line.update((name, one) for name, one in self._redactor.value(fields).items() if name not in line)
        except Exception:  # a log line must never fail an event
            line["message"] = "a log line could not be written"
        self._write(json.dumps(line))
