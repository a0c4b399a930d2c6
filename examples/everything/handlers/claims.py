"""Opens a claim for what is in the box."""


def handle(event, context):
    seen = event.data
    context.logger.info("claim", kind=seen.kind, cents=seen.cents, box=seen.box.number, witness=seen.get("witness"))
