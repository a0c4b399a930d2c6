"""Runs the shared cases of `default_cases.json`: what `handle` and the next event's subscribers see."""

import copy
import json
import unittest

from support import FakeClients, payload_of, read_json

from pipec_runtime.config import parse_config
from pipec_runtime.runtime import Runtime
from pipec_runtime.schema import Schema

PACKAGE = read_json("pipec.json")


def spoil(value):
    """Empties what lies inside `value`, as a handler may: the next event must not notice."""
    if isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            spoil(one)
        value.clear()


def run(case):
    """Returns the data of two received events and of what was emitted for each, as JSON."""
    emits = {"Copied": {"type": "t", "source": "s", "schema": case["schema"]}}
    config = parse_config({**PACKAGE, "schema": case["schema"], "secrets": [], "emits": emits})
    clients, seen, lines = FakeClients(), [], []

    def handle(event, context):
        seen.append(text_of(event.data))
        context.emit("Copied", case["data"])
        spoil(event.data)

    envelope = {**read_json("payloads/envelope.json"), "data": case["data"]}
    runtime = Runtime(config, handle, clients=clients, write=lines.append, environ={"PIPEC_EMIT_Copied": "arn:topic"})
    runtime.invoke(payload_of({"messages": [{"json": envelope}, {"json": envelope}]}))
    return seen, [text_of(json.loads(one["Message"])["data"]) for one in clients.published], lines


def text_of(value):
    return json.dumps(value, sort_keys=True)  # in Python 1 == True == 1.0, as text they differ


class DefaultCases(unittest.TestCase):
    def test_cases(self):
        cases = read_json("default_cases.json")["cases"]
        self.assertGreater(len(cases), 10)
        for case in cases:
            with self.subTest(case["name"]):
                before, wanted = text_of(case["data"]), [text_of(case["seen"])] * 2
                self.assertEqual(run(case), (wanted, wanted, []))
                self.assertEqual(text_of(case["data"]), before, "what the handler emits stays its own")

    def test_every_value_gets_a_default_of_its_own(self):
        for case in read_json("default_cases.json")["cases"]:
            schema = Schema(case["schema"])
            for _ in range(2):
                value = copy.deepcopy(case["data"])
                schema.accept(value)
                with self.subTest(case["name"]):
                    self.assertEqual(text_of(value), text_of(case["seen"]))
                spoil(value)

    def test_a_default_has_attributes_too(self):
        schema = {"properties": {"a": {"default": {"b": 1}}}}
        config = parse_config({**PACKAGE, "schema": schema, "secrets": []})
        runtime = Runtime(config, lambda event, context: event.data.a.b, clients=FakeClients())
        self.assertEqual(runtime.invoke({**read_json("payloads/envelope.json"), "data": {}}), 1)


if __name__ == "__main__":
    unittest.main()
