export const PER_CALL = 10;
/** Limit of one message and of a whole batch call (docs/facts.md#sqs-sizes). */
const CALL_BYTES = 1_048_576;

export interface Outgoing {
  body: string;
  group?: string;
  dedup?: string;
}

/** Tens, and no call over 1 MiB (docs/facts.md#sqs-sizes). */
export function cut(messages: readonly Outgoing[]): Outgoing[][] {
  const chunks: Outgoing[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.body);
    let last = chunks.at(-1);
    if (last === undefined || last.length === PER_CALL || bytes + size > CALL_BYTES) {
      last = [];
      chunks.push(last);
      bytes = 0;
    }
    last.push(message);
    bytes += size;
  }
  return chunks;
}

export function inTens(receipts: readonly string[]): string[][] {
  const tens: string[][] = [];
  for (let at = 0; at < receipts.length; at += PER_CALL) tens.push(receipts.slice(at, at + PER_CALL));
  return tens;
}
