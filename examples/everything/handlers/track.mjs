// Where a bag is now. Events of one bag come in their order, so the last one is right.

const places = new Map();

export async function handle(event, context) {
  const { bag, to } = event.data;
  context.logger.info("moved", { bag, from: places.get(bag), to });
  places.set(bag, to);
}
