/** Inside fauxqs a dedup id counts for the whole queue: with the group in front of it, it counts for the group. */
const SEPARATOR = '\u0001';

interface Message {
  MessageGroupId?: string;
  MessageDeduplicationId?: string;
}
interface Sent extends Message {
  Entries?: Message[];
}
interface Given {
  Messages?: { Attributes?: Record<string, string> }[];
}

export function withScopedDedupIds<T extends Sent>(input: T): T {
  const scope = <One extends Message>(message: One): One =>
    message.MessageDeduplicationId === undefined
      ? message
      : {
          ...message,
          MessageDeduplicationId: `${message.MessageGroupId ?? ''}${SEPARATOR}${message.MessageDeduplicationId}`,
        };
  return input.Entries === undefined ? scope(input) : { ...input, Entries: input.Entries.map(scope) };
}

export function withOwnDedupIds<T extends Given>(output: T): T {
  for (const { Attributes: attributes } of output.Messages ?? []) {
    const id = attributes?.['MessageDeduplicationId'];
    if (attributes !== undefined && id !== undefined)
      attributes['MessageDeduplicationId'] = id.slice(id.indexOf(SEPARATOR) + 1);
  }
  return output;
}
