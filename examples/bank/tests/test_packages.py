"""Builds the project and runs each package as Lambda would: unpacked, in a process of its own, on what AWS passes in.

Needs `pipec` on the PATH, or its path in PIPEC; and `node`.
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
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
SDK = {
    "client-s3": """
exports.S3Client = class { async send() {
  const body = new TextEncoder().encode(process.env.OBJECT);
  return { Body: { transformToByteArray: async () => body } };
} };
exports.GetObjectCommand = class {};
""",
    "client-dynamodb": """
exports.DynamoDBClient = class { async send({ request }) { console.log("WRITE", JSON.stringify(request)); } };
exports.PutItemCommand = class { constructor(request) { this.request = request; } };
""",
    "client-secrets-manager": """
exports.SecretsManagerClient = class {
  async send({ request }) { return { SecretString: `the secret ${request.SecretId}` }; }
};
exports.GetSecretValueCommand = class { constructor(request) { this.request = request; } };
""",
}
ADA, BOB = "DE02100100100006820101", "DE02200505501015871393"
ACCOUNTS = [(ADA, 10_000, 0), (BOB, 500, 0)]
NUMBER = "6f1f3c1e-8c0b-4c57-9d0b-0f4f1a2b3c4d"
TOPICS = "arn:aws:sns:eu-central-1:111111111111:bank-"


def envelope(event, data, event_id="event-1"):
    return {
        "specversion": "1.0",
        "id": event_id,
        "type": f"bank.{event}.v1",
        "source": f"/bank/{event}",
        "time": "2026-11-22T20:38:30Z",
        "datacontenttype": "application/json",
        "data": data,
    }


def kinesis(*envelopes):
    records = [
        {
            "kinesis": {
                "sequenceNumber": f"s{number}",
                "data": base64.b64encode(json.dumps(one).encode()).decode(),
            },
            "eventSource": "aws:kinesis",
        }
        for number, one in enumerate(envelopes, start=1)
    ]
    return {"Records": records}


def sqs(*bodies, queue="queue"):
    records = [
        {
            "messageId": f"m{number}",
            "body": json.dumps(body),
            "attributes": {"ApproximateReceiveCount": "1"},
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:eu-central-1:111111111111:{queue}",
        }
        for number, body in enumerate(bodies, start=1)
    ]
    return {"Records": records}


class Clearing(BaseHTTPRequestHandler):
    """The clearing house, on this machine."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.headers["authorization"], self.headers["idempotency-key"], json.loads(body)))
        self.send_response(202)
        self.end_headers()

    def log_message(self, *_):
        pass


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = Path(folder.name)
        command = [os.environ.get("PIPEC", "pipec"), "build", str(TESTS.parent), "--out", str(cls.root / "build")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for package in (cls.root / "build" / "handlers").iterdir():
            with zipfile.ZipFile(package) as file:
                settings = json.loads(file.read("pipec.json"))
                file.extractall(cls.root / settings["event"] / settings["subscriber"])
        (cls.root / "sdk").mkdir()
        (cls.root / "sdk" / "boto3.py").write_text("from fakes import client\n")
        (cls.root / "driver.mjs").write_text(NODE)
        for name, text in SDK.items():
            module = cls.root / "node_modules" / "@aws-sdk" / name
            module.mkdir(parents=True)
            (module / "index.js").write_text(text)

    def invoke(self, package, payload, command, **environ):
        """What the package answers, the lines of its log, and the other lines it printed."""
        package = self.root / package
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

    def python(self, package, payload):
        environ = {"ACCOUNTS": "accounts", "TEST_ACCOUNTS": json.dumps(ACCOUNTS), "APPROVALS": "bank/approvals"}
        for event in ("DepositHeld", "OrderRefused", "PaymentBooked"):
            environ[f"PIPEC_EMIT_{event}"] = TOPICS + event
        environ |= {"PIPEC_EMIT_BalanceChanged": TOPICS + "BalanceChanged.fifo", "PIPEC_STORE_BUCKET": "ledger"}
        answer, logged, printed = self.invoke(package, payload, [sys.executable, "-B", "-c", PYTHON], **environ)
        published = [json.loads(line.removeprefix("PUBLISH ")) for line in printed if line.startswith("PUBLISH ")]
        return answer, logged, published, [line for line in printed if not line.startswith("PUBLISH ")]

    def node(self, package, payload, **environ):
        tables = {"ACCOUNTS": "accounts", "STATEMENTS": "statements"}
        return self.invoke(package, payload, ["node", str(self.root / "driver.mjs")], **tables, **environ)

    def test_every_handler_has_a_package(self):
        packages = {f"{path.parts[-3]}.{path.parts[-2]}" for path in self.root.glob("*/*/pipec.json")}
        books = ("CashDeposited", "DepositVerified", "PaymentOrdered", "PaymentReceived", "TransferOrdered")
        others = {
            "AccountOpened.open",
            "BalanceChanged.statement",
            "CashDeposited.hold",
            "PaymentBooked.send",
            "WithdrawalRequested.responds",
        }
        self.assertEqual(packages, others | {f"{event}.book" for event in books})

    def test_each_deposit_is_either_booked_or_held(self):
        def deposit(amount, number):
            data = {"account": ADA, "deposit": number, "amount": amount, "branch": "harbour"}
            return envelope("CashDeposited", data, f"event-{amount}")

        small, large = deposit(999_999, NUMBER), deposit(1_000_000, NUMBER.replace("6f", "7f"))
        answer, _, published, _ = self.python("CashDeposited/book", kinesis(small, small, large))
        self.assertEqual(answer, {"batchItemFailures": []})
        told = [json.loads(one["Message"])["data"] for one in published]
        self.assertEqual([(one["change"], one["balance"]) for one in told], [(1, 1_009_999)] * 2)
        # The topic keeps the order of an account.
        places = {(one["TopicArn"], one["MessageGroupId"]) for one in published}
        self.assertEqual(places, {(TOPICS + "BalanceChanged.fifo", ADA)})

        answer, _, published, _ = self.python("CashDeposited/hold", kinesis(small, large))
        self.assertEqual((answer, len(published)), ({"batchItemFailures": []}, 1))
        self.assertEqual(published[0]["TopicArn"], TOPICS + "DepositHeld")
        self.assertEqual(json.loads(published[0]["Message"])["data"], large["data"])

    def test_a_withdrawal_is_stored_and_answered(self):
        def asked(amount):
            data = {"account": ADA, "withdrawal": NUMBER, "amount": amount, "branch": "harbour"}
            return self.python("WithdrawalRequested/responds", envelope("WithdrawalRequested", data))

        answer, _, published, printed = asked(4_000)
        self.assertEqual(answer, {"allowed": True, "balance": 6_000})
        self.assertEqual(len(published), 1)
        self.assertEqual(printed, ["STORE ledger WithdrawalRequested/dt=2026-11-22/hour=20/event-1.json"])
        answer, _, published, _ = asked(20_000)
        self.assertEqual((answer, published), ({"allowed": False, "reason": "not_enough"}, []))

    def test_an_order_is_carried_out_with_its_approval_only(self):
        def order(key):
            text = f"{ADA}\n{NUMBER}\n{BOB}\n4000"
            approval = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
            data = {"account": ADA, "order": NUMBER, "to": BOB, "amount": 4_000, "purpose": "rent"}
            payload = kinesis(envelope("PaymentOrdered", {**data, "approval": approval}))
            answer, logged, published, _ = self.python("PaymentOrdered/book", payload)
            self.assertEqual(answer, {"batchItemFailures": []})
            self.assertNotIn(approval, json.dumps(logged))
            return [json.loads(one["Message"]) for one in published]

        booked = order("the secret bank/approvals")
        self.assertEqual([one["type"] for one in booked], ["bank.BalanceChanged.v1", "bank.PaymentBooked.v1"])
        expected = {"account": ADA, "order": NUMBER, "to": BOB, "amount": 4_000, "purpose": "rent"}
        self.assertEqual(booked[1]["data"], expected)
        (refused,) = order("another")
        self.assertEqual(refused["data"], {"account": ADA, "order": NUMBER, "reason": "not_approved"})

    def test_a_payment_is_sent(self):
        server = HTTPServer(("127.0.0.1", 0), Clearing)
        server.asked = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        data = {"account": ADA, "order": NUMBER, "to": BOB, "amount": 4_000, "purpose": "rent"}
        environ = {"CLEARING": "bank/clearing", "CLEARING_URL": f"http://127.0.0.1:{server.server_port}/payments"}
        answer, logged, _ = self.node("PaymentBooked/send", sqs(envelope("PaymentBooked", data)), **environ)
        self.assertEqual(answer, {"batchItemFailures": []})
        body = {"from": ADA, "to": BOB, "cents": 4_000, "purpose": "rent"}
        self.assertEqual(server.asked, [("Bearer the secret bank/clearing", f"{ADA}-{NUMBER}", body)])
        self.assertEqual([line["message"] for line in logged], ["payment sent"])

    def test_a_statement_is_written_in_order(self):
        def changed(change, **more):
            data = {"account": ADA, "change": change, "kind": "deposit", "movement": NUMBER, "amount": 400}
            data = {**data, "balance": 400, "at": "2026-11-22T20:38:30Z", **more}
            return envelope("BalanceChanged", data, f"event-{change}")

        # One that is refused stops those behind it.
        payload = sqs(changed(1), changed(2, kind="gift"), changed(3), queue="statement.fifo")
        answer, _, printed = self.node("BalanceChanged/statement", payload)
        self.assertEqual(answer, {"batchItemFailures": [{"itemIdentifier": "m2"}, {"itemIdentifier": "m3"}]})
        (written,) = [json.loads(line.removeprefix("WRITE ")) for line in printed]
        self.assertEqual((written["TableName"], written["Item"]["change"]["N"]), ("statements", "1"))

    def test_an_account_is_opened_from_the_store(self):
        stored = envelope("AccountOpened", {"account": ADA, "customer": NUMBER})
        s3 = {"bucket": {"name": "accounts"}, "object": {"key": "AccountOpened/dt%3D2026-11-22/hour%3D20/event-1.json"}}
        notification = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}]}
        answer, _, printed = self.node("AccountOpened/open", sqs(notification), OBJECT=json.dumps(stored))
        self.assertEqual(answer, {"batchItemFailures": []})
        (written,) = [json.loads(line.removeprefix("WRITE ")) for line in printed]
        # The overdraft was left out and has its default.
        self.assertEqual((written["Item"]["account"]["S"], written["Item"]["overdraft"]["N"]), (ADA, "0"))


if __name__ == "__main__":
    unittest.main()
