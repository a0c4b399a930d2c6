"""What payments and transfers that customers order have in common."""

from approvals import approved
from books import announce, book


def carry_out(event, context, movements):
    """Books the movements of an order, and says whether they are booked. The customer hears of a refusal."""
    data = event.data
    if not approved(data, context):
        # Nothing is written: somebody else's made-up order must not take the number of a real one.
        return refuse(data, "not_approved", context)
    booked = book(movements, event.time)
    announce(booked, context)
    return not booked[0].refused or refuse(data, booked[0].refused, context)


def refuse(data, reason, context):
    context.emit("OrderRefused", {"account": data.account, "order": data.order, "reason": reason})
    context.logger.warning("order refused", order=data.order, reason=reason)
    return False
