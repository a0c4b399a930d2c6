def handle(event, context):
    context.emit("Confirmed", {"order": event.data.order})
    context.emit("Packed", {"order": event.data.order})
