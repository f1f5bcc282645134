import type { Json } from './model.ts';

/** A refusal in Slack's words: becomes `{ok: false, error, …extra}`. */
export class SlackError extends Error {
  readonly error: string;
  readonly extra: Json;

  constructor(error: string, extra: Json = {}) {
    super(error);
    this.name = 'SlackError';
    this.error = error;
    this.extra = extra;
  }
}
