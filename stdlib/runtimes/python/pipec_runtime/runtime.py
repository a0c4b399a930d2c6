"""Runs one invocation: takes the batch apart, calls `handle` once an event, and reports what failed."""

import os
import time

from .answer import answer_of, failure_of
from .clients import Clients
from .context import Context
from .emit import Emitter
from .envelope import attribute, open_envelope
from .errors import EventsFailed, NotAnswered, Rejected
from .failure import describe
from .log import Logger, print_line, trace_of
from .records import item_id, kinesis_parts, message_group, receive_count
from .redact import Redactor
from .secrets import Secrets
from .store import Store
from .strict_json import check, dump
from .transport import source_of, unwrap, unwrap_text

_END = object()
_PASSED_OVER = object()
_MAX_REPORTS = 100  # a large object may hold a million bad lines


class Runtime:
    def __init__(
        self, config, handle, root=".", clients=None, write=print_line, environ=os.environ, now=time.time
    ):
        self._config = config
        self._handle = handle
        self._root = root
        self._clients = clients or Clients()
        self._write = write
        self._environ = environ
        self._secrets = Secrets(config.secrets_env, self._clients, environ, now)
        self._store = Store(config.responds.event_name, self._clients, environ) if config.responds else None
        self._emitter = Emitter(config.emits, self._clients, environ)

    def invoke(self, payload, aws=None):
        if self._store:
            return self._respond(payload, aws)
        records = payload.get("Records") if isinstance(payload, dict) else None
        if records == []:
            return _answer([])
        source = source_of(records[0]) if isinstance(records, list) else None
        if source == "aws:sqs":
            return _answer(self._sqs(records, aws))
        if source == "aws:kinesis":
            return _answer(self._kinesis(records, aws))
        return self._direct(payload, aws)

    def _sqs(self, records, aws):
        # The messages named in the answer are tried again. From a FIFO queue a failure ends its group for this batch, or
        # the order of that group would be lost: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
        ids = [item_id(record, "messageId") for record in records]
        fifo = str(records[0].get("eventSourceARN")).endswith(".fifo")
        failed, ended = [], set()
        for record, message_id in zip(records, ids):
            group = message_group(record)
            if fifo and group in ended:
                failed.append(message_id)
                continue
            parts = unwrap_text(record.get("body"), self._clients)
            if self._run(parts, receive_count(record), aws, message_id)[1]:
                failed.append(message_id)
                ended.add(group)
        return failed

    def _kinesis(self, records, aws):
        # Lambda goes on from the lowest number in the answer, so stopping at the first failure keeps the order:
        # https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
        ids = [item_id(record.get("kinesis"), "sequenceNumber") for record in records]
        for index, (record, sequence_number) in enumerate(zip(records, ids)):
            if self._run(kinesis_parts(record), 1, aws, sequence_number)[1]:
                if index == 0 and len(records) > 1:
                    # Lambda cuts a batch at the number in the answer. Cut before its first record it stays whole, and
                    # all of it would go to the dead letters, mostly untried. An error makes Lambda halve it instead.
                    raise EventsFailed(f"the first of {len(records)} records failed")
                return [sequence_number]
        return []

    def _direct(self, payload, aws):
        """One envelope, or a notification that S3 or SNS sent without a queue: there is no partial answer."""
        try:
            parts = unwrap(check(payload), self._clients)
        except Rejected as error:
            parts = [error]
        results, failures = self._run(parts, 1, aws, None)
        if failures:
            why = failures[0].get("reason") or failures[0]["error"]
            place = f" at {failures[0]['pointer']}" if failures[0].get("pointer") else ""
            raise EventsFailed(f"{len(failures)} of {len(failures) + len(results)} failed: {why}{place}")
        return results[0] if results and "specversion" in payload else None

    def _run(self, parts, attempt, aws, item):
        """Tries every event of one item, also after one failed. Returns the results and the failures."""
        parts, results, failures = iter(parts), [], []
        while True:
            about = self._about(attempt)
            try:
                part = next(parts, _END)
                if part is _END:
                    break
                result = self._one(part, about, aws)
                if result is not _PASSED_OVER:
                    results.append(result)
            except (Exception, SystemExit) as error:
                fields = describe(error, self._root)
                failures.append(fields)
                if len(failures) <= _MAX_REPORTS:
                    message = "event rejected" if isinstance(error, Rejected) else "handler failed"
                    self._report(message, fields, about, item)
        if len(failures) > _MAX_REPORTS:
            self._report("more events failed", {"count": len(failures) - _MAX_REPORTS}, about, item)
        return results, failures

    def _one(self, part, about, aws):
        if isinstance(part, Rejected):
            raise part
        event = self._open(part, about)
        if self._config.where and not self._config.where.holds(event.data):
            return _PASSED_OVER
        return self._call(event, about, aws)

    def _respond(self, payload, aws):
        """One envelope, whose sender waits for the answer. The event is stored before it is handled."""
        about = self._about(1)
        try:
            text = dump(check(payload))  # as it came: what defaults mean is up to the one who reads it
            event = self._open(payload, about)
            self._store.put(self._store.key_of(event), text)
            return answer_of(self._call(event, about, aws), self._config.responds.schema)
        except (Exception, SystemExit) as error:
            message, told = failure_of(error)
            self._report(message, describe(error, self._root), about, None)
        raise NotAnswered(told)  # out here it has no context, in which the payload may stand

    def _about(self, attempt):
        about = {"event_id": None, "event_type": None, "subscriber": self._config.subscriber, "attempt": attempt}
        return about | trace_of(self._environ)

    def _open(self, part, about):
        about.update(event_id=attribute(part, "id"), event_type=attribute(part, "type"))
        return open_envelope(part, self._config)

    def _call(self, event, about, aws):
        redactor = Redactor(self._config.secrets, event.data, self._secrets.known)

        def secret(name):
            found = self._secrets.get(name)
            redactor.hide(self._secrets.known)
            return found

        logger = Logger(self._write, about, redactor)
        return self._handle(event, Context(self._emitter.emit, secret, about["attempt"], logger, aws))

    def _report(self, message, fields, about, item):
        Logger(self._write, about).error(message, **fields, **({"item": item} if item else {}))


def _answer(failed):
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}
