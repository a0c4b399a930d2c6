"""Whether a customer approved exactly this order.

A token says who is signed in, and not whose account an order may touch. So the approval service, which shows the order
on the customer's phone and knows the customer's accounts, signs it: HMAC-SHA-256 of account, order, receiver and
amount, a line each.
"""

import hashlib
import hmac


def approved(data, context):
    text = "\n".join([data.account, data.order, data.to, str(data.amount)])
    expected = hmac.new(context.secret("APPROVALS").encode(), text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, data.approval)
