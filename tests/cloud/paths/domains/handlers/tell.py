def handle(event, context):
    context.emit("Audited", {"amount": event.data.amount})
