import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holds, PROPERTY } from '../../../test/properties/holds.ts';
import { OpenStreams } from './streams.ts';

// With fewer expected than there are, streams move to the map.
test.each([10, 100, 1_000])(
  'expecting %i: whatever is opened, answered and left open, each stream is found as it was entered',
  PROPERTY,
  async (most) => {
    await holds(
      'open-streams',
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('open', 'answer', 'status'), fc.nat(10_000)), { maxLength: 600 }),
        (moves) => {
          const streams = new OpenStreams<string>(most);
          const expected = new Map<
            number,
            { job: string; index: number; writtenAtMs: number; status: number; left: number }
          >();
          let nextId = 1;
          for (const [move, pick] of moves) {
            const id = [...expected.keys()][pick % Math.max(1, expected.size)] ?? -1;
            if (move === 'open' || id === -1) {
              streams.open(nextId, `job ${pick % 3}`, pick, pick / 2);
              expected.set(nextId, { job: `job ${pick % 3}`, index: pick, writtenAtMs: pick / 2, status: 0, left: -1 });
              nextId += 2;
            } else if (move === 'answer') {
              streams.close(id, streams.find(id));
              expected.delete(id);
            } else {
              streams.setStatus(id, streams.find(id), 200 + (pick % 2));
              streams.setLeft(id, streams.find(id), pick);
              expected.set(id, {
                ...(expected.get(id) as { job: string; index: number; writtenAtMs: number }),
                status: 200 + (pick % 2),
                left: pick,
              });
            }
          }
          expect(streams.count).toBe(expected.size);
          for (const [id, stream] of expected) {
            const at = streams.find(id);
            expect([streams.job(id, at), streams.index(id, at), streams.status(id, at), streams.left(id, at)]).toEqual([
              stream.job,
              stream.index,
              stream.status,
              stream.left,
            ]);
          }
          expect(streams.find(nextId)).toBe(-1);
          expect(streams.takeWhere(() => true)).toEqual([...expected].map(([id, stream]) => ({ id, ...stream })));
          expect(streams.count).toBe(0);
        },
      ),
      { seed: 1, runs: 150 },
    );
  },
);
