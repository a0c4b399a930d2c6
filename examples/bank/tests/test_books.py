"""The handlers that book, on a table in memory."""

import hashlib
import hmac
import os
import sys
import unittest
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent.parent / "handlers"))

from fakes import DynamoDB, TransactionCanceledException

import books

ADA, BOB, NOBODY = "DE02100100100006820101", "DE02200505501015871393", "DE02300209000106531065"
KEY = "the key of approvals"
HANDLERS = {
    name: import_module(name)
    for name in (
        "book_deposit",
        "book_order",
        "book_payment",
        "book_transfer",
        "decide_withdrawal",
        "hold_deposit",
        "settle_deposit",
    )
}


class Data(dict):
    __getattr__ = dict.__getitem__


class Context:
    def __init__(self, emitted):
        self.emitted = emitted
        say = lambda message, **fields: None
        self.logger = SimpleNamespace(info=say, warning=say, error=say)

    def emit(self, name, data):
        self.emitted.append((name, data))

    def secret(self, name):
        assert name == "APPROVALS"
        return KEY


class Books(unittest.TestCase):
    def setUp(self):
        self.table, self.emitted, self.sleeps = DynamoDB([(ADA, 10_000, 0), (BOB, 500, 2_000)]), [], []
        mocks = [patch.dict(os.environ, ACCOUNTS="accounts"), patch.object(books.time, "sleep", self.sleeps.append)]
        # Handlers that use the client themselves have imported the function.
        users = [module for module in (books, *HANDLERS.values()) if hasattr(module, "dynamodb")]
        for patched in mocks + [patch.object(module, "dynamodb", lambda: self.table) for module in users]:
            patched.start()
            self.addCleanup(patched.stop)

    def run_handler(self, name, event_id="e1", time="2026-11-22T20:38:30Z", **data):
        event = SimpleNamespace(id=event_id, time=time, data=Data(data))
        return HANDLERS[name].handle(event, Context(self.emitted))

    def withdraw(self, amount, withdrawal="w1", account=ADA, event_id="e1"):
        data = {"account": account, "withdrawal": withdrawal, "amount": amount, "branch": "harbour"}
        return self.run_handler("decide_withdrawal", event_id, **data)

    def order(self, name, amount, order="o1", account=ADA, to=BOB, approval=None, **more):
        text = f"{account}\n{order}\n{to}\n{amount}"
        approval = approval or hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
        data = {"account": account, "order": order, "to": to, "amount": amount, "approval": approval, **more}
        self.run_handler(name, **data)

    def balance(self, account=ADA):
        return int(self.table.items[account, "balance"]["balance"]["N"])

    def told(self, name="BalanceChanged"):
        """What was emitted since the last call, of one event."""
        emitted, self.emitted[:] = list(self.emitted), []
        return [data for told, data in emitted if told == name]

    def test_a_deposit_is_booked_and_told(self):
        self.run_handler("book_deposit", account=ADA, deposit="d1", amount=2_500, branch="harbour")
        self.assertEqual(self.balance(), 12_500)
        expected = {"account": ADA, "change": 1, "kind": "deposit", "movement": "d1", "amount": 2_500}
        self.assertEqual(self.told(), [{**expected, "balance": 12_500, "at": "2026-11-22T20:38:30Z"}])

    def test_what_arrives_twice_is_booked_once_and_told_again(self):
        for event_id in ("e1", "e1", "e2"):
            self.run_handler("book_deposit", event_id, account=ADA, deposit="d1", amount=2_500, branch="harbour")
        self.assertEqual(self.balance(), 12_500)
        first, *others = self.told()
        self.assertEqual(others, [first, first])

    def test_a_run_that_ended_before_it_told_anybody_is_made_up_for(self):
        with patch.object(Context, "emit", side_effect=RuntimeError("no more time")), self.assertRaises(RuntimeError):
            self.withdraw(500)
        self.assertEqual(self.withdraw(500), {"allowed": True, "balance": 9_500})
        self.assertEqual([data["change"] for data in self.told()], [1])

    def test_one_number_for_two_movements_is_an_error(self):
        self.withdraw(500)
        with self.assertRaises(books.OtherMovement):
            self.withdraw(600)
        self.assertEqual(self.balance(), 9_500)

    def test_money_for_an_unknown_account_fails_so_that_somebody_looks(self):
        with self.assertRaises(books.UnknownAccount):
            self.run_handler("book_payment", account=NOBODY, amount=100)
        self.assertEqual((len(self.table.items), self.told()), (2, []))

    def test_a_payment_has_the_number_of_its_event(self):
        for event_id in ("e1", "e2", "e1"):
            self.run_handler("book_payment", event_id, account=ADA, amount=100)
        self.assertEqual(self.balance(), 10_200)

    def test_a_payment_without_a_time_gets_that_of_its_booking(self):
        self.run_handler("book_payment", time=None, account=ADA, amount=100)
        self.run_handler("book_payment", time=None, account=ADA, amount=100)
        (first, second) = [data["at"] for data in self.told()]
        self.assertEqual(first, second)
        self.assertRegex(first, r"^\d{4}-\d\d-\d\dT[\d:]{8}\+00:00$")

    def test_a_withdrawal_is_decided(self):
        self.assertEqual(self.withdraw(10_000), {"allowed": True, "balance": 0})
        self.assertEqual(self.withdraw(500, "w2"), {"allowed": False, "reason": "not_enough"})
        self.assertEqual(self.withdraw(500, "w3", NOBODY), {"allowed": False, "reason": "unknown_account"})
        self.assertEqual(self.balance(), 0)

    def test_an_overdraft_can_be_used_and_no_more(self):
        self.assertEqual(self.withdraw(2_500, "w1", BOB), {"allowed": True, "balance": -2_000})
        self.assertEqual(self.withdraw(500, "w2", BOB), {"allowed": False, "reason": "not_enough"})

    def test_what_was_refused_stays_refused(self):
        self.withdraw(20_000)
        self.run_handler("book_deposit", account=ADA, deposit="d1", amount=50_000, branch="harbour")
        self.assertEqual(self.withdraw(20_000), {"allowed": False, "reason": "not_enough"})
        self.assertEqual(self.balance(), 60_000)

    def test_much_cash_is_held_until_it_is_counted(self):
        held = {"account": ADA, "deposit": "d1", "amount": 1_000_000, "branch": "harbour"}
        for _ in range(2):
            self.run_handler("hold_deposit", **held)
        self.assertEqual((self.balance(), self.told("DepositHeld")), (10_000, [held, held]))
        for _ in range(2):
            self.run_handler("settle_deposit", "v1", account=ADA, deposit="d1", counted=999_000)
        self.run_handler("settle_deposit", "v2", account=ADA, deposit="d1", counted=1_000_000)
        self.assertEqual(self.balance(), 1_009_000)
        self.assertEqual([data["change"] for data in self.told()], [1, 1])

    def test_one_number_for_two_deposits_is_an_error(self):
        self.run_handler("hold_deposit", account=ADA, deposit="d1", amount=1_000_000, branch="harbour")
        with self.assertRaises(books.OtherMovement):
            self.run_handler("hold_deposit", account=ADA, deposit="d1", amount=2_000_000, branch="harbour")

    def test_false_notes_are_not_booked(self):
        self.run_handler("hold_deposit", account=ADA, deposit="d1", amount=1_000_000, branch="harbour")
        self.run_handler("settle_deposit", "v1", account=ADA, deposit="d1", counted=0)
        self.assertEqual(self.balance(), 10_000)

    def test_a_count_that_overtook_its_deposit_is_tried_again(self):
        with self.assertRaises(HANDLERS["settle_deposit"].NotHeld):
            self.run_handler("settle_deposit", "v1", account=ADA, deposit="d1", counted=100)
        self.assertEqual(len(self.table.items), 2)

    def test_a_payment_leaves_the_account_and_then_the_bank(self):
        self.order("book_order", 4_000, purpose="rent")
        self.assertEqual(self.balance(), 6_000)
        expected = {"account": ADA, "order": "o1", "to": BOB, "amount": 4_000, "purpose": "rent"}
        self.assertEqual(self.told("PaymentBooked"), [expected])

    def test_an_order_without_money_is_refused_and_told(self):
        self.order("book_order", 10_001)
        self.assertEqual(self.balance(), 10_000)
        emitted = list(self.emitted)
        self.assertEqual(emitted, [("OrderRefused", {"account": ADA, "order": "o1", "reason": "not_enough"})])

    def test_an_approval_is_for_one_order_only(self):
        text = f"{ADA}\no1\n{BOB}\n100"
        approval = hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
        for amount, to in ((200, BOB), (100, NOBODY)):
            self.order("book_transfer", amount, to=to, approval=approval)
            self.assertEqual([data["reason"] for data in self.told("OrderRefused")], ["not_approved"])
        self.order("book_transfer", 100, approval=approval)
        self.assertEqual(self.balance(), 9_900)

    def test_a_transfer_changes_both_accounts(self):
        self.order("book_transfer", 4_000)
        self.assertEqual((self.balance(ADA), self.balance(BOB)), (6_000, 4_500))
        told = [(data["account"], data["kind"], data["amount"], data["balance"]) for data in self.told()]
        self.assertEqual(told, [(ADA, "transfer_out", -4_000, 6_000), (BOB, "transfer_in", 4_000, 4_500)])
        self.order("book_transfer", 4_000)
        self.assertEqual((self.balance(ADA), self.balance(BOB), len(self.told())), (6_000, 4_500, 2))

    def test_a_transfer_to_nobody_leaves_the_money_where_it_is(self):
        self.order("book_transfer", 100, "o1", to=NOBODY)
        self.assertEqual([data["reason"] for data in self.told("OrderRefused")], ["unknown_account"])
        self.order("book_transfer", 100, "o2", to=ADA)
        self.assertEqual([data["reason"] for data in self.told("OrderRefused")], ["same_account"])
        self.assertEqual(self.balance(), 10_000)

    def test_two_writers_at_once_both_count(self):
        # The other one books on the same account between our read and our write.
        transact = self.table.transact_write_items

        def interrupted(TransactItems):
            self.table.transact_write_items = transact
            self.withdraw(9_000, "w1")
            transact(TransactItems)

        self.table.transact_write_items = interrupted
        self.assertEqual(self.withdraw(2_000, "w2"), {"allowed": False, "reason": "not_enough"})
        self.assertEqual((self.balance(), len(self.sleeps)), (1_000, 1))

    def test_conflicts_are_tried_again_but_not_for_ever(self):
        self.table.conflicts = 7
        self.assertEqual(self.withdraw(500), {"allowed": True, "balance": 9_500})
        self.table.conflicts = 8
        with self.assertRaises(TransactionCanceledException):
            self.withdraw(500, "w2")
        self.assertEqual(self.balance(), 9_500)


if __name__ == "__main__":
    unittest.main()
