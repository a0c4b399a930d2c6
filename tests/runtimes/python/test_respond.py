"""A synchronous event: the shared cases of `respond_cases.json`, and what a handler may do besides."""

import json
import unittest

from support import FakeClients, read_json, text_of

from pipec_runtime.config import parse_config
from pipec_runtime.errors import NotAnswered, PackageError
from pipec_runtime.runtime import Runtime

CASES = read_json("respond_cases.json")
PACKAGE = {**read_json("pipec.json"), "responds": CASES["responds"]}
BUCKET = "access-cards-events"


class HandlerBroke(Exception):
    pass


def run(handle, payload, config=None, refuse=None):
    """Returns the clients, the log lines, and the answer or the error's text."""
    clients, lines = FakeClients(), []
    clients.refuse = refuse
    environ = {"PIPEC_STORE_BUCKET": BUCKET}
    runtime = Runtime(parse_config({**PACKAGE, **(config or {})}), lambda *both: handle(clients, *both), clients=clients, write=lines.append, environ=environ)
    try:
        told = {"answer": runtime.invoke(payload, "the aws context")}
    except NotAnswered as error:
        told = {"error": str(error), "chain": (error.__cause__, error.__context__)}
    return clients, lines, told


class Respond(unittest.TestCase):
    maxDiff = None

    def test_cases(self):
        self.assertGreater(len(CASES["cases"]), 25)
        for case in CASES["cases"]:
            with self.subTest(case["name"]):
                self.check(case)

    def check(self, case):
        stored_before = []

        def handle(clients, event, context):
            stored_before.append(len(clients.stored))
            self.assertEqual((context.attempt, context.aws), (1, "the aws context"))
            if case.get("breaks"):
                raise HandlerBroke(f"canary {event.data}")
            return case.get("returns")

        payload = json.loads(text_of(case["send"]))
        clients, lines, told = run(handle, payload, case.get("config"), case.get("refuse"))
        wanted = {"error": case["error"], "chain": (None, None)} if "error" in case else {"answer": case["answer"]}
        self.assertEqual(json.dumps(told), json.dumps(wanted))
        self.assertEqual(stored_before, [1] * case["handled"])
        self.check_stored(case, clients.stored)
        self.assertEqual(len(lines), len(case.get("logs", [])), lines)
        for line, logged in zip(lines, case.get("logs", [])):
            self.assertNotIn("canary", line)
            found = json.loads(line)
            self.assertEqual({name: found.get(name) for name in logged}, logged)

    def check_stored(self, case, stored):
        self.assertEqual(len(stored), 1 if "key" in case else 0)
        for one in stored:
            body = one.pop("Body")
            self.assertIsInstance(body, bytes)
            self.assertEqual(one, {"Bucket": BUCKET, "Key": case["key"], "ContentType": "application/json", "ChecksumAlgorithm": "SHA256"})
            if "body" in case:
                self.assertEqual(body.decode(), case["body"])

    def test_the_event_itself_and_tuples_are_answers(self):
        payload = read_json("payloads/envelope.json")
        _, _, told = run(lambda clients, event, context: (event.data, 1), payload, {"responds": {}})
        self.assertEqual(told, {"answer": [read_json("payloads/envelope.json")["data"], 1]})
        self.assertIs(type(told["answer"][0]), dict)

    def test_an_answer_that_is_not_json(self):
        circle = []
        circle.append(circle)
        for value, name in ((object(), "TypeError"), (float("nan"), "ValueError"), (circle, "ValueError")):
            _, lines, told = run(lambda clients, event, context: value, read_json("payloads/envelope.json"), {"responds": {}})
            self.assertEqual(told["error"], "ANSWER: the handler's answer does not fit its schema")
            self.assertEqual(json.loads(lines[0])["reason"], f"not JSON: {name}")

    def test_whatever_the_handler_raises_its_caller_learns_nothing(self):
        def leave(clients, event, context):
            raise SystemExit("canary")

        def emit(clients, event, context):
            context.emit("canary", {})

        for handle, name in ((leave, "SystemExit"), (emit, "EmitError")):
            _, lines, told = run(handle, read_json("payloads/envelope.json"))
            self.assertEqual(told, {"error": "FAILED", "chain": (None, None)})
            self.assertEqual(json.loads(lines[0])["error"], name)

    def test_sent_twice_is_stored_twice(self):
        clients = FakeClients()
        runtime = Runtime(
            parse_config(PACKAGE),
            lambda event, context: {"allowed": True},
            clients=clients,
            environ={"PIPEC_STORE_BUCKET": BUCKET},
        )
        for name in ("event-1", "event-2"):
            runtime.invoke({**read_json("payloads/envelope.json"), "id": name})
        self.assertEqual([one["Key"].rsplit("/")[-1] for one in clients.stored], ["event-1.json", "event-2.json"])

    def test_a_broken_package(self):
        for environ in ({}, {"PIPEC_STORE_BUCKET": ""}):
            with self.assertRaisesRegex(PackageError, "the variable PIPEC_STORE_BUCKET is not set"):
                Runtime(parse_config(PACKAGE), lambda event, context: None, environ=environ)
        with self.assertRaisesRegex(PackageError, "pipec.json has no 'event'"):
            parse_config({name: one for name, one in PACKAGE.items() if name != "event"})
        with self.assertRaisesRegex(PackageError, "unknown keyword `allOf`"):
            parse_config({**PACKAGE, "responds": {"schema": {"allOf": []}}})


if __name__ == "__main__":
    unittest.main()
