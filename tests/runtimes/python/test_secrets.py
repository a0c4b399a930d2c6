"""`context.secret`: the shared cases of `secret_cases.json`."""

import json
import unittest

from support import FakeClients, read_json

from pipec_runtime.config import parse_config
from pipec_runtime.errors import SecretError
from pipec_runtime.runtime import Runtime

CASES = read_json("secret_cases.json")["cases"]
ENVELOPE = read_json("payloads/envelope.json")


class Clock:
    time = 0

    def __call__(self):
        return self.time


def config_of(case):
    declared = {name: case[name] for name in ("secrets_env",) if name in case}
    return parse_config({**read_json("pipec.json"), **declared})


def outcome(step, context):
    try:
        return {"gives": context.secret(step["name"])}
    except SecretError as error:
        return {"error": str(error)}


class Secrets(unittest.TestCase):
    def test_cases(self):
        self.assertGreater(len(CASES), 5)
        for case in CASES:
            with self.subTest(case["name"]):
                self.check(case)

    def check(self, case):
        clients, clock, lines, told = FakeClients(), Clock(), [], []
        handle = lambda event, context: told.append(outcome(step, context))
        environ = case["environ"]
        runtime = Runtime(config_of(case), lambda *both: handle(*both), clients=clients, write=lines.append, environ=environ, now=clock)
        for step in case["steps"]:
            clock.time = step["at"]
            clients.secrets |= step.get("secrets", {})
            runtime.invoke(ENVELOPE)
        wanted = [{name: step[name] for name in ("gives", "error") if name in step} for step in case["steps"]]
        self.assertEqual((told, lines), (wanted, []))
        self.assertEqual(clients.secret_reads, [{"SecretId": one} for one in case["reads"]])
        if "log" in case:  # of a later event, which has not asked for the secret itself
            message, fields = case["log"]
            handle = lambda event, context: context.logger.info(message, **fields)
            runtime.invoke(ENVELOPE)
            line = json.loads(lines[0])
            self.assertEqual({name: line[name] for name in case["line"]}, case["line"])

    def test_hidden_in_the_event_that_reads_it(self):
        clients, lines = FakeClients(), []
        clients.secrets["s"] = {"SecretString": "canary"}

        def handle(event, context):
            context.logger.info("canary")
            context.logger.info(f"token {context.secret('TOKEN')}")

        config = parse_config({**read_json("pipec.json"), "secrets_env": ["TOKEN"]})
        Runtime(config, handle, clients=clients, write=lines.append, environ={"TOKEN": "s"}).invoke(ENVELOPE)
        self.assertEqual([json.loads(line)["message"] for line in lines], ["canary", "token [redacted]"])

    def test_a_refusal_fails_the_event_and_is_logged_by_its_code(self):
        clients, lines = FakeClients(), []
        clients.refuse = "AccessDeniedException"
        config = parse_config({**read_json("pipec.json"), "secrets_env": ["TOKEN"]})
        runtime = Runtime(config, lambda event, context: context.secret("TOKEN"), clients=clients, write=lines.append, environ={"TOKEN": "s"})
        with self.assertRaisesRegex(Exception, "^1 of 1 failed: FakeError$"):
            runtime.invoke(ENVELOPE)
        self.assertEqual(json.loads(lines[0])["code"], "AccessDeniedException")
        self.assertNotIn("canary", lines[0])


if __name__ == "__main__":
    unittest.main()
