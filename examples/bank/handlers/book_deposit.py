"""Cash that needs no second count: it can be spent at once."""

from books import Movement, announce, book


def handle(event, context):
    data = event.data
    announce(book([Movement(data.account, "deposit", data.deposit, data.amount)], event.time), context)
