"""Structured log lines: one JSON object a line on standard output."""

import json
import re
import sys

from .redact import Redactor


# https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
_ROOT = re.compile(r"(?:\A|;)\s*Root=([0-9A-Za-z-]{1,64})(?=;|\Z)")


def trace_of(environ):
    """The field that joins a log line to its trace. Lambda sets the variable anew for each invocation:
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    found = _ROOT.search(environ.get("_X_AMZN_TRACE_ID", ""))
    return {"trace": found[1]} if found else {}


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
