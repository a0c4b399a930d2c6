"""Reads the records of an SQS or Kinesis batch."""

import base64
import binascii

from .errors import PipecError, Rejected
from .strict_json import parse


def item_id(record, name):
    """What Lambda wants back for a failed record. An empty or missing one would fail, or lose, the whole batch."""
    found = record.get(name) if isinstance(record, dict) else None
    if not isinstance(found, str) or not found:
        raise PipecError(f"a record of the batch has no `{name}`")
    return found


def receive_count(record):
    attributes = record.get("attributes")
    count = attributes.get("ApproximateReceiveCount") if isinstance(attributes, dict) else None
    return int(count) if isinstance(count, str) and count.isdecimal() and len(count) < 10 else 1


def message_group(record):
    attributes = record.get("attributes")
    return attributes.get("MessageGroupId") if isinstance(attributes, dict) else None


def kinesis_parts(record):
    # `data` is base64: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    try:
        yield parse(_decode(record["kinesis"].get("data")))
    except Rejected as error:
        yield error


def _decode(text):
    try:
        plain = base64.b64decode(text)  # skips what is not base64, hence the way back
        if base64.b64encode(plain).decode() == text:
            return plain.decode("utf-8")
    except (TypeError, ValueError, binascii.Error):  # UnicodeDecodeError is a ValueError
        pass
    raise Rejected("`data` is not base64 of UTF-8 text")
