"""Takes the transport off: yields each event's envelope, or a `Rejected` in its place."""

from .errors import PipecError, Rejected
from .objects import read_object
from .strict_json import parse, parse_many

MAX_WRAPPERS = 4


def unwrap_text(text, clients, depth=0):
    try:
        value = parse(text)
    except Rejected as error:
        yield error
        return
    yield from unwrap(value, clients, depth)


def unwrap(value, clients, depth=0):
    if not isinstance(value, dict):
        yield Rejected("expected a JSON object")
    elif "specversion" in value:
        yield value
    elif depth >= MAX_WRAPPERS:
        yield Rejected(f"more than {MAX_WRAPPERS} transport wrappers")
    # https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html (the same JSON goes to SQS)
    elif value.get("Type") == "Notification" and "Message" in value:
        yield from unwrap_text(value["Message"], clients, depth + 1)
    # S3 sends it once when a notification is configured:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-enable-disable-notification-intro.html
    elif value.get("Event") == "s3:TestEvent":
        return
    elif isinstance(value.get("Records"), list):
        for record in value["Records"]:
            yield from _unwrap_record(record, clients, depth + 1)
    else:
        yield _unknown(value)


def _unwrap_record(record, clients, depth):
    source = source_of(record)
    if source == "aws:s3":
        yield from _unwrap_object(record, clients)
    elif source == "aws:sns":
        yield from unwrap(record.get("Sns"), clients, depth)
    else:
        yield _unknown(record)


def _unwrap_object(record, clients):
    # Records carry the name without `s3:`; what was removed or restored is no new event.
    if not str(record.get("eventName")).removeprefix("s3:").startswith("ObjectCreated:"):
        return
    try:
        name, text = read_object(record, clients)
    except PipecError as error:
        yield error
        return
    for part in parse_many(text):
        if isinstance(part, Rejected):
            part.source = name
        yield part


def source_of(record):
    # SNS writes `EventSource`: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    return record.get("eventSource", record.get("EventSource")) if isinstance(record, dict) else None


def _unknown(value):
    keys = ", ".join(sorted(value)[:20])[:200] if isinstance(value, dict) else "none"
    return Rejected(f"neither an event nor a known transport; keys: {keys}")
