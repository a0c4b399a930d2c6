"""Money from one account to another: both are booked, or neither."""

from books import Movement
from orders import carry_out, refuse


def handle(event, context):
    data = event.data
    if data.account == data.to:
        refuse(data, "same_account", context)
        return
    leaves = Movement(data.account, "transfer_out", data.order, -data.amount)
    arrives = Movement(data.to, "transfer_in", data.order, data.amount)
    carry_out(event, context, [leaves, arrives])
