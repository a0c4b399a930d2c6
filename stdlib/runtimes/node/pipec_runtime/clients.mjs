// The AWS clients, made when first needed: most handlers need none, and the SDK is slow to load.

import { createRequire } from "node:module";

// Lambda's own copy of the SDK is found through NODE_PATH, which `import` does not read:
// https://nodejs.org/api/esm.html#no-node_path
const require = createRequire(import.meta.url);

export class Clients {
  #made = new Map();

  async getObject(request) {
    const { Body } = await this.#send("s3", "S3Client", "GetObjectCommand", request);
    return Body.transformToByteArray();
  }

  async putObject(request) {
    await this.#send("s3", "S3Client", "PutObjectCommand", request);
  }

  async publish(request) {
    await this.#send("sns", "SNSClient", "PublishCommand", request);
  }

  async putRecord(request) {
    await this.#send("kinesis", "KinesisClient", "PutRecordCommand", request);
  }

  async getSecretValue(request) {
    return this.#send("secrets-manager", "SecretsManagerClient", "GetSecretValueCommand", request);
  }

  #send(service, client, command, request) {
    const sdk = require(`@aws-sdk/client-${service}`);
    if (!this.#made.has(service)) this.#made.set(service, new sdk[client]({}));
    return this.#made.get(service).send(new sdk[command](request));
  }
}
