import { z } from 'zod';

/** What a message of the channel's chain has: the schema of an exported one, and what a text of the table must be to be read as one. */

const nullable = z.union([z.string(), z.null()]);

const box = z
  .object({ key: z.string(), sealed: z.string() })
  .meta({ description: 'As the chain has it: encrypted (AES-256-GCM) by the key with this sha256.' });

export const channelMessage = z.object({
  ts: z.string(),
  user: z.string(),
  text: z.string(),
  atMs: z.int().meta({ description: '0: not known.' }),
  edits: nullable.meta({ description: 'The ts of the message that this one edits or deletes.' }),
  deleted: z.boolean(),
  permalink: nullable,
  files: z.array(z.string()),
  refused: z.exactOptional(z.object({ what: z.string(), code: z.string(), say: z.string(), times: z.int() })),
  thread: z.exactOptional(
    nullable.meta({ description: 'The ts of the thread that it is a reply in; null: it stands in the channel.' }),
  ),
  found: z.exactOptional(
    z.literal(true).meta({ description: "Not heard when it happened, but found in the channel's history." }),
  ),
  mark: z.exactOptional(
    z
      .object({ of: z.string(), name: z.string(), on: z.boolean() })
      .meta({ description: 'Not said: a reaction that marks the message of this ts was put on or taken off.' }),
  ),
  file: z.exactOptional(
    z
      .object({
        of: z.string(),
        id: z.string(),
        name: z.string(),
        type: z.string(),
        bytes: z.union([z.int(), z.null()]),
        sha256: nullable,
        key: nullable.meta({ description: 'Where its copy lies in the bucket.' }),
        lost: nullable.meta({ description: 'Why there is no copy.' }),
      })
      .meta({ description: 'Not said: what became of a file that hangs on the message of this ts.' }),
  ),
  forgot: z.exactOptional(
    z
      .object({
        messages: z.int(),
        given: z.exactOptional(z.int()).meta({ description: 'Of them, answers and notes.' }),
        files: z.int(),
        tokens: z.int(),
        keys: z.exactOptional(z.array(z.string())).meta({ description: 'sha256 of the keys that were deleted.' }),
        seqs: z
          .exactOptional(z.array(z.int()))
          .meta({ description: 'These messages alone, by their seq. Absent: all until then.' }),
        of: z.exactOptional(z.array(z.string())).meta({ description: 'The ts of what these are, edit or attach.' }),
        by: z.exactOptional(z.string()).meta({ description: 'Who did it, if they gave their operator key.' }),
        reason: z.exactOptional(z.string()),
      })
      .meta({ description: 'Not said: so much of the launch was deleted then.' }),
  ),
  given: z.exactOptional(
    z
      .union([z.object({ as: z.literal('answer'), question: z.string() }), z.object({ as: z.literal('note') })])
      .meta({ description: 'Not said in the channel: words of an entry, which names this item.' }),
  ),
  box: z.exactOptional(box),
  forgotten: z.exactOptional(
    z.literal(true).meta({
      description: 'Its key was deleted, or its time was over: nothing but its time and place is known any more.',
    }),
  ),
  unread: z.exactOptional(
    z.enum(['away', 'newer', 'broken']).meta({
      description:
        'Could not be read: its key did not come (away), it is of a newer format than the writer of this file reads (newer), or its text in the table is no message (broken).',
    }),
  ),
  problem: z.exactOptional(z.string().meta({ description: 'What was found in the place of a message (broken).' })),
  v: z.exactOptional(z.int().meta({ description: 'Its format in the chain; absent: 1.' })),
});

const READ = { box: true, forgotten: true, unread: true, problem: true } as const;
const never = z.never().optional();

/** A text of the table that has its words in clear. What a reader says of a message nobody says in it. */
export const clearMessage = channelMessage
  .omit(READ)
  .extend({ box: never, forgotten: never, unread: never, problem: never });

/** A text of the table that has its words in a box: the hash is over nothing else, so there is nothing else. */
export const boxedMessage = z.strictObject({
  atMs: z.int(),
  box: z.strictObject(box.shape),
  v: z.exactOptional(z.int()),
});
