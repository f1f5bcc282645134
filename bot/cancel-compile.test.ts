import { expect, test } from 'vitest';
import { LAUNCH_ID, Scene } from '../test/properties/scene.ts';
import { cancelCompile } from './cancel-compile.ts';
import type { Desk } from './desk.ts';
import type { CompileRun } from './views/compile.ts';
import type { Message } from './views/message.ts';

const RUN: CompileRun = {
  number: 2,
  by: 'mia',
  users: 'uploads/users.csv',
  table: 'users',
  options: [],
  accepts: false,
  askedAtMs: 1,
  taskArn: null,
  startedAtMs: null,
  isStopping: false,
  progress: { say: 'the task is asked for', percent: null, leftMs: null },
  end: null,
};
const ENDED: CompileRun = {
  ...RUN,
  end: { atMs: 2, how: 'failed', say: 'x', problems: [], hash: null, devices: null, rows: null, rejected: {} },
};

/** What Slack would show, and what was done. */
async function cancelled(who: string, { run = RUN, number = null, scene = Scene.created() }: Cancel = {}) {
  const did: unknown[] = [];
  const desk = {
    conductor: {
      lastCompile: async () => run,
      cancelCompile: async (...words: unknown[]) => void did.push(words),
    },
    refusals: { note: (_launch: string, slackId: string, { code }: { code: string }) => did.push([slackId, code]) },
  } as unknown as Desk;
  const launch = scene.state;
  const slackId = launch.people.find(({ id }) => id === who)?.slack[0] ?? 'U0STRANGER';
  const answer: Message = await cancelCompile({ desk, launch, slackId }, number);
  return { said: JSON.stringify(answer), did };
}
interface Cancel {
  run?: CompileRun | null;
  number?: number | null;
  scene?: Scene;
}

test.each([null, 2])(
  'whoever may set an audience stops its compile, by command or by its button (%s)',
  async (number) => {
    const { said, did } = await cancelled('ana', { number });
    expect(said).toContain('Compile 2 is being stopped');
    expect(did).toEqual([[LAUNCH_ID, 2, 'ana']]);
  },
);

test('a compile is stopped also when the audience can be replaced no more', async () => {
  const scene = Scene.ready();
  scene.fired('all');
  expect((await cancelled('ana', { scene })).did).toEqual([[LAUNCH_ID, 2, 'ana']]);
});

test.each<[string, Cancel, string]>([
  ['there was none', { run: null }, 'No compile is under way'],
  ['it has ended', { run: ENDED }, 'No compile is under way'],
  ['it has ended, and its button is still there', { run: ENDED, number: 2 }, 'Compile 2 is over already'],
  ['another one runs by now', { number: 1 }, 'Compile 1 is over already'],
])('nothing is stopped when %s', async (_, cancel, say) => {
  const { said, did } = await cancelled('ana', cancel);
  expect(said).toContain(say);
  expect(did).toEqual([]);
});

test('a stranger is refused, and that is noted', async () => {
  const { said, did } = await cancelled('nobody');
  expect(said).toContain("not on this launch's roster");
  expect(did).toEqual([['U0STRANGER', 'NOT_ON_ROSTER']]);
});
