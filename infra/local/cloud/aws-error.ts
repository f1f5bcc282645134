/** A refusal as AWS words it. Rendered as JSON or XML by the protocol of the request. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further fields of the answer; JSON services only. */
  readonly more: Record<string, unknown>;

  constructor(code: string, message: string, status = 400, more: Record<string, unknown> = {}) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
    this.more = more;
  }
}

/** What the stand-in does not do is said, never ignored: an answer of 200 would make a rehearsal lie. */
export function notImplemented(service: string, operation: string): AwsError {
  return new AwsError('UnsupportedOperation', `The local cloud does not implement ${service}:${operation}.`, 400);
}

/** Fields of a request that would have no effect here are refused too. */
export function refuseOtherFields(service: string, operation: string, input: object, known: readonly string[]): void {
  const others = Object.keys(input).filter((name) => !known.includes(name));
  if (others.length > 0) throw notImplemented(service, `${operation} with ${others.join(', ')}`);
}

export function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
