"""A payment to another bank: the money leaves the account now, and the bank a little later."""

from books import Movement
from orders import carry_out


def handle(event, context):
    data = event.data
    if carry_out(event, context, [Movement(data.account, "payment_out", data.order, -data.amount)]):
        context.emit("PaymentBooked", {name: value for name, value in data.items() if name != "approval"})
