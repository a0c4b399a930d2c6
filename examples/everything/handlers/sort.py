"""Remembers where a parcel was seen last, for a month."""

import os

from tables import table

MONTH = 30 * 24 * 60 * 60


def handle(event, context):
    seen = event.data
    table(os.environ["PARCELS"]).put_item(
        Item={
            "parcel": seen.parcel,
            "seen_at": seen.seen_at,
            "hall": seen.hall,
            "forget_at": seen.seen_at + MONTH,
        }
    )
