"""`where`: the shared cases of `where_cases.json`, and what becomes of events that are passed over."""

import unittest

from support import FakeClients, payload_of, read_json

from pipec_runtime.config import parse_config
from pipec_runtime.errors import EventsFailed, PackageError
from pipec_runtime.runtime import Runtime

PACKAGE = read_json("pipec.json")
CASES = read_json("where_cases.json")
SECOND = {"field": ["turnstile"], "op": "==", "value": 2}


def handled(where, payload, handle=lambda event, context: None, **package):
    """Returns the ids of the handled events, the answer and the log lines."""
    seen, lines = [], []

    def counted(event, context):
        seen.append(event.id)
        return handle(event, context)

    config = parse_config({**PACKAGE, "where": where, **package})
    answer = Runtime(config, counted, clients=FakeClients(), write=lines.append, environ={}).invoke(payload)
    return seen, answer, lines


class Where(unittest.TestCase):
    def test_cases(self):
        self.assertGreater(len(CASES["cases"]), 50)
        for case in CASES["cases"]:
            with self.subTest(case["name"]):
                payload = payload_of({"messages": [{"json": {**read_json("payloads/envelope.json"), "data": case["data"]}}]})
                found = handled(case["where"], payload, schema=case.get("schema", {}), secrets=[])
                self.assertEqual(found, (["event-1"] if case["holds"] else [], {"batchItemFailures": []}, []))

    def test_refused(self):
        self.assertGreater(len(CASES["refused"]), 15)
        for case in CASES["refused"]:
            with self.subTest(case), self.assertRaises(PackageError) as caught:
                parse_config({**PACKAGE, "where": case["where"]})
            self.assertEqual(str(caught.exception), case["reason"])

    def test_a_caller_who_waits_is_not_passed_over(self):
        with self.assertRaisesRegex(PackageError, "both `where` and `responds`"):
            parse_config({**PACKAGE, "where": SECOND, "responds": {"schema": None}})

    def test_only_what_holds_is_handled(self):
        items = [{"event": f"event-{number}", "data": {"turnstile": number}} for number in (1, 2, 3)]
        for batch in ("messages", "records"):
            self.assertEqual(handled(SECOND, payload_of({batch: items})), (["event-2"], {"batchItemFailures": []}, []))

    def test_a_direct_invocation_has_no_result(self):
        self.assertEqual(handled(SECOND, read_json("payloads/envelope.json"), lambda event, context: 1), ([], None, []))

    def test_what_is_passed_over_is_checked_but_not_counted(self):
        records = []
        for data in ({"turnstile": 1}, {"turnstile": 2}, {"turnstile": 0}):
            records += payload_of({"notification": {"event": "e", "data": data}})["Records"]
        with self.assertRaises(EventsFailed) as caught:
            handled(SECOND, {"Records": records})
        self.assertEqual(str(caught.exception), "1 of 2 failed: less than 1 at /data/turnstile")


if __name__ == "__main__":
    unittest.main()
