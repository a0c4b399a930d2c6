"""The event that `handle` gets, and how its failures are told."""

import copy
import json
import unittest

from support import FakeClients, payload_of, read_json

from pipec_runtime import objects
from pipec_runtime.config import parse_config
from pipec_runtime.envelope import Data
from pipec_runtime.runtime import Runtime

CONFIG = parse_config(read_json("pipec.json"))


def run(handle, **case):
    lines = []
    runtime = Runtime(CONFIG, handle, clients=FakeClients(), write=lines.append, environ={})
    answer = runtime.invoke(payload_of(case or {"messages": [{"event": "event-1"}, {"event": "event-2"}]}), "the aws context")
    return answer, [json.loads(line) for line in lines]


class TheEvent(unittest.TestCase):
    def test_attributes_and_data(self):
        def handle(event, context):
            self.assertEqual((event.id, event.source, event.time), ("event-1", "/access_cards/BuildingExited", "2026-11-22T20:38:30Z"))
            self.assertEqual(event.type, "access_cards.BuildingExited.v1")
            self.assertEqual(event.data, read_json("payloads/envelope.json")["data"])
            self.assertEqual(event.data.badges[0].serial, event.data["badges"][0]["serial"])
            self.assertIsInstance(event.data, dict)
            self.assertEqual((context.attempt, context.aws), (1, "the aws context"))
            return event.data

        answer, lines = run(handle, payload="envelope.json")
        self.assertEqual(lines, [])
        self.assertEqual(json.loads(json.dumps(answer)), read_json("payloads/envelope.json")["data"])

    def test_time_is_optional(self):
        times = []
        run(lambda event, context: times.append(event.time), messages=[{"event": "event-1", "without": "time"}])
        self.assertEqual(times, [None])

    def test_data_is_a_dict_with_attributes(self):
        data = Data(a=1, items=2)
        self.assertEqual((data.a, data["items"], data.get("b")), (1, 2, None))
        self.assertTrue(callable(data.items))
        with self.assertRaisesRegex(AttributeError, "the event has no field `b`"):
            data.b
        self.assertFalse(hasattr(data, "b"))
        data.b = 3
        del data.a
        self.assertEqual(data, {"items": 2, "b": 3})
        self.assertEqual(copy.deepcopy(data), data)

    def test_numbers_stay_as_they_are(self):
        seen = []
        note = [['{"a":1.5,"b":12345678901234567890}', 1]]
        run(lambda event, context: seen.append(event.data.note), messages=[{"event": "event-1", "note": note}])
        self.assertEqual(seen, [{"a": 1.5, "b": 12345678901234567890}])

    def test_events_do_not_share_their_data(self):
        def handle(event, context):
            self.assertNotIn("seen", event.data)
            event.data["seen"] = True

        self.assertEqual(run(handle)[0], {"batchItemFailures": []})


class Failures(unittest.TestCase):
    def test_whatever_the_handler_raises_fails_its_event_only(self):
        def recurse():
            recurse()

        def leave():
            raise SystemExit(1)

        for broken in (recurse, leave, lambda: {}["canary"], lambda: int("canary")):
            seen = []

            def handle(event, context):
                seen.append(event.id)
                if event.id == "event-1":
                    broken()

            answer, lines = run(handle)
            self.assertEqual(answer, {"batchItemFailures": [{"itemIdentifier": "m0"}]})
            self.assertEqual(seen, ["event-1", "event-2"])
            self.assertEqual(len(lines), 1)
            self.assertNotIn("canary", json.dumps(lines))

    def test_the_error_of_a_direct_invocation_carries_no_text_of_the_handler(self):
        def handle(event, context):
            raise ValueError("canary")

        with self.assertRaises(Exception) as caught:
            run(handle, payload="envelope.json")
        self.assertEqual(str(caught.exception), "1 of 1 failed: ValueError")
        self.assertIsNone(caught.exception.__cause__)
        self.assertIsNone(caught.exception.__context__)


class Objects(unittest.TestCase):
    def test_a_gzip_bomb_is_cut_off(self):
        import gzip

        body = gzip.compress(bytes(1_000_001))
        self.assertEqual(len(objects.plain(body, 1_000_001)), 1_000_001)
        with self.assertRaises(OverflowError):
            objects.plain(body, 1_000_000)

    def test_the_limit_fails_its_item(self):
        import gzip
        from unittest import mock

        clients = FakeClients()
        clients.get_object = lambda **request: {"Body": mock.Mock(read=lambda: gzip.compress(bytes(1000)))}
        lines = []
        runtime = Runtime(CONFIG, lambda event, context: None, clients=clients, write=lines.append)
        with mock.patch.object(objects.plain, "__defaults__", (999,)):
            answer = runtime.invoke(payload_of({"messages": [{"object": "a"}]}))
        self.assertEqual(answer, {"batchItemFailures": [{"itemIdentifier": "m0"}]})
        self.assertEqual(json.loads(lines[0])["reason"], "the object is too large")


if __name__ == "__main__":
    unittest.main()
