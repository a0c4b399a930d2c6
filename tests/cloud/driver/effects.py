"""Sees what came of the events: what handlers did, what is in the stores, and what lies among the dead letters.

Handlers leave word of what they did as a message to the topic `effects`, or in the table `effects`, where they count
how often they did it.
"""

import base64
import gzip
import json
import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

from naming import arn

KEYS = {
    "day": re.compile(r"(?P<event>\w+)/dt=\d{4}-\d\d-\d\d/[^/]+"),
    "hour": re.compile(r"(?P<event>\w+)/dt=\d{4}-\d\d-\d\d/hour=\d\d/[^/]+"),
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Broken(Exception):
    """Something is there that may never be."""


@dataclass(frozen=True)
class Fact:
    """Something that came of an event: `effect`, `stored`, `dead` or `queued`, and where."""

    what: str
    place: str
    id: str
    data: dict
    # When it was, as far as it matters.
    at: int = 0


class Watcher:
    """Looks at a deployed app."""

    def __init__(self, emulator, case, hooks=None):
        self._emulator = emulator
        self._case = case
        self._names = case.names
        self._hooks = hooks
        self._others = {self._names.queue(place): place for place in case.queues}
        self._in_table = case.effects == "table"
        # Messages are taken from their queues when they are seen.
        self._taken = []

    def prepare(self):
        """Makes the place where handlers leave word of what they did."""
        if self._in_table:
            self._emulator.client("dynamodb").create_table(
                TableName="effects",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "by", "KeyType": "RANGE"}],
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "by")],
                BillingMode="PAY_PER_REQUEST",
            )
        else:
            self._make_queue()

    def _make_queue(self):
        topic, queue = arn("sns", "effects"), arn("sqs", "effects")
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._emulator.client("sqs").create_queue(QueueName="effects", Attributes={"Policy": policy})
        sns = self._emulator.client("sns")
        sns.create_topic(Name="effects")
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})

    def look(self):
        """All that came of events so far."""
        self._take_messages()
        table = self._table() if self._in_table else []
        calls = [Fact("effect", call.place, call.id, call.data) for call in self._hooks.calls] if self._hooks else []
        return [*self._taken, *table, *calls, *self._stored(), *self._dead_in_buckets()]

    def on_their_way(self):
        """The queues with messages that subscribers have yet to handle, perhaps for another time."""
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        for queue, url in self._queues():
            if queue != "effects" and not queue.endswith(("-dead", "-dead.fifo", "--unstored")):
                known = self._emulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=counts)
                if any(int(known["Attributes"][count]) for count in counts):
                    yield queue

    def _queues(self):
        for url in self._emulator.client("sqs").list_queues().get("QueueUrls", []):
            yield url.rsplit("/", 1)[-1], url

    def _take_messages(self):
        for queue, url in self._queues():
            if queue == "effects":
                self._taken.extend(self._effect(json.loads(body)) for body in self._messages(url))
            elif queue.endswith(("-dead", "-dead.fifo")):
                place = self._names.place(queue.removesuffix(".fifo").removesuffix("-dead"))
                for body in self._messages(url):
                    self._taken.extend(self._dead(place, envelope) for envelope in self._unwrap(body))
            elif queue in self._others:
                self._drain(url, self._others[queue])
            elif queue.endswith("--unstored"):
                for body in self._messages(url):
                    raise Broken(f"{queue} holds what did not get into the store: {body}")

    def _drain(self, url, place):
        """Drains a queue as its owners would, who fail at what is to end in the dead letters."""
        sqs = self._emulator.client("sqs")
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            receipt = message["ReceiptHandle"]
            for envelope in self._unwrap(message["Body"]):
                if self._case.is_dead(place, envelope["data"]):
                    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0)
                else:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=receipt)
                    self._taken.append(Fact("queued", place, envelope["id"], envelope["data"]))

    def _messages(self, url):
        """Takes all messages from a queue."""
        sqs = self._emulator.client("sqs")
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                yield message["Body"]

    def _effect(self, said):
        return Fact("effect", self._names.place(said["by"]), said["id"], said["data"], said.get("at", 0))

    def _table(self):
        for item in self._emulator.client("dynamodb").scan(TableName="effects", ConsistentRead=True)["Items"]:
            said = {"by": item["by"]["S"], "id": item["id"]["S"], "data": json.loads(item["data"]["S"])}
            yield from [self._effect(said)] * int(item["times"]["N"])

    def _stored(self):
        for bucket in self._buckets(self._names.is_store):
            for key, text in self._objects(bucket):
                event = self._event_of(bucket, key)
                for envelope in _envelopes(text):
                    self._check(envelope, event)
                    yield Fact("stored", event, envelope["id"], envelope["data"])

    def _event_of(self, bucket, key):
        # The Firehose of localstack does not fill in the date of its prefix.
        undated = re.sub(r"dt=!\{.*?\}/hour=!\{.*?\}/.*/", "dt=2000-01-01/hour=00/", key)
        found = KEYS[self._case.partition].fullmatch(undated)
        if not found:
            raise Broken(f"the object {key} in {bucket} is not where events are stored")
        return found["event"]

    def _check(self, envelope, event):
        """Fails unless this is an envelope of the event."""
        wanted = {"specversion": "1.0", "source": self._names.source(event), "datacontenttype": "application/json"}
        right = (
            wanted.items() <= envelope.items()
            and self._names.is_type(envelope.get("type", ""), event)
            and TIME.fullmatch(envelope.get("time", ""))
            and envelope.get("id")
        )
        if not right:
            raise Broken(f"the store of {event} holds what is not its envelope: {json.dumps(envelope)}")

    def _dead_in_buckets(self):
        """What streams could not hand over.

        https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
        """
        for bucket in self._buckets(self._names.is_dead_letters):
            for _, text in self._objects(bucket):
                letter = json.loads(text)
                place = self._names.place(letter["requestContext"]["functionArn"].rsplit(":function:")[1].split(":")[0])
                # AWS writes the payload as text, localstack as it is.
                payload = letter["payload"] if isinstance(letter["payload"], dict) else json.loads(letter["payload"])
                for record in payload["Records"]:
                    yield self._dead(place, json.loads(base64.b64decode(record["kinesis"]["data"])))

    def _dead(self, place, envelope):
        return Fact("dead", place, envelope["id"], envelope["data"])

    def _unwrap(self, body):
        """The envelopes that a message holds, or that are in the objects it names."""
        message = json.loads(body)
        if message.get("Type") == "Notification":
            message = json.loads(message["Message"])
        if "specversion" in message:
            return [message]
        found = []
        for record in message["Records"]:
            key = unquote_plus(record["s3"]["object"]["key"])
            found.extend(_envelopes(self._read(record["s3"]["bucket"]["name"], key)))
        return found

    def _buckets(self, wanted):
        names = [bucket["Name"] for bucket in self._emulator.client("s3").list_buckets()["Buckets"]]
        return filter(wanted, names)

    def _objects(self, bucket):
        for one in self._emulator.client("s3").list_objects_v2(Bucket=bucket).get("Contents", []):
            yield one["Key"], self._read(bucket, one["Key"])

    def _read(self, bucket, key):
        body = self._emulator.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return (gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body).decode()


def _envelopes(text):
    """The envelopes in an object, with or without white space between."""
    decoder, rest = json.JSONDecoder(), text.lstrip()
    while rest:
        try:
            envelope, end = decoder.raw_decode(rest)
        except json.JSONDecodeError as error:
            raise Broken(f"an object holds what is not JSON: {text}") from error
        yield envelope
        rest = rest[end:].lstrip()
