"""Runs the shared cases of `transport_cases.json`: from what Lambda passes in to what it gets back."""

import json
import unittest

from support import FakeClients, payload_of, read_json

from pipec_runtime.config import parse_config
from pipec_runtime.errors import PipecError
from pipec_runtime.runtime import Runtime

CONFIG = parse_config(read_json("pipec.json"))
MAX_LINE = 4096


class HandlerBroke(Exception):
    pass


def run(case):
    """Returns what the case's fields `failed`, `result`, `error`, `handled`… are compared with."""
    clients, lines, handled, attempts = FakeClients(case.get("objects", ())), [], [], []

    def handle(event, context):
        handled.append(event.id)
        attempts.append(context.attempt)
        if event.id in case.get("breaks", ()):
            raise HandlerBroke(f"canary {event.data}")
        return {"saw": event.id}

    runtime = Runtime(CONFIG, handle, clients=clients, write=lines.append, environ={})
    seen = {"handled": handled, "attempts": attempts, "reads": clients.reads, "lines": lines}
    try:
        seen["answer"] = runtime.invoke(payload_of(case))
    except PipecError as error:
        seen["error"] = str(error)
    return seen


class TransportCases(unittest.TestCase):
    maxDiff = None

    def test_cases(self):
        cases = read_json("transport_cases.json")["cases"]
        self.assertGreater(len(cases), 100)
        for case in cases:
            with self.subTest(case["name"]):
                self.check(case, run(case))

    def check(self, case, seen):
        answer = case.get("result")
        if "failed" in case:
            answer = {"batchItemFailures": [{"itemIdentifier": one} for one in case["failed"]]}
        self.assertEqual(seen.get("error"), case.get("error"))
        self.assertEqual(seen.get("answer"), answer)
        self.assertEqual(seen["handled"], case["handled"])
        for name in ("attempts", "reads"):
            if name in case:
                self.assertEqual(seen[name], case[name])
        self.check_lines(case.get("logs", []), seen["lines"])

    def check_lines(self, expected, lines):
        expected = [one for one in expected for _ in range(one.get("times", 1))]
        self.assertEqual(len(lines), len(expected), lines[:3])
        for line, wanted in zip(lines, expected):
            self.assertLess(len(line), MAX_LINE)
            self.assertNotIn("\n", line)
            self.assertNotIn("canary", line.replace("keys: ", ""))
            self.assertNotIn("111122223333", line)
            found = json.loads(line)
            wanted = {name: value for name, value in wanted.items() if name != "times"}
            self.assertEqual({name: found.get(name) for name in wanted}, wanted)
            for name in ("level", "message", "event_id", "event_type", "subscriber", "attempt"):
                self.assertIn(name, found)


if __name__ == "__main__":
    unittest.main()
