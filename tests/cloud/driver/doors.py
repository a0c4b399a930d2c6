"""Sends the events of a case: through their doors, or straight into what is behind a door that the emulator lacks."""

import gzip
import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timezone
from uuid import uuid4

STAGED_URL = re.compile(r"https://(?P<api>\w+)\.execute-api\.[^/]+/(?P<stage>\w+)$")


@dataclass(frozen=True)
class Answer:
    """What a door said."""

    status: int
    body: dict


class Doors:
    """The ways into a deployed app."""

    def __init__(self, emulator, case, outputs):
        self._emulator = emulator
        self._names = case.names
        self._outputs = outputs
        # The envelopes that are to be stored together, by object.
        self._together = {}

    def send(self, event):
        """Sends an event. Returns its id, None if its door refused it, and what the door answered, if it has one."""
        if event.request and (self._emulator.kind.has_doors or event.status != 202):
            answer = self._request(event)
            return answer.body.get("id") if answer.status == 202 else None, answer
        envelope = self._envelope(event)
        {"store": self._store, "stream": self._stream, "topic": self._topic}[event.enter](event, envelope)
        return envelope["id"], None

    def _request(self, event):
        method, path = event.request.split(" ")
        headers = {"Content-Type": event.content_type}
        if event.with_key:
            headers |= self._key()
        request = urllib.request.Request(
            self._url() + path, method=method, headers=headers, data=json.dumps(event.body, ensure_ascii=False).encode()
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return Answer(response.status, json.load(response))
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            return Answer(error.code, json.loads(text) if text.startswith("{") else {"text": text})

    def _url(self):
        """Where the emulator serves the address that the deployment told."""
        [url] = [value for name, value in self._outputs.items() if name.endswith("Url")]
        found = STAGED_URL.match(url)
        return f"{self._emulator.url}/_aws/execute-api/{found['api']}/{found['stage']}"

    def _key(self):
        keys = self._emulator.client("apigateway").get_api_keys(includeValues=True)["items"]
        return {"x-api-key": key["value"] for key in keys}

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
        now = datetime.now(timezone.utc)
        self._emulator.client("s3").put_object(
            Bucket=self._names.store(event),
            Key=f"{event}/dt={now:%Y-%m-%d}/hour={now:%H}/{name}",
            Body=body,
        )

    def _stream(self, event, envelope):
        self._emulator.client("kinesis").put_record(
            StreamName=self._names.stream(event.event),
            Data=json.dumps(envelope).encode(),
            PartitionKey=envelope["id"],
        )

    def _topic(self, event, envelope):
        self._emulator.client("sns").publish(TopicArn=self._names.topic(event.event), Message=json.dumps(envelope))
