"""Remembers which halls are closed. Writing the same twice does no harm."""

import os

from tables import table


def handle(event, context):
    table(os.environ["ROUTES"]).put_item(Item={"hall": event.data.hall, "closed": event.data.closed})
