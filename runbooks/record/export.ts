import { z } from 'zod';
import type { Entry, EntryKind } from '../launch/entries.ts';
import { ENTRY_VERSION } from '../launch/entries.ts';
import type { JsonSchema } from '../playbook/json-schema.ts';
import { jsonSchemaOf } from '../playbook/json-schema.ts';
import { ENTRY_BODIES, SEALED } from './entry-schema.ts';
import { channelMessage } from './message-schema.ts';
import type { TimelineMessage } from './rows.ts';

/** The record as lines of JSON for people's own analysis, and the schema of such a line. */

/** Of the lines themselves, whatever version the entries have. */
const FORMAT = 1;

interface Head {
  seq: number;
  hash: string;
}
/** What verifying the two chains gave. */
export type Verified = { ok: true } | { ok: false; seq: number; why: string };

/** A channel message in its chain. */
export type ChainedMessage = TimelineMessage & Head;

const NOWHERE: Head = { seq: 0, hash: '' };
const headOf = ({ seq, hash }: Head): Head => ({ seq, hash });

/**
 * First a line that names the heads, then a line for each entry and each message, last one that says that nothing is missing: a record
 * that is being written meanwhile ends at the head that is named.
 */
export function* exportLines(
  launchId: string,
  entries: readonly Entry[],
  messages: readonly ChainedMessage[],
  chains: { record: Verified; channel: Verified },
): Generator<string> {
  const heads = { head: headOf(entries.at(-1) ?? NOWHERE), channelHead: headOf(messages.at(-1) ?? NOWHERE) };
  yield line({ line: 'launch', format: FORMAT, launchId, reads: ENTRY_VERSION, ...heads });
  const isEntry = { line: 'entry' };
  // Whatever somebody wrote into an entry: it is one, and neither a message nor the end.
  for (const entry of entries) yield line(Object.assign({ ...isEntry }, entry, isEntry));
  let prev = '';
  for (const { seq, hash, ...message } of messages) {
    yield line({ line: 'message', launchId, seq, prev, hash, message });
    prev = hash;
  }
  yield line({ line: 'end', launchId, entries: entries.length, messages: messages.length, ...heads, ...chains });
}

const line = (value: object): string => `${JSON.stringify(value)}\n`;

const head = z.object({ seq: z.int(), hash: z.string() });
const verified = z.union([
  z.object({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), seq: z.int(), why: z.string() }),
]);
const LINES = {
  launch: z
    .object({
      line: z.literal('launch'),
      format: z.literal(FORMAT),
      launchId: z.string(),
      reads: z.int().meta({ description: 'The newest version of entries that the writer of this file reads.' }),
      head: head.meta({ description: 'The last entry in this file.' }),
      channelHead: head.meta({ description: 'The last message in this file.' }),
    })
    .meta({ description: 'The first line: which launch, and where the file ends.' }),
  message: z
    .object({
      line: z.literal('message'),
      launchId: z.string(),
      seq: z.int(),
      prev: z.string(),
      hash: z.string(),
      message: channelMessage,
    })
    .meta({
      description:
        'What a person wrote in the channel, or was refused. hash: sha256 over the canonical JSON of launchId, seq, prev and message; of a message with a box, of its v, atMs and box alone.',
    }),
  unreadable: z
    .object({
      line: z.literal('entry'),
      kind: z.literal('Unreadable'),
      v: z.literal(0),
      launchId: z.string(),
      seq: z.int(),
      prev: z.literal(''),
      hash: z.literal(''),
    })
    .meta({ description: 'In the place of an entry whose text in the table is none: it was changed or cut.' }),
  end: z
    .object({
      line: z.literal('end'),
      launchId: z.string(),
      entries: z.int(),
      messages: z.int(),
      head,
      channelHead: head,
      record: verified.meta({ description: 'What verifying the entries gave.' }),
      channel: verified.meta({ description: 'What verifying the messages gave.' }),
    })
    .meta({ description: 'The last line. A file without it was cut off.' }),
};

/** `words`: what the page says of each kind of entry. */
export function exportSchema(words: ReadonlyMap<string, string>): JsonSchema & { $defs: Record<string, JsonSchema> } {
  const kinds = Object.keys(ENTRY_BODIES) as EntryKind[];
  const defs = [
    ...Object.entries(LINES).map(([name, schema]): [string, JsonSchema] => [name, part(schema)]),
    ...kinds.map((kind): [string, JsonSchema] => [
      kind,
      { description: words.get(kind) ?? '', ...part(bodyOf(kind)), allOf: [{ $ref: '#/$defs/sealed' }] } as JsonSchema,
    ]),
  ];
  const sealed = { description: 'What every entry has.', ...part(z.object(SEALED)) };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A line of an exported record of gobutton',
    description:
      'Of `npm run record -- export`. An entry is flat: its hash is over all of it but `line`, `hash` and `sig`. Readers pass over fields that they do not know.',
    oneOf: defs.map(([name]) => ({ $ref: `#/$defs/${name}` })),
    $defs: { ...Object.fromEntries(defs), sealed },
  } as JsonSchema & { $defs: Record<string, JsonSchema> };
}

const bodyOf = (kind: EntryKind): z.ZodObject =>
  z.object({ line: z.literal('entry'), kind: z.literal(kind), ...ENTRY_BODIES[kind].shape });

function part(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = jsonSchemaOf(schema) as JsonSchema & { $schema?: string };
  return rest;
}
