"""What the Python tests share: the runtime on the import path, fakes for AWS, and the builder of the shared cases."""

import base64
import gzip
import io
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # stdlib's files are embedded as they lie there

HERE = Path(__file__).resolve().parent.parent
RUNTIME = HERE.parent.parent / "stdlib" / "runtimes" / "python"
sys.path.insert(0, str(RUNTIME))

BUCKET = "amzn-s3-demo-bucket"


def read_json(name):
    return json.loads((HERE / name).read_text("utf-8"))


class FakeError(Exception):
    """Looks like botocore's ClientError."""

    def __init__(self, code):
        super().__init__(f"canary {code}")
        self.response = {"Error": {"Code": code}}


class FakeClients:
    """Stands in for S3, SNS, Kinesis and Secrets Manager, and writes down what it was asked."""

    def __init__(self, objects=()):
        self.objects = {(one["key"], one.get("version")): one for one in objects}
        self.reads = []
        self.published = []
        self.records = []
        self.stored = []
        self.secrets = {}
        self.secret_reads = []
        self.refuse = None
        self.s3 = self.sns = self.kinesis = self.secretsmanager = self

    def get_object(self, **request):
        self.reads.append(request)
        found = self.objects.get((request["Key"], request.get("VersionId")), {"missing": True})
        if found.get("missing") or request["Bucket"] != BUCKET:
            raise FakeError("NoSuchKey")
        return {"Body": io.BytesIO(object_bytes(found))}

    def publish(self, **request):
        self._take(self.published, request)

    def put_record(self, **request):
        self._take(self.records, request)

    def put_object(self, **request):
        self._take(self.stored, request)

    def get_secret_value(self, **request):
        self._take(self.secret_reads, request)
        return self.secrets[request["SecretId"]]

    def _take(self, taken, request):
        if self.refuse:
            raise FakeError(self.refuse)
        taken.append(request)


def object_bytes(spec):
    if "base64" in spec:
        return base64.b64decode(spec["base64"])
    between = spec.get("between", "").encode()
    parts = [text_of(part).encode() for part in spec["parts"]]
    if spec.get("members"):
        return b"".join(gzip.compress(part + between) for part in parts)
    body = between.join(parts)
    body = gzip.compress(body) if spec.get("gzip") else body
    return body[: len(body) - spec.get("cut", 0)]


def text_of(spec):
    text = _inner_text(spec)
    for _ in range(spec.get("sns", 0)):
        text = json.dumps({"Type": "Notification", "TopicArn": "arn:aws:sns:eu-central-1:111111111111:t", "Message": text})
    return text


def _inner_text(spec):
    if "text" in spec:
        return _repeated(spec["text"])
    if "json" in spec:
        return json.dumps(spec["json"])
    if "object" in spec:
        name = spec.get("name", "ObjectCreated:Put")
        s3 = {"bucket": {"name": BUCKET}, "object": {"key": spec["object"]}}
        return json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": name, "s3": s3}]})
    return _envelope_text(spec)


def _envelope_text(spec):
    envelope = {**read_json("payloads/envelope.json"), "id": spec["event"]}
    envelope["data"] = {**envelope["data"], **spec.get("data", {})}
    envelope.update(spec.get("envelope", {}))
    envelope.pop(spec.get("without"), None)
    if "note" in spec:
        envelope["data"]["note"] = "@note@"
    return json.dumps(envelope, indent=spec.get("indent")).replace('"@note@"', _repeated(spec.get("note", "")))


def _repeated(text):
    return text if isinstance(text, str) else "".join(one * times for one, times in text)


def payload_of(case):
    if "payload" in case:
        return read_json(f"payloads/{case['payload']}")
    if "messages" in case:
        return {"Records": [_message(index, spec) for index, spec in enumerate(case["messages"])]}
    if "records" in case:
        return {"Records": [_record(index, spec) for index, spec in enumerate(case["records"])]}
    if "notification" in case:
        sns = {"Type": "Notification", "Message": text_of(case["notification"])}
        return {"Records": [{"EventSource": "aws:sns", "Sns": sns}]}
    return case["invoke"]


def _message(index, spec):
    return {
        "messageId": f"m{index}",
        "body": text_of(spec),
        "attributes": {"ApproximateReceiveCount": spec.get("count", "1")},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:111111111111:queue",
    }


def _record(index, spec):
    data = spec["base64"] if "base64" in spec else base64.b64encode(text_of(spec).encode()).decode()
    return {"eventSource": "aws:kinesis", "kinesis": {"sequenceNumber": f"s{index}", "data": data}}
