"""Money from another bank. The clearing house gives each payment an id of its own: that of the event."""

from books import Movement, announce, book


def handle(event, context):
    data = event.data
    announce(book([Movement(data.account, "payment_in", event.id, data.amount)], event.time), context)
