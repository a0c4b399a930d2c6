"""What the handler logs reaches standard output as one JSON line, without the values of `secret` fields."""

import datetime
import json
import unittest

from support import FakeClients, payload_of, read_json

from pipec_runtime.config import parse_config
from pipec_runtime.log import Logger
from pipec_runtime.redact import Redactor
from pipec_runtime.runtime import Runtime

ABOUT = {"event_id": "event-1", "event_type": "t", "subscriber": "update_card_state", "attempt": 1}


def logged(secrets, data, call):
    lines = []
    call(Logger(lines.append, ABOUT, Redactor(secrets, data)))
    (line,) = lines
    assert "\n" not in line
    return json.loads(line)


class LogCases(unittest.TestCase):
    def test_cases(self):
        cases = read_json("redact_cases.json")["cases"]
        self.assertGreater(len(cases), 10)
        for case in cases:
            with self.subTest(case["name"]):
                message, fields = case["log"]
                # Positional names such as `level` are legal field names for `**fields`.
                line = logged(case["secrets"], case["data"], lambda logger: logger.info(message, **fields))
                self.assertEqual({name: line.get(name) for name in case["line"]}, case["line"])
                self.assertEqual({name: line.get(name) for name in ABOUT}, ABOUT)

    def test_levels(self):
        levels = [logged([], {}, lambda logger: getattr(logger, name)("m"))["level"] for name in ("info", "warning", "error")]
        self.assertEqual(levels, ["INFO", "WARN", "ERROR"])

    def test_values_json_does_not_know(self):
        fields = {"when": datetime.date(2026, 11, 22), "nan": float("nan"), "pair": (1, 2), "error": ValueError("4111-1111")}
        line = logged(["card"], {"card": "4111-1111"}, lambda logger: logger.info("m", **fields))
        self.assertEqual((line["when"], line["nan"], line["pair"]), ("2026-11-22", "nan", [1, 2]))
        self.assertEqual(line["error"], "[redacted]")

    def test_escapes_and_repr_of_a_secret(self):
        data = {"name": "Zoë\t'x'"}
        line = logged(["name"], data, lambda logger: logger.info(f"{json.dumps(data)} {data!r}"))
        self.assertNotIn("Zo", line["message"])

    def test_a_log_line_never_fails_an_event(self):
        class Hostile:
            def __str__(self):
                raise RuntimeError("no")

        circle = []
        circle.append(circle)
        self.assertEqual(logged([], {}, lambda logger: logger.info(Hostile()))["message"], "a log line could not be written")
        self.assertEqual(logged([], {}, lambda logger: logger.info("m", circle=circle))["message"], "m")

    def test_a_long_text_is_cut(self):
        self.assertEqual(len(logged([], {}, lambda logger: logger.info("x" * 100_000))["message"]), 8192)

    def test_secrets_stay_hidden_after_the_handler_changed_its_data(self):
        lines = []

        def handle(event, context):
            badges = event.data.pop("badges")
            context.logger.warning(f"badge {badges[0].serial} of {event.data.pop('employee_id')}", turnstile=event.data.turnstile)

        runtime = Runtime(parse_config(read_json("pipec.json")), handle, clients=FakeClients(), write=lines.append)
        runtime.invoke(payload_of({"payload": "sqs_direct.json"}))
        self.assertEqual(
            json.loads(lines[0]),
            {
                "level": "WARN",
                "message": "badge [redacted] of [redacted]",
                "event_id": "event-1",
                "event_type": "access_cards.BuildingExited.v1",
                "subscriber": "update_card_state",
                "attempt": 3,
                "turnstile": 1,
            },
        )

    def test_the_trace_is_that_of_the_invocation(self):
        environ, lines = {}, []

        def handle(event, context):
            context.logger.info("m", trace="canary")
            raise ValueError

        config = parse_config(read_json("pipec.json"))
        runtime = Runtime(config, handle, clients=FakeClients(), write=lines.append, environ=environ)
        for case in read_json("trace_cases.json")["cases"]:
            environ.clear()
            environ.update({"_X_AMZN_TRACE_ID": case["header"]} if "header" in case else {})
            runtime.invoke(payload_of({"messages": [{"event": "event-1"}]}))
            logged, failed = map(json.loads, (lines.pop(0), lines.pop(0)))
            with self.subTest(case):
                self.assertEqual(failed.get("trace"), case["trace"])
                self.assertEqual("trace" in failed, case["trace"] is not None)
                # Without a trace the name is free for the handler's own field.
                self.assertEqual(logged["trace"], case["trace"] or "canary")


if __name__ == "__main__":
    unittest.main()
