import { createReadStream } from 'node:fs';
import { AudienceError } from '../../../contract/audience-error.ts';
import { splitCsvLine } from '../read/csv-line.ts';

/** Values that stand together in a list, and the line that they begin on. */
export interface ListRecord {
  line: number;
  values: string[];
}

/** A value in quotes may go on over line ends (a comment of somebody); over more than this it is a quote that was never closed. */
const LINES_OF_A_VALUE = 100;

/** Lines of a text file, without their ends. Throws INPUT_UNREADABLE at one that is no UTF-8. */
export async function* textLines(link: string, path: string): AsyncGenerator<{ line: number; text: string }> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let line = 0;
  const decoded = (bytes: Buffer) => {
    line++;
    const at = bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes;
    try {
      const text = decoder.decode(at);
      return { line, text: line === 1 ? text.replace(/^\uFEFF/, '') : text };
    } catch (cause) {
      throw new AudienceError(
        'INPUT_UNREADABLE',
        `${path}:${line}: found bytes that are no UTF-8 text, expected UTF-8 or UTF-16; save the list as UTF-8`,
        { cause },
      );
    }
  };
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(link, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let to = bytes.indexOf(10); to !== -1; to = bytes.indexOf(10, from)) {
      yield decoded(bytes.subarray(from, to));
      from = to + 1;
    }
    rest = Buffer.from(bytes.subarray(from));
  }
  if (rest.length > 0) yield decoded(rest);
}

/** Lines as records of values: quotes (RFC 4180) undone, values over several lines put together. Throws ROW_QUOTES as INPUT_UNREADABLE. */
export async function* csvRecords(
  lines: AsyncIterable<{ line: number; text: string }>,
  delimiter: string,
  path: string,
): AsyncGenerator<ListRecord> {
  let open: { line: number; text: string; lines: number } | null = null;
  const stray = (line: number) =>
    new AudienceError(
      'INPUT_UNREADABLE',
      `${path}:${line}: found a quote that is never closed, or stands inside a value, expected every quote closed and quotes inside a value doubled`,
    );
  for await (const { line, text } of lines) {
    const whole: { line: number; text: string; lines: number } =
      open === null
        ? { line, text, lines: 1 }
        : { line: open.line, text: `${open.text}\n${text}`, lines: open.lines + 1 };
    const values = splitCsvLine(whole.text, delimiter);
    if (values !== null) {
      open = null;
      yield { line: whole.line, values: values.map((value) => value.trim()) };
    } else {
      if ((whole.text.split('"').length - 1) % 2 === 0 || whole.lines === LINES_OF_A_VALUE) throw stray(whole.line);
      open = whole;
    }
  }
  if (open !== null) throw stray(open.line);
}
