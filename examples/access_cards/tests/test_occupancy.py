"""The handlers of entries and exits, on a table in memory."""

import os
import sys
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent.parent / "handlers"))

import count_entry
import count_exit
import occupancy
from fakes import DynamoDB, TransactionCanceledException

ADA, BOB = "111122223333", "444455556666"


class Context:
    def __init__(self, emitted):
        self._emitted = emitted
        self.logger = SimpleNamespace(info=lambda message, **fields: None)

    def emit(self, name, data):
        self._emitted.append((name, data))
        return f"emitted-{len(self._emitted)}"


class Occupancy(unittest.TestCase):
    def setUp(self):
        self.table, self.emitted, self.sleeps = DynamoDB(), [], []
        for patched in (
            patch.dict(os.environ, CARDS_TABLE="cards"),
            patch.object(occupancy, "dynamodb", lambda: self.table),
            patch.object(occupancy.time, "sleep", self.sleeps.append),
        ):
            patched.start()
            self.addCleanup(patched.stop)

    def enter(self, event_id, at, building="hq", who=ADA):
        self.run_handler(count_entry, event_id, employee_id=who, building=building, entered_at=at)

    def exit(self, event_id, at, building="hq", who=ADA):
        self.run_handler(count_exit, event_id, employee_id=who, building=building, exited_at=at)

    def run_handler(self, handler, event_id, **data):
        handler.handle(SimpleNamespace(id=event_id, data=SimpleNamespace(**data)), Context(self.emitted))

    def inside(self, building="hq"):
        return int(self.table.items.get(f"building/{building}", {"inside": {"N": "0"}})["inside"]["N"])

    def told(self):
        """What was emitted since the last call: building, inside, change."""
        emitted, self.emitted[:] = list(self.emitted), []
        self.assertTrue(all(name == "OccupancyChanged" for name, _ in emitted))
        return [(data["building"], data["inside"], data["change"]) for _, data in emitted]

    def test_people_come_and_go(self):
        self.enter("e1", "2026-11-22T08:00:00Z")
        self.enter("e2", "2026-11-22T08:01:00Z", who=BOB)
        self.exit("e3", "2026-11-22T12:00:00Z")
        self.assertEqual(self.told(), [("hq", 1, 1), ("hq", 2, 2), ("hq", 1, 3)])
        self.assertNotIn("building", self.table.items[f"person/{ADA}"])

    def test_an_event_that_arrives_twice_counts_once_and_is_told_again(self):
        for _ in range(2):
            self.enter("e1", "2026-11-22T08:00:00Z")
        self.assertEqual(self.told(), [("hq", 1, 1), ("hq", 1, 1)])

    def test_a_repetition_tells_the_count_of_now(self):
        self.enter("e1", "2026-11-22T08:00:00Z")
        self.enter("e2", "2026-11-22T08:00:01Z", who=BOB)
        self.told()
        self.enter("e1", "2026-11-22T08:00:00Z")
        self.assertEqual(self.told(), [("hq", 2, 2)])

    def test_a_run_that_ended_before_it_told_anybody_is_made_up_for(self):
        with patch.object(Context, "emit", side_effect=RuntimeError("no more time")), self.assertRaises(RuntimeError):
            self.enter("e1", "2026-11-22T08:00:00Z")
        self.enter("e1", "2026-11-22T08:00:00Z")
        self.assertEqual(self.told(), [("hq", 1, 1)])

    def test_an_entry_that_its_exit_overtook_is_ignored(self):
        self.exit("e2", "2026-11-22T09:00:00Z")
        self.enter("e1", "2026-11-22T08:59:59Z")
        self.assertEqual((self.inside(), self.told()), (0, []))

    def test_moments_are_compared_not_texts(self):
        self.enter("e1", "2026-11-22T10:00:00+02:00")  # 08:00 UTC
        self.exit("e2", "2026-11-22t08:00:00.000001z")
        self.assertEqual(self.inside(), 0)
        self.enter("e3", "2026-11-22T09:00:00+01:00")  # 08:00 UTC again, so before the exit
        self.assertEqual(self.inside(), 0)

    def test_of_two_sightings_at_one_moment_the_first_counts_whatever_is_repeated(self):
        for event_id, building in (("e1", "hq"), ("e2", "lab"), ("e1", "hq"), ("e2", "lab")):
            self.enter(event_id, "2026-11-22T08:00:00Z", building)
        self.assertEqual((self.inside("hq"), self.inside("lab")), (1, 0))

    def test_a_person_is_in_one_building_at_a_time(self):
        self.enter("e1", "2026-11-22T08:00:00Z", "hq")
        self.enter("e2", "2026-11-22T09:00:00Z", "lab")  # nobody saw them leave
        self.assertEqual(self.told(), [("hq", 1, 1), ("hq", 0, 2), ("lab", 1, 1)])
        self.enter("e2", "2026-11-22T09:00:00Z", "lab")
        self.assertEqual(self.told(), [("hq", 0, 2), ("lab", 1, 1)])

    def test_a_second_entry_into_the_same_building_changes_nothing(self):
        self.enter("e1", "2026-11-22T08:00:00Z")
        self.told()
        self.enter("e2", "2026-11-22T08:00:05Z")
        self.assertEqual((self.inside(), self.told()), (1, []))

    def test_an_exit_without_an_entry_never_makes_a_count_negative(self):
        self.exit("e1", "2026-11-22T08:00:00Z")
        self.assertEqual((self.inside(), self.told()), (0, []))

    def test_two_writers_at_once_both_count(self):
        # The other one writes the same person between our read and our write.
        transact = self.table.transact_write_items

        def interrupted(TransactItems):
            self.table.transact_write_items = transact
            self.enter("e1", "2026-11-22T08:00:00Z", "lab")
            transact(TransactItems)

        self.table.transact_write_items = interrupted
        self.enter("e2", "2026-11-22T08:00:01Z", "hq")
        self.assertEqual((self.inside("lab"), self.inside("hq")), (0, 1))
        self.assertEqual(len(self.sleeps), 1)

    def test_conflicts_are_tried_again_but_not_for_ever(self):
        self.table.conflicts = 5
        self.enter("e1", "2026-11-22T08:00:00Z")
        self.assertEqual((self.inside(), len(self.sleeps)), (1, 5))
        self.table.conflicts = 6
        with self.assertRaises(TransactionCanceledException):
            self.exit("e2", "2026-11-22T09:00:00Z")
        self.assertEqual(self.inside(), 1)


if __name__ == "__main__":
    unittest.main()
