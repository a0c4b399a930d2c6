"""Yes or no, for somebody at a cash machine. With a yes the money has left the account already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from books import Movement, announce, book

if TYPE_CHECKING:
    from pipec_types import WithdrawalRequested, WithdrawalRequestedContext


def handle(event: WithdrawalRequested, context: WithdrawalRequestedContext) -> dict[str, object]:
    data = event.data
    booked = book([Movement(data.account, "withdrawal", data.withdrawal, -data.amount)], event.time)
    announce(booked, context)
    if booked[0].refused:
        return {"allowed": False, "reason": booked[0].refused}
    return {"allowed": True, "balance": booked[0].balance}
