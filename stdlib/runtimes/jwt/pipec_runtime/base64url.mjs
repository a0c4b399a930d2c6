// Base64url in the one spelling that each byte sequence has: no padding, no other characters, no loose last bits.
// A second spelling of a signature would be a second token with another entry in API Gateway's cache.

// The bytes, or `undefined`.
export function decode(text) {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
