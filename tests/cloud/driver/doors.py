"""Sends the events of a case: through their doors, or straight into what is behind a door that the emulator lacks."""

import gzip
import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timezone
from uuid import uuid4

from botocore.exceptions import ClientError

from tokens import token

STAGED_URL = re.compile(r"https://(?P<api>\w+)\.execute-api\.[^/]+/(?P<stage>\w+)$")


@dataclass(frozen=True)
class Answer:
    """What a door said."""

    status: int
    body: dict
    headers: dict


class Doors:
    """The ways into a deployed app."""

    def __init__(self, emulator, case, outputs, hooks=None):
        self._emulator = emulator
        self._hooks = hooks
        self._names = case.names
        self._folder = "dt={:%Y-%m-%d}" if case.partition == "day" else "dt={:%Y-%m-%d/hour=%H}"
        self._outputs = outputs
        # The envelopes that are to be stored together, by object.
        self._together = {}

    def send(self, event):
        """Sends an event. Returns its id, None if its door refused it, and what the door answered, if it has one."""
        if event.request and (self._emulator.kind.has_doors or event.status != 202):
            answer = self._request(event)
            return answer.body.get("id") if answer.status == 202 else None, answer
        envelope = self._envelope(event)
        enter = {"store": self._store, "stream": self._stream, "topic": self._topic, "firehose": self._firehose}
        try:
            enter[event.enter](event, envelope)
        except ClientError as error:
            said = error.response
            return None, Answer(said["ResponseMetadata"]["HTTPStatusCode"], said["Error"], {})
        return envelope["id"], None

    def _request(self, event):
        method, path = event.request.split(" ")
        headers = {"Content-Type": event.content_type} | event.headers
        if event.with_key:
            headers |= self._key(event.client)
        if event.token:
            issuer = self._hooks.issuer if self._hooks else None
            headers["Authorization"] = f"Bearer {token(event.token, self._emulator, issuer)}"
        # A host of its own is all that tells the api.
        url = self._emulator.url if "Host" in event.headers else self._url()
        request = urllib.request.Request(
            url + path, method=method, headers=headers, data=json.dumps(event.body, ensure_ascii=False).encode()
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return _answer(response)
        except urllib.error.HTTPError as error:
            return _answer(error)

    def _url(self):
        """Where the emulator serves the address that the deployment told."""
        [found] = filter(None, map(STAGED_URL.match, self._outputs.values()))
        return f"{self._emulator.url}/_aws/execute-api/{found['api']}/{found['stage']}"

    def _key(self, client):
        """The key of this client, or of anybody."""
        keys = self._emulator.client("apigateway").get_api_keys(includeValues=True)["items"]
        wanted = [key["value"] for key in keys if client is None or key["name"] == self._names.key(client)]
        if client and len(wanted) != 1:
            raise KeyError(f"{client} among the keys {[key['name'] for key in keys]}")
        return {"x-api-key": value for value in wanted}

    def _envelope(self, event):
        """The event as its door, or an emitting handler, would hand it over."""
        return {
            "specversion": "1.0",
            "id": str(uuid4()),
            "type": self._names.type(event.event, event.version),
            "source": self._names.source(event.event),
            "time": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "datacontenttype": "application/json",
            "data": event.data,
        }

    def _store(self, event, envelope):
        if event.object:
            self._together.setdefault((event.event, event.object), []).append(envelope)
        else:
            self._put(event.event, f"{envelope['id']}.json", json.dumps(envelope).encode())

    def store_together(self):
        """Stores what was sent to be in one object with others, as Firehose does."""
        for (event, name), envelopes in self._together.items():
            lines = "".join(f"{json.dumps(envelope)}\n" for envelope in envelopes)
            self._put(event, f"{name}.json.gz", gzip.compress(lines.encode()))

    def _put(self, event, name, body):
        folder = self._folder.format(datetime.now(timezone.utc))
        self._emulator.client("s3").put_object(
            Bucket=self._names.store(event), Key=f"{event}/{folder}/{name}", Body=body
        )

    def _stream(self, event, envelope):
        self._emulator.client("kinesis").put_record(
            StreamName=self._names.stream(event.event),
            Data=json.dumps(envelope).encode(),
            PartitionKey=envelope["id"],
        )

    def _firehose(self, event, envelope):
        self._emulator.client("firehose").put_record(
            DeliveryStreamName=self._names.batches(event.event), Record={"Data": json.dumps(envelope).encode()}
        )

    def _topic(self, event, envelope):
        emulator = self._emulator
        sns = emulator.client_of(event.account, "sns") if event.account else emulator.client("sns")
        topic, more = self._names.topic(event.event), {}
        if event.group:
            topic, more = f"{topic}.fifo", {"MessageGroupId": event.group, "MessageDeduplicationId": envelope["id"]}
        sns.publish(TopicArn=topic, Message=json.dumps(envelope), **more)


def _answer(response):
    text = response.read().decode(errors="replace")
    body = json.loads(text) if text.startswith("{") else {"text": text}
    return Answer(response.status, body, {name.lower(): value for name, value in response.headers.items()})
