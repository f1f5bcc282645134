/**
 * Codes of everything that makes an audience unusable. One bad row is never an error: it is rejected with a reason (see
 * workers/audience/reject-reasons.ts).
 */
export type AudienceErrorCode =
  | 'ARGUMENT_INVALID'
  | 'INPUT_MISSING'
  | 'FORMAT_UNKNOWN'
  | 'INPUT_UNREADABLE'
  | 'COLUMN_MISSING'
  | 'COLUMN_AMBIGUOUS'
  | 'COLUMN_TYPE'
  | 'LIST_MATCHES_NONE'
  | 'PEOPLE_UNKNOWN'
  | 'TABLE_MISSING'
  | 'TABLE_KEY'
  | 'TABLE_ATTRIBUTE'
  | 'TABLE_DENIED'
  | 'TABLE_THROTTLED'
  | 'TABLE_UNAVAILABLE'
  | 'ACCEPT_NEEDED'
  | 'AUDIENCE_EMPTY'
  | 'SEGMENT_EMPTY'
  | 'RUNBOOK_INVALID'
  | 'LAUNCH_UNKNOWN'
  | 'REFUSED'
  | 'NOTHING_SENT'
  | 'MANIFEST_MISSING'
  | 'MANIFEST_INVALID'
  | 'SHARD_MISSING'
  | 'SHARD_CORRUPT'
  | 'SKIP_LIST_CORRUPT'
  | 'BATCH_UNKNOWN';

/** Input, or a stored object, that can't be used. The message names the file (and line or row), what was found and what was expected. */
export class AudienceError extends Error {
  readonly code: AudienceErrorCode;

  constructor(code: AudienceErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AudienceError';
    this.code = code;
  }
}
