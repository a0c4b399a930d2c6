export async function handle(event, context) {
  await context.emit("Shipped", { order: event.data.order, carrier: "bicycle" });
}
