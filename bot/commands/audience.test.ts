import { expect, test } from 'vitest';
import type { SkipStored } from '../../contract/compile-state.ts';
import { manifestHash } from '../../contract/manifest.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import { Scene } from '../../test/properties/scene.ts';
import { taskDesk } from '../../test/task-desk.ts';
import { audience } from './audience.ts';
import type { PersonAsk } from './subcommand.ts';

const BODY = {
  v: 1 as const,
  devices: 2,
  batchSize: 1_000,
  locales: ['en'],
  localeCounts: { en: 2 },
  shards: [{ id: 's', platform: 'ios' as const, key: 's.shard', bytes: 1, sha256: 'x', devices: 2 }],
  segments: [
    { id: 'us-ios', platform: 'ios' as const, devices: 2, batches: [{ id: 'b', shard: 's', start: 0, count: 2 }] },
  ],
};
const SKIP: SkipStored = { hash: 'c'.repeat(64), tokens: 7, adds: null };

/** `refuses`: the kind of command that the launch does not take. */
async function accepts({ skip, refuses }: { skip?: SkipStored; refuses?: Command['kind'] }) {
  const scene = Scene.created();
  const did: string[] = [];
  const hash = manifestHash(BODY);
  const desk = {
    cloud: { objects: { get: async () => Buffer.from(JSON.stringify({ ...BODY, hash })) } },
    conductor: {
      lastCompile: async () => ({
        number: 3,
        end: { how: 'stored', hash, problems: ['x'], ...(skip === undefined ? {} : { skip }) },
      }),
      execute: async (_: string, make: Command | ((launch: unknown) => Command)) => {
        const command = typeof make === 'function' ? make(scene.state) : make;
        did.push(command.kind);
        return command.kind === refuses
          ? { ok: false, code: 'SKIP_LIST_CHANGED', say: 'Somebody has set another.' }
          : { ok: true, launch: scene.state };
      },
    },
    refusals: { note: () => undefined },
    journal: { peek: () => scene.state },
    nowMs: () => scene.nowMs,
  };
  const person = scene.state.people.find(({ id }) => id === 'ana');
  const ask = { desk, launch: scene.state, person, slackId: person?.slack[0], typed: { words: ['accept'] } };
  if (audience.needs !== 'person') throw new Error('not for a person');
  const answer = await audience.run(ask as unknown as PersonAsk);
  return { did, said: JSON.stringify(answer) };
}

test('what waits for somebody to look at it is set with its skip list, that one first', async () => {
  const { did, said } = await accepts({ skip: SKIP });
  expect(did).toEqual(['set-skip-list', 'set-audience']);
  expect(said).toContain('is set as it is, and its skip list');
  expect((await accepts({})).did).toEqual(['set-audience']);
});

test('a skip list that is not taken leaves the audience unset too', async () => {
  const { did, said } = await accepts({ skip: SKIP, refuses: 'set-skip-list' });
  expect(did).toEqual(['set-skip-list']);
  expect(said).toMatch(/SKIP_LIST_CHANGED|Somebody has set another\. The audience was not set either\./);
});

test('outcomes are counted by whoever is on call, once a shot is closed and there is a task that may read the shards', async () => {
  const counts = async (who: string, { isClosed = true, hasTask = true } = {}) => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    if (isClosed) scene.closes(shot);
    const { desk, asked, noted } = taskDesk({ run: { number: 2 }, hasTask });
    const person = scene.state.people.find(({ id }) => id === who);
    const ask = { desk, launch: scene.state, person, slackId: person?.slack[0], typed: { words: ['outcomes'] } };
    if (audience.needs !== 'person') throw new Error('not for a person');
    return { said: JSON.stringify(await audience.run(ask as unknown as PersonAsk)), asked, noted };
  };
  expect(await counts('ana')).toEqual({
    said: expect.stringContaining('Count 2 is on its way'),
    asked: [{ by: 'ana', outcomes: true }],
    noted: [],
  });
  expect(await counts('mia')).toMatchObject({ asked: [], noted: ['ROLE_MISSING'] });
  expect(await counts('ana', { isClosed: false })).toMatchObject({
    said: expect.stringContaining('No shot of this launch is closed yet'),
    asked: [],
  });
  expect(await counts('ana', { hasTask: false })).toMatchObject({
    said: expect.stringContaining('This bot has no task that may read device tokens'),
    asked: [],
  });
});
