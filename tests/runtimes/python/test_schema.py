"""Runs the shared cases of `schema_cases.json`."""

import unittest

from support import read_json

from pipec_runtime.errors import PackageError, Rejected
from pipec_runtime.schema import Schema

CASES = read_json("schema_cases.json")


class SchemaCases(unittest.TestCase):
    def test_values(self):
        self.assertGreater(len(CASES["schemas"]), 50)
        for case in CASES["schemas"]:
            schema = Schema(case["schema"])
            for value in case["accept"]:
                with self.subTest(case["name"], accept=value):
                    schema.accept(value)
            for wrong in case["reject"]:
                with self.subTest(case["name"], reject=wrong["value"]):
                    with self.assertRaises(Rejected) as caught:
                        schema.accept(wrong["value"])
                    self.assertEqual((caught.exception.pointer, caught.exception.reason), (wrong["at"], wrong["reason"]))

    def test_refused_schemas(self):
        self.assertGreater(len(CASES["refused"]), 30)
        for case in CASES["refused"]:
            with self.subTest(case["name"]):
                with self.assertRaises(PackageError) as caught:
                    Schema(case["schema"])
                self.assertTrue(str(caught.exception).startswith(case["error"]), str(caught.exception))


if __name__ == "__main__":
    unittest.main()
