from effect import leave_effect


def handle(event, context):
    leave_effect(event)
    if event.data.card == 13:
        raise ValueError("poisoned")
    context.emit("MailSent", {"card": event.data.card})
