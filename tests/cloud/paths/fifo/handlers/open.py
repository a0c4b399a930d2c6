def handle(event, context):
    for door in (101, 102, 103):
        context.emit("LockerOpened", {"locker": event.data.locker, "door": door})
