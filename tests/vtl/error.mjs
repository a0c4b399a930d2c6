/** What makes a template fail: in API Gateway, or here because its result in API Gateway would not be certain. */
export class TemplateError extends Error {}
