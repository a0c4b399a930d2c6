"""Builds the project and runs each package as Lambda would: unpacked, in a process of its own, on what AWS passes in.

Needs `pipec` on the PATH, or its path in PIPEC; and `node`.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

TESTS = Path(__file__).absolute().parent
PYTHON = """
import json, sys
from pipec_runtime.main import handler
print(json.dumps(handler(json.load(sys.stdin), None)))
"""
NODE = """
import { text } from "node:stream/consumers";
const { handler } = await import(process.cwd() + "/pipec_runtime/main.mjs");
console.log(JSON.stringify(await handler(JSON.parse(await text(process.stdin)))));
"""
# As in the SDK, a request is what a command is made of. S3 holds the one object that the test names.
S3 = """
exports.S3Client = class { async send({ request }) {
  const body = new TextEncoder().encode(process.env.OBJECT);
  return { Body: { transformToByteArray: async () => body } };
} };
exports.GetObjectCommand = class { constructor(request) { this.request = request; } };
"""
DYNAMODB = """
exports.DynamoDBClient = class { async send({ request }) { console.log("WRITE", JSON.stringify(request)); } };
exports.PutItemCommand = exports.UpdateItemCommand = class { constructor(request) { this.request = request; } };
"""
SERIAL = "04A2B3C4D5E6F7"


def envelope(event, data, event_id="event-1"):
    return json.dumps(
        {
            "specversion": "1.0",
            "id": event_id,
            "type": f"access_cards.{event}.v1",
            "source": f"/access_cards/{event}",
            "time": "2026-11-22T20:38:30Z",
            "datacontenttype": "application/json",
            "data": data,
        }
    )


def kinesis(*texts):
    records = [
        {
            "kinesis": {"sequenceNumber": f"s{number}", "data": base64.b64encode(text.encode()).decode()},
            "eventSource": "aws:kinesis",
        }
        for number, text in enumerate(texts, start=1)
    ]
    return {"Records": records}


def sqs(*bodies):
    once = {"ApproximateReceiveCount": "1"}
    records = [
        {"messageId": f"m{number}", "body": body, "attributes": once, "eventSource": "aws:sqs"}
        for number, body in enumerate(bodies, start=1)
    ]
    return {"Records": records}


def s3_notification(key):
    s3 = {"bucket": {"name": "card-issued"}, "object": {"key": key}}
    return json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}]})


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = Path(folder.name)
        pipec = os.environ.get("PIPEC", "pipec")
        command = [pipec, "build", str(TESTS.parent), "--out", str(cls.root / "build")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for package in (cls.root / "build" / "handlers").iterdir():
            with zipfile.ZipFile(package) as file:
                settings = json.loads(file.read("pipec.json"))
                file.extractall(cls.root / settings["event"])
        (cls.root / "sdk").mkdir()
        (cls.root / "sdk" / "boto3.py").write_text("from fakes import client\n")
        (cls.root / "driver.mjs").write_text(NODE)
        for name, text in (("client-s3", S3), ("client-dynamodb", DYNAMODB)):
            module = cls.root / "node_modules" / "@aws-sdk" / name
            module.mkdir(parents=True)
            (module / "index.js").write_text(text)

    def invoke(self, event, payload, command, **environ):
        """What the package of the event's subscriber answers, the lines of its log, and the other lines it printed."""
        package = self.root / event
        # Lambda's own order: the function's folder first, the SDK behind it.
        paths = {"PYTHONPATH": os.pathsep.join(map(str, (package, self.root / "sdk", TESTS)))}
        done = subprocess.run(
            command,
            input=json.dumps(payload),
            cwd=package,
            env={**os.environ, **paths, **environ},
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        *lines, answer = done.stdout.splitlines()
        logged = [json.loads(line) for line in lines if line.startswith("{")]
        return json.loads(answer), logged, [line for line in lines if not line.startswith("{")]

    def python(self, event, payload):
        environ = {"CARDS_TABLE": "cards", "PIPEC_EMIT_OccupancyChanged": "arn:topic"}
        return self.invoke(event, payload, [sys.executable, "-B", "-c", PYTHON], **environ)

    def node(self, event, payload, **environ):
        command = ["node", str(self.root / "driver.mjs")]
        return self.invoke(event, payload, command, CARDS_TABLE="cards", BOARD_TABLE="board", **environ)

    def test_every_subscriber_has_a_package_that_knows_what_is_secret(self):
        packages = {path.parent.name: json.loads(path.read_text()) for path in self.root.glob("*/pipec.json")}
        serial = ["card_serial"]
        expected = {"BuildingEntered": serial, "BuildingExited": serial, "CardIssued": serial, "OccupancyChanged": []}
        self.assertEqual({event: package["secrets"] for event, package in packages.items()}, expected)

    def test_entries_are_counted_and_told(self):
        def entry(who, **more):
            data = {"employee_id": who, "building": "hq", "turnstile": 4, "card_serial": SERIAL, **more}
            return envelope("BuildingEntered", {**data, "entered_at": "2026-11-22T20:38:30Z"}, f"event-{who}")

        ada, bob = entry("111122223333"), entry("444455556666")
        answer, logged, printed = self.python("BuildingEntered", kinesis(ada, ada, bob))
        self.assertEqual(answer, {"batchItemFailures": []})
        told = [json.loads(line.removeprefix("PUBLISH arn:topic ")) for line in printed]
        self.assertEqual({one["type"] for one in told}, {"access_cards.OccupancyChanged.v1"})
        self.assertEqual([one["data"]["inside"] for one in told], [1, 1, 2])
        self.assertNotIn(SERIAL, json.dumps(logged))

        wrong = entry("777788889999", turnstile=0)
        answer, logged, printed = self.python("BuildingEntered", kinesis(ada, wrong, bob))
        self.assertEqual((answer, len(printed)), ({"batchItemFailures": [{"itemIdentifier": "s2"}]}, 1))
        self.assertEqual(logged[-1]["pointer"], "/data/turnstile")

    def test_an_exit_of_nobody_is_no_news(self):
        data = {"employee_id": "111122223333", "building": "hq", "turnstile": 4, "card_serial": SERIAL}
        left = envelope("BuildingExited", {**data, "exited_at": "2026-11-22T20:38:30Z"})
        answer, logged, printed = self.python("BuildingExited", kinesis(left))
        self.assertEqual((answer, printed), ({"batchItemFailures": []}, []))
        self.assertEqual([line["message"] for line in logged], ["nothing changed"])

    def test_a_card_is_read_from_the_store_and_registered(self):
        data = {"card_serial": SERIAL, "employee_id": "111122223333", "kind": "visitor", "issued_on": "2026-11-22"}
        stored = envelope("CardIssued", {**data, "access": [{"building": "hq", "hours": "working_hours"}]})
        payload = sqs(s3_notification("CardIssued/dt%3D2026-11-22/hour%3D20/event-1.json"))
        answer, logged, printed = self.node("CardIssued", payload, OBJECT=stored)
        self.assertEqual(answer, {"batchItemFailures": []})
        (written,) = [json.loads(line.removeprefix("WRITE ")) for line in printed]
        self.assertEqual((written["TableName"], written["Item"]["id"]["S"]), ("cards", f"card/{SERIAL}"))
        self.assertNotIn(SERIAL, json.dumps(logged))

    def test_the_board_follows(self):
        good = envelope("OccupancyChanged", {"building": "hq", "inside": 41, "change": 7})
        bad = envelope("OccupancyChanged", {"building": "hq", "inside": -1, "change": 8})
        answer, _, printed = self.node("OccupancyChanged", sqs(bad, good))
        self.assertEqual(answer, {"batchItemFailures": [{"itemIdentifier": "m1"}]})
        (written,) = [json.loads(line.removeprefix("WRITE ")) for line in printed]
        self.assertEqual((written["TableName"], written["Key"]), ("board", {"building": {"S": "hq"}}))


if __name__ == "__main__":
    unittest.main()
