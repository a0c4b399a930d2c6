"""`context.emit`: what SNS and Kinesis get, and what is refused."""

import datetime
import json
import re
import unittest
import uuid

from support import FakeClients, payload_of, read_json

from pipec_runtime.config import parse_config
from pipec_runtime.errors import EmitError
from pipec_runtime.runtime import Runtime

TOPIC = "arn:aws:sns:eu-central-1:111111111111:access-cards-occupancy-changed"
CONFIG = read_json("pipec.json")
GOOD = {"building": "canary-hall", "inside": 2}


def run(handle, environ=None, clients=None):
    """Returns the answer to a batch of two, and the log lines."""
    lines = []
    environ = {"PIPEC_EMIT_OccupancyChanged": TOPIC} if environ is None else environ
    runtime = Runtime(parse_config(CONFIG), handle, clients=clients or FakeClients(), write=lines.append, environ=environ)
    answer = runtime.invoke(payload_of({"messages": [{"event": "event-1"}, {"event": "event-2"}]}))
    return answer["batchItemFailures"], [json.loads(line) for line in lines]


class Emit(unittest.TestCase):
    def test_publishes_a_cloud_event(self):
        clients, ids = FakeClients(), []
        failures, lines = run(lambda event, context: ids.append(context.emit("OccupancyChanged", GOOD)), clients=clients)
        self.assertEqual((failures, lines), ([], []))
        self.assertEqual([sorted(one) for one in clients.published], [["Message", "TopicArn"]] * 2)
        self.assertEqual(clients.published[0]["TopicArn"], TOPIC)
        envelopes = [json.loads(one["Message"]) for one in clients.published]
        self.assertEqual([one["id"] for one in envelopes], ids)
        self.assertEqual([uuid.UUID(one).version for one in ids], [4, 4])
        self.assertNotEqual(*ids)
        time = envelopes[0].pop("time")
        self.assertRegex(time, re.compile(r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z"))
        age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(time)
        self.assertLess(abs(age.total_seconds()), 60)
        del envelopes[0]["id"]
        self.assertEqual(
            envelopes[0],
            {
                "specversion": "1.0",
                "type": "access_cards.OccupancyChanged.v1",
                "source": "/access_cards/OccupancyChanged",
                "datacontenttype": "application/json",
                "data": GOOD,
            },
        )

    def test_what_is_published_is_an_event_for_its_subscribers(self):
        clients, seen = FakeClients(), []
        run(lambda event, context: context.emit("OccupancyChanged", GOOD), clients=clients)
        declared = CONFIG["emits"]["OccupancyChanged"]
        config = parse_config({**CONFIG, "type": declared["type"], "schema": declared["schema"], "secrets": []})
        receiver = Runtime(config, lambda event, context: seen.append(event.data), clients=clients)
        receiver.invoke(json.loads(clients.published[0]["Message"]))
        self.assertEqual(seen, [GOOD])

    def refused(self, name, data, environ=None):
        caught = []

        def handle(event, context):
            try:
                context.emit(name, data)
            except EmitError as error:
                caught.append(str(error))
                raise

        clients = FakeClients()
        failures, lines = run(handle, environ, clients)
        self.assertEqual((len(failures), clients.published), (2, []))
        self.assertEqual({line["reason"] for line in lines}, set(caught))
        self.assertNotIn("canary", json.dumps(lines))
        return caught[0]

    def test_refusals(self):
        cases = [
            ("BuildingExited", GOOD, "`BuildingExited` is not in the subscriber's `emits` (there: OccupancyChanged)"),
            ("constructor", GOOD, "`constructor` is not in the subscriber's `emits` (there: OccupancyChanged)"),
            ("OccupancyChanged", {"building": "canary", "inside": -1}, "`OccupancyChanged` does not fit its schema: less than 0 at /inside"),
            ("OccupancyChanged", {"inside": 1}, "`OccupancyChanged` does not fit its schema: missing at /building"),
            ("OccupancyChanged", ["canary"], "`OccupancyChanged` does not fit its schema: expected object at /"),
            ("OccupancyChanged", {**GOOD, "__proto__": 1}, "`OccupancyChanged` does not fit its schema: the key `__proto__` is not allowed"),
            ("OccupancyChanged", {**GOOD, "inside": float("nan")}, "`OccupancyChanged` is not JSON: ValueError"),
            ("OccupancyChanged", {**GOOD, "inside": datetime.date.today()}, "`OccupancyChanged` is not JSON: TypeError"),
        ]
        for name, data, reason in cases:
            with self.subTest(reason):
                self.assertEqual(self.refused(name, data), reason)

    def test_no_topic(self):
        for environ in ({}, {"PIPEC_EMIT_OccupancyChanged": ""}):
            self.assertEqual(self.refused("OccupancyChanged", GOOD, environ), "the variable PIPEC_EMIT_OccupancyChanged is not set")

    def test_a_refusal_by_sns_fails_the_event_and_is_logged_by_its_code(self):
        clients = FakeClients()
        clients.refuse = "AuthorizationError"
        failures, lines = run(lambda event, context: context.emit("OccupancyChanged", GOOD), clients=clients)
        self.assertEqual([one["itemIdentifier"] for one in failures], ["m0", "m1"])
        self.assertEqual((lines[0]["code"], lines[0]["message"]), ("AuthorizationError", "handler failed"))
        self.assertNotIn("canary", json.dumps(lines))

    def test_a_handler_may_go_on_after_a_refusal(self):
        def handle(event, context):
            with self.assertRaises(EmitError):
                context.emit("Nothing", {})

        self.assertEqual(run(handle), ([], []))

    def test_text_beyond_ascii_is_not_blown_up(self):
        clients = FakeClients()
        run(lambda event, context: context.emit("OccupancyChanged", {"building": "Zürich", "inside": 1}), clients=clients)
        self.assertIn("Zürich", clients.published[0]["Message"])

    def test_a_lone_surrogate_travels_as_an_escape(self):
        clients = FakeClients()
        run(lambda event, context: context.emit("OccupancyChanged", {"building": "\ud800", "inside": 1}), clients=clients)
        self.assertIn(r"\ud800", clients.published[0]["Message"])
        clients.published[0]["Message"].encode()


class Targets(unittest.TestCase):
    def test_cases(self):
        shared = read_json("emit_cases.json")
        self.assertGreater(len(shared["cases"]), 25)
        for case in shared["cases"]:
            with self.subTest(case["name"]):
                self.check(case, shared["targets"][case["target"]], shared["schema"])

    def check(self, case, target, schema):
        declared = {"type": "t", "source": "s", "schema": schema, **{name: case[name] for name in ("key",) if name in case}}
        config = parse_config({**CONFIG, "emits": {"Copied": declared}})
        clients, ids, lines = FakeClients(), [], []
        handle = lambda event, context: ids.append(context.emit("Copied", case["data"]))
        runtime = Runtime(config, handle, clients=clients, write=lines.append, environ={"PIPEC_EMIT_Copied": target})
        runtime.invoke(payload_of({"messages": [{"event": "event-1"}]}))
        self.assertNotIn("canary", "".join(lines))
        if "error" in case:
            self.assertEqual((clients.published, clients.records), ([], []))
            self.assertEqual([json.loads(line)["reason"] for line in lines], [case["error"]])
            return
        stream = ":kinesis:" in target
        (sent,) = clients.records if stream else clients.published
        self.assertEqual((lines, clients.published if stream else clients.records), ([], []))
        envelope = json.loads(sent.pop("Data" if stream else "Message"))
        self.assertEqual((envelope["specversion"], [envelope["id"]]), ("1.0", ids))
        wanted = {name: ids[0] if one == "@id" else one for name, one in case["sent"].items()}
        self.assertEqual(sent, {**wanted, "StreamARN" if stream else "TopicArn": target})

    def test_the_longest_keys(self):
        for target, longest in (("arn:aws:sns:r:1:t.fifo", 128), ("arn:aws:kinesis:r:1:stream/s", 256)):
            emits = {"Copied": {"type": "t", "source": "s", "schema": {}, "key": "a"}}
            clients, lines = FakeClients(), []
            runtime = Runtime(
                parse_config({**CONFIG, "emits": emits}),
                lambda event, context: context.emit("Copied", {"a": "x" * event.data.turnstile}),
                clients=clients,
                write=lines.append,
                environ={"PIPEC_EMIT_Copied": target},
            )
            lengths = [{"event": "e", "data": {"turnstile": length}} for length in (longest, longest + 1)]
            self.assertEqual(runtime.invoke(payload_of({"messages": lengths})), {"batchItemFailures": [{"itemIdentifier": "m1"}]})
            self.assertEqual(len(clients.published + clients.records), 1)

    def test_a_stream_gets_bytes_beyond_ascii(self):
        clients = FakeClients()
        environ = {"PIPEC_EMIT_OccupancyChanged": "arn:aws:kinesis:eu-central-1:111111111111:stream/s"}
        run(lambda event, context: context.emit("OccupancyChanged", {"building": "Zürich", "inside": 1}), environ, clients)
        self.assertIn("Zürich".encode(), clients.records[0]["Data"])

    def test_a_refusal_by_kinesis_fails_the_event(self):
        clients = FakeClients()
        clients.refuse = "ProvisionedThroughputExceededException"
        environ = {"PIPEC_EMIT_OccupancyChanged": "arn:aws:kinesis:eu-central-1:111111111111:stream/s"}
        failures, lines = run(lambda event, context: context.emit("OccupancyChanged", GOOD), environ, clients)
        self.assertEqual((len(failures), lines[0]["code"]), (2, "ProvisionedThroughputExceededException"))


if __name__ == "__main__":
    unittest.main()
