import { AwsError } from './aws-error.ts';

/** How long an attempt counts (docs/facts.md#sqs-receive-attempt). */
const VALID_MS = 300_000;
const DEFAULT_VISIBILITY_SECONDS = 30;

interface Receive {
  QueueUrl?: string;
  VisibilityTimeout?: number;
  ReceiveRequestAttemptId?: string;
}
interface Held {
  ReceiptHandle?: string;
}
interface Attempt {
  answer: Raw;
  handles: readonly string[];
  atMs: number;
  untilMs: number;
  isChanged: boolean;
}
interface Raw {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/**
 * ReceiveRequestAttemptId of FIFO queues: the same attempt within five minutes is given the same messages under the same receipts,
 * as long as they are hidden; they are then hidden for their time anew. Once one of them was deleted or hidden for another time it is
 * refused. An attempt that found nothing is none.
 */
export class ReceiveAttempts {
  readonly #nowMs: () => number;
  readonly #attempts = new Map<string, Attempt>();

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** What this attempt was given before; its messages are to be hidden anew. */
  again(input: Receive): { answer: Raw | null; handles: readonly string[] } {
    const key = keyOf(input);
    const nowMs = this.#nowMs();
    for (const [one, { atMs, untilMs, isChanged }] of this.#attempts)
      if ((nowMs >= untilMs && !isChanged) || nowMs - atMs >= VALID_MS) this.#attempts.delete(one);
    const attempt = key === null ? undefined : this.#attempts.get(key);
    if (attempt === undefined) return { answer: null, handles: [] };
    if (attempt.isChanged) throw changed();
    attempt.untilMs = nowMs + hiddenMsOf(input);
    return attempt;
  }

  gave(input: Receive, messages: readonly Held[], answer: Raw): void {
    const key = keyOf(input);
    if (key === null) return;
    const atMs = this.#nowMs();
    this.#attempts.set(key, {
      answer,
      handles: handlesOf(messages),
      atMs,
      untilMs: atMs + hiddenMsOf(input),
      isChanged: false,
    });
  }

  /** Deleted, or hidden for another time. */
  changed(messages: readonly Held[]): void {
    const handles = new Set(handlesOf(messages));
    for (const attempt of this.#attempts.values())
      attempt.isChanged ||= attempt.handles.some((handle) => handles.has(handle));
  }
}

const changed = (): AwsError =>
  new AwsError(
    'com.amazonaws.sqs#InvalidParameterValue',
    'Messages of this ReceiveRequestAttemptId were deleted, or their visibility timeout was changed.',
  );

const hiddenMsOf = ({ VisibilityTimeout: seconds = DEFAULT_VISIBILITY_SECONDS }: Receive): number => seconds * 1_000;
const handlesOf = (messages: readonly Held[]): string[] =>
  messages.flatMap(({ ReceiptHandle: handle }) => (handle === undefined ? [] : [handle]));

/** Null: none is said. */
function keyOf({ QueueUrl: url = '', ReceiveRequestAttemptId: id }: Receive): string | null {
  if (id === undefined) return null;
  if (!url.endsWith('.fifo'))
    throw new AwsError(
      'com.amazonaws.sqs#InvalidParameterValue',
      'The request includes a parameter that is not valid for this queue type: ReceiveRequestAttemptId.',
    );
  if (!/^[\x21-\x7e]{1,128}$/.test(id))
    throw new AwsError(
      'com.amazonaws.sqs#InvalidParameterValue',
      `Value ${id} for parameter ReceiveRequestAttemptId is invalid. Reason: ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
    );
  return `${url.split('/').at(-1)} ${id}`;
}
