// Tells the test that this function was called with this event.

import { createRequire } from "node:module";

const { SNSClient, PublishCommand } = createRequire(import.meta.url)("@aws-sdk/client-sns");
const sns = new SNSClient({});
const EFFECTS = "arn:aws:sns:eu-central-1:000000000000:effects";

export async function leaveEffect(event) {
  const said = { by: process.env.AWS_LAMBDA_FUNCTION_NAME, id: event.id, data: event.data };
  await sns.send(new PublishCommand({ TopicArn: EFFECTS, Message: JSON.stringify(said) }));
}
