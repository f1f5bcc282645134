import { AwsError } from './aws-error.ts';

/**
 * Body of `content-encoding: aws-chunked`: `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n`, ended by a chunk of size 0 and
 * trailer lines, which are handed to `trailer` (lower-case name). The SDK sends streams in this form.
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  trailer: (name: string, value: string) => void,
): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  const input = source[Symbol.asyncIterator]();

  async function more(): Promise<void> {
    const next = await input.next();
    if (next.done === true) throw new AwsError('IncompleteBody', 'The request body terminated unexpectedly');
    held = held.length === 0 ? next.value : Buffer.concat([held, next.value]);
  }

  async function line(): Promise<string> {
    let end = held.indexOf('\r\n');
    while (end === -1) {
      await more();
      end = held.indexOf('\r\n');
    }
    const text = held.subarray(0, end).toString('latin1');
    held = held.subarray(end + 2);
    return text;
  }

  for (;;) {
    const size = Number.parseInt(await line(), 16);
    if (Number.isNaN(size))
      throw new AwsError('InvalidRequest', 'The chunk size of the aws-chunked body is not a number');
    if (size === 0) break;
    let left = size;
    while (left > 0) {
      if (held.length === 0) await more();
      const part = held.subarray(0, left);
      held = held.subarray(part.length);
      left -= part.length;
      yield part;
    }
    await line();
  }
  for (let text = await line(); text !== ''; text = await line()) {
    const colon = text.indexOf(':');
    trailer(text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim());
  }
}
