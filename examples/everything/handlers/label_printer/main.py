"""Prints labels: the handler is this folder, and the file beside this one goes along."""

import os

from layout import lines


def handle(event, context):
    # Read once in five minutes, and never in a log.
    token = context.secret("TOKEN")
    if not token:
        context.emit("PrinterJammed", {"printer": "labels"})
        raise RuntimeError("the printer lets nobody in")
    text = lines(os.environ["TITLE"], event.data.parcel, int(os.environ["ROWS"]))
    context.logger.info("printed", lines=len(text), copies=event.data.copies)
    context.emit("LabelPrinted", {"parcel": event.data.parcel})
