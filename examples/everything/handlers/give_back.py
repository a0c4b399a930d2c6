"""What the desk takes is a return like any other."""


def handle(event, context):
    context.emit("ParcelReturned", {"parcel": event.data.parcel})
