"""Sends an envelope to what its variable names: a topic, a FIFO topic or a stream."""

import re
from decimal import Decimal

from .errors import Rejected

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: letters, digits and punctuation
_GROUP = re.compile(r"[!-~]{1,128}")
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
_MAX_PARTITION_KEY = 256


def send(target, envelope, text, key, clients):
    """Raises `Rejected` where the event's key is none for the target."""
    if target.split(":")[2:3] == ["kinesis"]:
        partition_key = _key_of(envelope, key)
        if not 0 < len(partition_key) <= _MAX_PARTITION_KEY:
            raise Rejected(f"a stream takes 1 to {_MAX_PARTITION_KEY} characters", f"/{key}")
        clients.kinesis.put_record(StreamARN=target, Data=text.encode(), PartitionKey=partition_key)
    elif target.endswith(".fifo"):
        group = _key_of(envelope, key)
        if not _GROUP.fullmatch(group):
            raise Rejected("a FIFO topic takes 1 to 128 letters, digits and punctuation of ASCII", f"/{key}")
        clients.sns.publish(TopicArn=target, Message=text, MessageGroupId=group, MessageDeduplicationId=envelope["id"])
    else:
        clients.sns.publish(TopicArn=target, Message=text)


def _key_of(envelope, key):
    data = envelope["data"]
    found = data.get(key) if key is not None and isinstance(data, dict) else None
    if found is None:
        return envelope["id"]
    if isinstance(found, (dict, list)):
        raise Rejected("expected a text, a number or a boolean", f"/{key}")
    return key_text(found)


def key_text(value):
    """The same text as in JavaScript: two handlers that emit one key must not send it two ways."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, float):
        return str(value)
    if 1e-6 <= abs(value) < 1e21 or value == 0:
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return re.sub("e-0", "e-", repr(value))
