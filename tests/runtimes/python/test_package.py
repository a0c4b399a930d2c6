"""Runs whole packages in a process of their own, laid out as Lambda unpacks them: the cold start and its errors."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from support import RUNTIME, read_json

# Imports the entry as Lambda does, runs one invocation, prints the answer last.
DRIVER = """
import importlib, json, sys
handler = importlib.import_module("pipec_runtime.main").handler
print("SDK", "boto3" in sys.modules)
print(json.dumps(handler(json.load(sys.stdin), None)))
"""

# Needs `email`, as the real one does, and answers for every service.
FAKE_BOTO3 = """
import email.message, io, json

class Client:
    def __init__(self, service):
        print("CLIENT", service)

    def get_object(self, Bucket, Key):
        return {"Body": io.BytesIO(open("object.json", "rb").read())}

    def put_object(self, Bucket, Key, Body, ContentType, ChecksumAlgorithm):
        print("STORE", Bucket, Key, ContentType, json.loads(Body)["id"])

    def publish(self, TopicArn, Message):
        print("PUBLISH", TopicArn, Message)

    def put_record(self, StreamARN, Data, PartitionKey):
        print("PUT", StreamARN, PartitionKey, json.loads(Data)["type"])

    def get_secret_value(self, SecretId):
        return {"SecretString": f"value of {SecretId}"}

def client(service):
    return Client(service)
"""

ECHO = "def handle(event, context):\n    return event.id\n"


class Package:
    def __init__(self, handler="handlers/x.py", files=None, config=None):
        self.root = Path(tempfile.mkdtemp())
        shutil.copytree(RUNTIME / "pipec_runtime", self.root / "pipec_runtime", ignore=shutil.ignore_patterns("__pycache__"))
        self.write("pipec.json", json.dumps({**read_json("pipec.json"), "handler": handler, **(config or {})}))
        for name, text in (files or {handler: ECHO}).items():
            self.write(name, textwrap.dedent(text))

    def write(self, name, text):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def run(self, payload="envelope.json", **environ):
        sdk = self.root.parent / f"{self.root.name}-sdk"
        sdk.mkdir(exist_ok=True)
        (sdk / "boto3.py").write_text(FAKE_BOTO3)
        done = subprocess.run(
            [sys.executable, "-B", "-c", DRIVER],
            input=json.dumps(read_json(f"payloads/{payload}")),
            # Lambda's own order: the function's folder first, the SDK behind it.
            env={**os.environ, "PYTHONPATH": f"{self.root}{os.pathsep}{sdk}", **environ},
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=60,
        )
        shutil.rmtree(sdk)
        shutil.rmtree(self.root)
        return done


class ColdStart(unittest.TestCase):
    def answer_of(self, package, *arguments, **environ):
        done = package.run(*arguments, **environ)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout.splitlines()[-1]), done.stdout

    def refusal_of(self, package):
        done = package.run()
        self.assertNotEqual(done.returncode, 0)
        return done.stderr.strip().splitlines()[-1]

    def test_a_handler_file(self):
        answer, out = self.answer_of(Package())
        self.assertEqual(answer, "event-1")
        self.assertIn("SDK False", out)

    def test_a_handler_folder_with_siblings(self):
        files = {
            "handlers/x/main.py": "from sibling import answer\n\ndef handle(event, context):\n    return answer()\n",
            "handlers/x/sibling.py": "def answer():\n    import later\n    return later.ANSWER\n",
            "handlers/x/later.py": "ANSWER = 42\n",
        }
        self.assertEqual(self.answer_of(Package("handlers/x", files))[0], 42)
        self.assertEqual(self.answer_of(Package("handlers/x/main.py", files))[0], 42)

    def test_a_module_below_the_project_root(self):
        files = {
            "handlers/x.py": "from shared.cards import ANSWER\n\ndef handle(event, context):\n    return ANSWER\n",
            "shared/cards.py": "ANSWER = 'shared'\n",
        }
        self.assertEqual(self.answer_of(Package(files=files))[0], "shared")

    def test_a_dataclass_in_the_handler(self):
        text = """
            from __future__ import annotations
            from dataclasses import dataclass

            @dataclass
            class Card:
                id: str

            def handle(event, context):
                return Card(event.id).id
        """
        self.assertEqual(self.answer_of(Package(files={"handlers/x.py": text}))[0], "event-1")

    def test_a_project_file_hides_no_module_of_the_sdk(self):
        files = {
            "handlers/email.py": "def handle(event, context):\n    return context.emit('OccupancyChanged', {'building': 'b', 'inside': 1})\n"
        }
        answer, out = self.answer_of(Package("handlers/email.py", files), PIPEC_EMIT_OccupancyChanged="arn:topic")
        self.assertIn("CLIENT sns", out)
        (published,) = [line for line in out.splitlines() if line.startswith("PUBLISH arn:topic ")]
        self.assertEqual(json.loads(published.split(" ", 2)[2])["id"], answer)

    def test_an_object_is_read_with_the_sdk(self):
        package = Package()
        package.write("object.json", json.dumps(read_json("payloads/envelope.json")))
        answer, out = self.answer_of(package, "s3_direct.json")
        self.assertIsNone(answer)
        self.assertEqual(out.count("CLIENT s3"), 1)

    def test_an_answer_a_stream_and_a_secret_with_the_sdk(self):
        text = """
            def handle(event, context):
                context.emit("OccupancyChanged", {"building": "b", "inside": 1})
                return context.secret("TOKEN")
        """
        emits = {"OccupancyChanged": {**read_json("pipec.json")["emits"]["OccupancyChanged"], "key": "building"}}
        config = {"responds": {"schema": {"type": "string"}}, "secrets_env": ["TOKEN"], "emits": emits}
        stream = "arn:aws:kinesis:eu-central-1:111111111111:stream/s"
        environ = {"PIPEC_STORE_BUCKET": "bucket", "PIPEC_EMIT_OccupancyChanged": stream, "TOKEN": "cards/mail"}
        answer, out = self.answer_of(Package(files={"handlers/x.py": text}, config=config), **environ)
        self.assertEqual(answer, "value of cards/mail")
        self.assertEqual(
            out.splitlines()[:-1],
            [
                "SDK False",
                "CLIENT s3",
                "STORE bucket BuildingExited/dt=2026-11-22/hour=20/event-1.json application/json event-1",
                "CLIENT kinesis",
                f"PUT {stream} b access_cards.OccupancyChanged.v1",
                "CLIENT secretsmanager",
            ],
        )

    def test_log_lines_go_to_standard_output_with_the_place_of_the_error(self):
        text = "def handle(event, context):\n    deeper(event)\n\ndef deeper(event):\n    raise ValueError(event.data.building)\n"
        answer, out = self.answer_of(Package(files={"handlers/x.py": text}), "sqs_direct.json")
        self.assertEqual(len(answer["batchItemFailures"]), 2)
        line = json.loads(next(line for line in out.splitlines() if line.startswith("{")))
        self.assertEqual((line["error"], line["at"]), ("ValueError", ["handlers/x.py:2", "handlers/x.py:5"]))
        self.assertNotIn("canary", out)

    def test_refusals(self):
        x = "handlers/x.py"
        cases = [
            (Package(files={"other.py": ""}), "handler `handlers/x.py` is not in the package"),
            (Package("handlers/x", {"handlers/x/index.py": ""}), "handler `handlers/x` is not in the package"),
            (Package(files={x: ""}), "handler `handlers/x.py` has no function `handle(event, context)`"),
            (Package(files={x: "handle = 1"}), "handler `handlers/x.py` has no function `handle(event, context)`"),
            (Package(files={x: "import nowhere"}), "handler `handlers/x.py` cannot be imported: ModuleNotFoundError: No module named 'nowhere'"),
            (Package(files={x: "def"}), "handler `handlers/x.py` cannot be imported: SyntaxError: "),
            (Package(files={x: "raise SystemExit(3)"}), "handler `handlers/x.py` cannot be imported: SystemExit: 3"),
            (Package(files={x: "async def handle(e, c): pass"}), "`handle` in `handlers/x.py` must be a plain function"),
            (Package(files={x: "def handle(e, c):\n    yield"}), "`handle` in `handlers/x.py` must be a plain function"),
            (Package(files={x: "async def handle(e, c):\n    yield"}), "`handle` in `handlers/x.py` must be a plain function"),
            (Package(config={"schema": {"allOf": []}}), "schema: unknown keyword `allOf`"),
            (Package(config={"responds": {}}), "the variable PIPEC_STORE_BUCKET is not set"),
            (Package(config={"where": {"not": 1}}), "where: neither `all` nor `any` nor a comparison"),
            (Package(config={"emits": {"A": {"type": "t", "source": "s", "schema": {"x": 1}}}}), "schema: unknown keyword `x`"),
        ]
        for package, reason in cases:
            with self.subTest(reason):
                self.assertTrue(self.refusal_of(package).startswith(f"pipec_runtime.errors.PackageError: {reason}"))

    def test_a_broken_pipec_json(self):
        for text, reason in (("{", "cannot be read: "), ('{"type": "t", "subscriber": "s", "schema": {}}', "has no 'handler'")):
            package = Package()
            package.write("pipec.json", text)
            with self.subTest(reason):
                self.assertIn(f"PackageError: pipec.json {reason}", self.refusal_of(package))
        package = Package()
        (package.root / "pipec.json").unlink()
        self.assertIn("PackageError: pipec.json cannot be read: ", self.refusal_of(package))


if __name__ == "__main__":
    unittest.main()
