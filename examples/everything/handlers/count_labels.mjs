// Counts: one log line an event, which a metric filter adds up.

export async function handle(event, context) {
  context.logger.info("counted", { id: event.id });
}
