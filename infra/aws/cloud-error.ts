import { tellTrouble } from '../watch/trouble.ts';
import type { Trouble } from '../watch/trouble.ts';

/** A failure of a cloud service, with a stable code. `cause` holds what the SDK said. */
export class CloudError extends Error {
  readonly code: CloudErrorCode;

  constructor(code: CloudErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CloudError';
    this.code = code;
    const trouble = TROUBLES[code];
    if (trouble !== undefined) tellTrouble(trouble);
  }
}

export type CloudErrorCode =
  | 'RECORD_UNAVAILABLE'
  | 'RECORD_INCONSISTENT'
  | 'CLAIMS_UNAVAILABLE'
  | 'CLAIMS_INCONSISTENT'
  | 'CLAIM_UNKNOWN'
  | 'CLAIMS_LOST'
  | 'SET_GONE'
  | 'SET_BROKEN'
  | 'SET_UNKNOWN'
  | 'SWITCHES_UNAVAILABLE'
  | 'LIVE_UNAVAILABLE'
  | 'HOME_UNAVAILABLE'
  | 'RECORDS_APART'
  | 'QUEUE_SEND_FAILED'
  | 'QUEUE_DELETE_FAILED'
  | 'QUEUE_VISIBILITY_FAILED'
  | 'SCALE_TARGET_MISSING'
  | 'SCALE_BUSY'
  | 'SCALE_REFUSED';

/** Of which an alarm wakes somebody. */
const TROUBLES: Partial<Record<CloudErrorCode, Trouble>> = {
  CLAIMS_UNAVAILABLE: 'ClaimsFailed',
  RECORD_UNAVAILABLE: 'RecordFailed',
};

/** Some messages of a send are not in the queue (or it is unknown whether they are): `unsent` holds their bodies. */
export class UnsentError extends CloudError {
  readonly unsent: string[];

  constructor(queue: string, unsent: string[], options?: { cause?: unknown }) {
    super('QUEUE_SEND_FAILED', `${unsent.length} messages could not be put into ${queue}`, options);
    this.unsent = unsent;
  }
}

export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** The condition of a conditional write did not hold. With retries under it, that may be our own first try: read back. */
export function isConditionFailure(error: unknown): boolean {
  return errorName(error) === 'ConditionalCheckFailedException';
}

/** What stands in the store is not for this version, or is not what two people approved: trying again won't help, and nothing is done on a guess. */
export function isNotForUs(error: unknown): error is CloudError {
  return error instanceof CloudError && NOT_FOR_US.has(error.code);
}

const NOT_FOR_US: ReadonlySet<CloudErrorCode> = new Set<CloudErrorCode>([
  'CLAIM_UNKNOWN',
  'SET_GONE',
  'SET_BROKEN',
  'SET_UNKNOWN',
]);
