import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** In JSON the bytes of an attribute are Base64; that is all that differs from what the SDK takes and gives. */
export function toJson(input: object): string {
  return JSON.stringify(input, bytesAsText);
}

/** `this`: what holds the value. A Buffer comes here as what its own `toJSON` makes of it. */
function bytesAsText(this: Record<string, unknown>, key: string, value: unknown): unknown {
  if (key !== 'B') return value;
  const bytes = this[key];
  return bytes instanceof Uint8Array
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
    : value;
}

type Item = Record<string, AttributeValue>;
interface Output {
  Item?: Item;
  Attributes?: Item;
  Responses?: Record<string, Item[]>;
}

/** Puts bytes in place of text wherever an answer has items. */
export function fromJson(text: string): object {
  const output = JSON.parse(text) as Output;
  if (output.Item !== undefined) restore(output.Item);
  if (output.Attributes !== undefined) restore(output.Attributes);
  for (const items of Object.values(output.Responses ?? {})) for (const item of items) restore(item);
  return output;
}

function restore(item: Item): void {
  for (const value of Object.values(item)) restoreValue(value);
}

function restoreValue(value: AttributeValue): void {
  if (value.B !== undefined) value.B = Buffer.from(value.B as unknown as string, 'base64');
  else if (value.M !== undefined) restore(value.M);
  else if (value.L !== undefined) for (const one of value.L) restoreValue(one);
}
