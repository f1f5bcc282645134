import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compileStateKey, toCompileState } from '../../../contract/compile-state.ts';
import type { CompileState } from '../../../contract/compile-state.ts';
import { manifestHash, manifestKeyOf } from '../../../contract/manifest.ts';
import type { AudienceTasks } from '../../../infra/aws/audience-task.ts';
import type { Command } from '../../../runbooks/launch/commands.ts';
import { rehearsesOf } from '../../../runbooks/launch/rehearsal-launch.ts';
import { noTotals } from '../../../runbooks/launch/totals.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { audience, measuredAt, sampleRunbook, slackVia } from '../../../test/properties/scene.ts';
import type { CompileRun } from '../../views/compile.ts';
import type { Conductor } from '../conductor.ts';
import { taskIdOf } from './compiles.ts';

/** A task that does nothing but end as it is told; what one says of itself the tests say. */
const PROGRAM = `
process.on('SIGTERM', () => process.exit(143));
const users = process.argv[process.argv.indexOf('--users') + 1];
if (users === 'ends') process.exit(3);
setInterval(() => {}, 1000);
`;
const QUICK = { timings: { compileMs: 100, compileEditMs: 100 } };

const SOURCE = 'sb-rehearsal-1';
const createLaunch = {
  kind: 'create-launch',
  by: 'ana',
  name: 'REHEARSAL of Super Bowl',
  channelId: 'C0OTHER',
  runbookHash: 'r',
  compress: 1,
} as const;

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({
    families: [
      {
        cluster: 'c',
        family: 'audience',
        container: 'audience',
        entryPoint: [process.execPath, '-e', PROGRAM, '--'],
        env: {},
        cwd: tmpdir(),
        startDelayMs: 20,
        stopTimeoutMs: 5_000,
        roles: [],
      },
    ],
  });
  await rig.create();
});
afterEach(() => rig.stop());

const ASKED = { by: 'mia', users: 'uploads/users.csv', table: 'users', options: ['--fresh'], accepts: false };

async function lead(name = 'first', audienceTasks: AudienceTasks | null = rig.cloud.audienceTasks): Promise<Conductor> {
  const { conductor } = rig.conductor(name, { ...QUICK, cloud: { ...rig.cloud, audienceTasks } });
  await conductor.start();
  return conductor;
}

async function asked(conductor: Conductor, more: Partial<typeof ASKED> = {}): Promise<CompileRun> {
  const run = await conductor.askCompile(rig.launchId, { ...ASKED, ...more });
  if (run === null) throw new Error('one runs already');
  return run;
}

const running = () =>
  until('the task', async () => rig.localCloud.standalone().find(({ state }) => state === 'RUNNING'), 20_000);
const message = (words: string) => rig.seen(words, 20_000);
const ended = (conductor: Conductor, how: string) =>
  until(
    `a compile that is ${how}`,
    async () => {
      const end = (await conductor.lastCompile(rig.launchId))?.end ?? null;
      if (end !== null && end.how !== how) throw new Error(`it is ${end.how}: ${end.say}`);
      return end;
    },
    20_000,
  );

type StoredSaid = Omit<Extract<CompileState, { is: 'stored' }>, 'v' | 'atMs'>;
type Said =
  | Omit<Extract<CompileState, { is: 'listed' }>, 'v' | 'atMs'>
  | Omit<Extract<CompileState, { is: 'counted' }>, 'v' | 'atMs'>
  | Pick<Extract<CompileState, { is: 'working' }>, 'is' | 'say' | 'percent' | 'leftMs'>
  | StoredSaid
  | Omit<Extract<CompileState, { is: 'failed' }>, 'v' | 'atMs'>;
const says = (run: CompileRun, said: Said) =>
  rig.cloud.objects.put(compileStateKey(taskIdOf(rig.launchId, run)), toCompileState({ v: 1, atMs: 1, ...said }));

/** An audience as the task stores one. */
async function stored(devices = 20, more: { sampleOf?: string } = {}): Promise<string> {
  const body = {
    v: 1 as const,
    devices,
    batchSize: 1_000,
    locales: ['en'],
    localeCounts: { en: devices },
    shards: [{ id: 's', platform: 'ios' as const, key: 's.shard', bytes: 1, sha256: 'x', devices }],
    segments: [
      { id: 'us-ios', platform: 'ios' as const, devices, batches: [{ id: 'b', shard: 's', start: 0, count: devices }] },
    ],
  };
  Object.assign(body, more);
  const hash = manifestHash(body);
  await rig.cloud.objects.put(manifestKeyOf(hash), Buffer.from(JSON.stringify({ ...body, hash })));
  return hash;
}
const done = (hash: string, problems: string[] = []): StoredSaid => ({
  is: 'stored',
  hash,
  rows: 22,
  rejected: { TOKEN_INVALID: 2 },
  problems,
});

test('it is started, followed in one message, and set by the bot in the name of who asked', async () => {
  const conductor = await lead();
  const run = await asked(conductor);
  await running();
  await says(run, { is: 'working', say: 'joining 5 of 20 users', percent: 25, leftMs: 180_000 });
  const { ts } = await message('joining 5 of 20 users · 25 % · about 3 min left');
  const hash = await stored();
  await says(run, done(hash));
  await ended(conductor, 'set');
  expect((await message('Compile 1 is done')).ts).toBe(ts);
  expect(await rig.messages('Compile 1')).toHaveLength(1);
  expect((await message('20 devices of 22 rows, 2 rejected (2 TOKEN_INVALID)')).ts).toBe(ts);
  const set = (await rig.entries('AudienceSet')).at(-1);
  expect(set).toMatchObject({ by: { person: 'mia' }, audience: { hash, devices: 20 } });
  expect((await rig.entries('Noted')).map(({ text, said }) => [text, said])).toEqual([
    [
      'Compile 1 begins: Mia Chen has an audience compiled from --users uploads/users.csv --device-table users --fresh.',
      true,
    ],
    [expect.stringContaining('Compile 1 ends: set.'), true],
  ]);
});

const skipped = (adds: string | null) => ({ hash: 'c'.repeat(64), tokens: 7, adds });

test('what is to be skipped is set before the audience, in the name of who asked', async () => {
  const conductor = await lead();
  const run = await asked(conductor, { options: ['--skip', 'uploads/bad.txt'] });
  await says(run, { ...done(await stored()), skip: skipped(null) });
  await ended(conductor, 'set');
  const [list, audience] = await Promise.all([rig.entries('SkipListSet'), rig.entries('AudienceSet')]);
  expect(list).toMatchObject([
    { by: { person: 'mia' }, skipList: { hash: 'c'.repeat(64), key: `skip-lists/${'c'.repeat(64)}.bin`, tokens: 7 } },
  ]);
  expect(list[0]?.seq).toBeLessThan(audience.at(-1)?.seq ?? 0);
  await message('is on the skip list, which has 7 tokens');
});

test('where somebody has set another skip list meanwhile, neither is set, and both wait for a new compile', async () => {
  const conductor = await lead();
  const hash = await stored();
  await says(await asked(conductor), { ...done(hash), skip: skipped('d'.repeat(64)) });
  expect((await ended(conductor, 'refused'))?.say).toMatch(/^Its skip list was not taken\. Somebody has set another/);
  expect(await rig.launch()).toMatchObject({ skipList: null });
  expect((await rig.launch()).audience?.hash).not.toBe(hash);
});

/** Another launch, in which four tokens of 500 were refused; `isClosed`: its shot has ended. */
async function rehearsed({ isClosed = true } = {}): Promise<void> {
  const does = async (command: Command) => {
    const done = await rig.journal.append(SOURCE, command);
    if (!done.ok) throw new Error(`${done.code} ${done.say}`);
  };
  await does({ ...createLaunch, launchId: SOURCE, targetAtMs: Date.now() + 86_400_000, runbook: sampleRunbook() });
  await does({ kind: 'set-audience', by: 'ana', audience });
  await does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  const measured = measuredAt(Date.now());
  await does({
    kind: 'request-fire',
    by: 'ana',
    segments: ['us-ios'],
    measured,
    via: slackVia('ana'),
    lift: false,
    sets: [],
  });
  const [order] = Object.values((await rig.journal.launch(SOURCE))?.orders ?? {});
  if (order === undefined) throw new Error('no order');
  await does({
    kind: 'approve-fire',
    by: 'mia',
    orderId: order.id,
    shownHash: order.shownHash,
    pressedAtMs: Date.now(),
    measured,
    via: slackVia('mia'),
    observedHaltEpoch: 0,
    observedHalted: false,
  });
  const [shot] = Object.values((await rig.journal.launch(SOURCE))?.shots ?? {});
  if (!isClosed || shot === undefined) return;
  const totals = { ...noTotals(), accepted: 496, failed: 4, reasons: { Unregistered: 4 } };
  const segments = [{ segment: 'us-ios', attempt: 1, devices: 500, totals }];
  await does({ kind: 'close-shot', shotId: shot.id, cause: 'complete', segments });
}
const TAKES = { by: 'mia', refusedIn: { launchId: SOURCE, tokens: 4 } };
const taking = async (conductor: Conductor): Promise<CompileRun> => {
  const run = await conductor.askCompile(rig.launchId, TAKES);
  if (run === null) throw new Error('one runs already');
  return run;
};
const listed = { is: 'listed' as const, refused: 4, added: 3, untold: 2 };

test('refused tokens are collected by the same task, told in its message and record, and set in the name of who asked', async () => {
  await rehearsed();
  const tasks = mustTasks();
  const commands: (readonly string[])[] = [];
  const start: AudienceTasks['start'] = (token, by, command) => {
    commands.push(command);
    return tasks.start(token, by, command);
  };
  const conductor = await lead('first', { ...tasks, start });
  const run = await taking(conductor);
  await running();
  expect(commands).toEqual([
    ['skip', '--refused-in', SOURCE, '--launch', rig.launchId, '--task', taskIdOf(rig.launchId, run)],
  ]);
  await says(run, { is: 'working', say: 'reading 1 of 4 shards', percent: 25, leftMs: null });
  const { ts } = await message('Skip list 1: reading 1 of 4 shards · 25 %');
  await says(run, { ...listed, skip: skipped(null) });
  await ended(conductor, 'set');
  expect(
    (await message('Skip list 1 is done. 4 tokens refused for good: 3 are new on the skip list (7 tokens).')).ts,
  ).toBe(ts);
  await message('Of 2 more devices nobody can tell it any more.');
  expect(await rig.entries('SkipListSet')).toMatchObject([
    { by: { person: 'mia' }, skipList: { tokens: 7 }, adds: null, refusedIn: TAKES.refusedIn },
  ]);
  expect(await rig.entries('AudienceSet')).toHaveLength(1);
  expect((await rig.entries('Noted')).map(({ text, said }) => [text, said])).toEqual([
    [`Skip list 1 begins: Mia Chen has the 4 tokens skipped that were refused in ${SOURCE}.`, true],
    [expect.stringContaining('Skip list 1 ends: set. 4 tokens refused for good'), true],
  ]);
});

test('outcomes are counted by the same task also once the launch is closed, and put into the record in the name of who asked', async () => {
  const order = await rig.request(['us-ios']);
  const { shotId } = await rig.appendAs('FireApproved', rig.approval(order));
  const [segment, attempt, devices] = ['us-ios', 1, order.devices] as const;
  const totals = { ...noTotals(), accepted: devices };
  const segments = [{ segment, attempt, devices, totals }];
  await rig.append({ kind: 'close-shot', shotId, cause: 'complete', segments });
  await rig.append({ kind: 'close-launch', by: 'ana', reason: '' });
  const conductor = await lead();
  const run = await conductor.askCompile(rig.launchId, { by: 'ana', outcomes: true });
  if (run === null) throw new Error('one runs already');
  await running();
  const shots = [{ shotId, texts: [{ segment, text: 'en', states: { accepted: devices } }], untold: 0 }];
  const refused = { key: 'joins/x/refused.csv', tokens: 2 };
  await says(run, { is: 'counted', shots, refused });
  await ended(conductor, 'set');
  await message(`Count ${run.number} is done. Outcomes of ${shotId} by language are in the record`);
  expect(await rig.entries('OutcomesCounted')).toMatchObject([{ by: { person: 'ana' }, shots, refused }]);
});

test('refused tokens whose list somebody has changed meanwhile are not set, and can be asked for again', async () => {
  await rehearsed();
  const conductor = await lead();
  await says(await taking(conductor), { ...listed, skip: skipped('d'.repeat(64)) });
  await ended(conductor, 'refused');
  await message('Skip list 1 is made, and was not taken');
  expect(await rig.launch()).toMatchObject({ skipList: null });
  expect(await conductor.askCompile(rig.launchId, TAKES)).toMatchObject({ number: 2 });
});

test('what can no longer be taken starts nothing, and the message says why', async () => {
  await rehearsed({ isClosed: false });
  const conductor = await lead();
  await taking(conductor);
  expect((await ended(conductor, 'failed'))?.say).toMatch(/^Nothing was started\. .* is still sending/);
  expect(rig.localCloud.standalone()).toEqual([]);
  const missing = await conductor.askCompile(rig.launchId, { by: 'mia', refusedIn: { launchId: 'gone', tokens: 1 } });
  expect(missing).toMatchObject({ number: 2 });
  await message('There is no launch gone any more.');
});

const REHEARSAL = 'sb-rehearsal-2';
/** A rehearsal of the launch, for so many of its devices, that the leader sees too. */
async function begun(): Promise<{ hash: string }> {
  const rehearses = rehearsesOf(await rig.launch(), { first: 20 }, 'silent');
  if (rehearses === null) throw new Error('no audience');
  const targetAtMs = Date.now() + 86_400_000;
  const runbook = sampleRunbook();
  await rig.journal.append(REHEARSAL, { ...createLaunch, launchId: REHEARSAL, targetAtMs, runbook, rehearses });
  const index = { name: 'REHEARSAL', channelId: 'C0OTHER', pool: 'other', createdAtMs: Date.now(), closed: false };
  await rig.cloud.live.putLaunch({ launchId: REHEARSAL, ...index });
  return { hash: rehearses.audienceHash };
}

test('the sample of a rehearsal is taken by the same task, and set in the name of who asked if it is of the right audience', async () => {
  const { hash } = await begun();
  const commands: (readonly string[])[] = [];
  const tasks = mustTasks();
  const start: AudienceTasks['start'] = (token, by, command) => {
    commands.push(command);
    return tasks.start(token, by, command);
  };
  const conductor = await lead('first', { ...tasks, start });
  const take = async (manifest: string) => {
    const run = await conductor.askCompile(REHEARSAL, { by: 'mia', takesFrom: rig.launchId, sample: { first: 20 } });
    if (run === null) throw new Error('one runs already');
    await rig.cloud.objects.put(
      compileStateKey(taskIdOf(REHEARSAL, run)),
      toCompileState({ v: 1, atMs: 1, ...done(manifest), rows: 20, rejected: {} }),
    );
    const end = await until('its end', async () => (await conductor.lastCompile(REHEARSAL))?.end ?? null, 20_000);
    return { run, end };
  };
  expect(await take(await stored())).toMatchObject({
    end: { how: 'refused', say: expect.stringContaining('no sample') },
  });
  const { run, end } = await take(await stored(20, { sampleOf: hash }));
  expect(end).toMatchObject({ how: 'set', say: 'It is the audience of this rehearsal, and nobody else gets it.' });
  expect(commands.at(-1)).toEqual(['take', '--launch', REHEARSAL, '--task', taskIdOf(REHEARSAL, run)]);
  expect(await rig.journal.launch(REHEARSAL)).toMatchObject({ audience: { devices: 20, sampleOf: hash } });
  // Of a launch that is no rehearsal nothing is taken, whoever has asked for it.
  await conductor.askCompile(rig.launchId, { by: 'mia', takesFrom: REHEARSAL, sample: { first: 20 } });
  expect((await ended(conductor, 'failed'))?.say).toMatch(/^Nothing was started\. .* is no rehearsal that sends/);
});

test('of two who ask in the same moment one is heard, and one task runs', async () => {
  const conductor = await lead();
  const { conductor: other } = rig.conductor('second', QUICK);
  const answers = await Promise.all([conductor, other, conductor].map((one) => one.askCompile(rig.launchId, ASKED)));
  expect(answers.filter((run) => run !== null)).toHaveLength(1);
  await running();
  expect(await other.askCompile(rig.launchId, ASKED)).toBeNull();
  expect(rig.localCloud.standalone()).toHaveLength(1);
});

test('a bot that dies after it has started the task leaves it to the next one, which starts no other', async () => {
  const tasks = mustTasks();
  // The answer of the start never comes to it.
  const start: AudienceTasks['start'] = async (...words) => {
    await tasks.start(...words);
    throw new Error('gone');
  };
  const first = await lead('first', { ...tasks, start });
  const run = await asked(first);
  const { taskArn } = await running();
  await first.stop();
  const second = await lead('second');
  await until('the same task', async () => (await second.lastCompile(rig.launchId))?.taskArn === taskArn, 20_000);
  await says(run, done(await stored()));
  await ended(second, 'set');
  expect(rig.localCloud.standalone()).toHaveLength(1);
  await message('Compile 1 is done');
  expect(await rig.messages('Compile 1')).toHaveLength(1);
  expect((await rig.entries('Noted')).filter(({ text = '' }) => text.startsWith('Compile 1 begins'))).toHaveLength(1);
});

test('one that is cancelled is stopped, and what it had made is not set', async () => {
  const conductor = await lead();
  const run = await asked(conductor);
  await running();
  await conductor.cancelCompile(rig.launchId, run.number, 'ana');
  await says(run, done(await stored()));
  expect(await ended(conductor, 'cancelled')).toMatchObject({ say: expect.stringContaining('Ana') as string });
  expect(rig.localCloud.standalone()).toMatchObject([
    { state: 'STOPPED', stoppedReason: expect.stringContaining('Cancelled') as string },
  ]);
  expect(await rig.entries('AudienceSet')).toHaveLength(1);
  expect(await conductor.askCompile(rig.launchId, ASKED)).toMatchObject({ number: 2 });
});

test('what a person should look at is not set until somebody has, and then the message says so', async () => {
  const conductor = await lead();
  const hash = await stored();
  await says(
    await asked(conductor),
    done(hash, ['9.1 % of the rows are rejected, 2 of 22; more than 2 % is rarely meant']),
  );
  await ended(conductor, 'stored');
  await message('9.1 % of the rows are rejected');
  expect((await rig.launch()).audience?.hash).not.toBe(hash);
  const devices = 20;
  await conductor.execute(rig.launchId, {
    kind: 'set-audience',
    by: 'ana',
    audience: {
      hash,
      manifestKey: manifestKeyOf(hash),
      devices,
      segments: [{ id: 'us-ios', platform: 'ios', devices, batches: 1 }],
      locales: { en: devices },
    },
  });
  await message('It was looked at, and set as it is.');
});

test('a task that fails tells why: in its own words, or in those of ECS', async () => {
  const conductor = await lead();
  await asked(conductor, { users: 'ends' });
  expect((await ended(conductor, 'failed'))?.say).toBe(
    'Its task ended with the exit code 3: Essential container in task exited. Its log has more; what it had read is kept for another try.',
  );
  const run = await asked(conductor, { users: 'ends' });
  await says(run, { is: 'failed', code: 'TABLE_MISSING', say: 'users: found no such table' });
  await message('Compile 2 has failed');
  expect((await conductor.lastCompile(rig.launchId))?.end?.say).toContain('users: found no such table (TABLE_MISSING)');
});

test('where there is no room it waits and says so; what ECS refuses for good is told', async () => {
  rig.localCloud.account.noRoom = 'RESOURCE:ENI';
  const conductor = await lead();
  await asked(conductor);
  await message('waiting for ECS, which says RESOURCE:ENI');
  rig.localCloud.account.noRoom = null;
  const { taskArn } = await running();
  await conductor.cancelCompile(rig.launchId, 1, 'ana');
  await ended(conductor, 'cancelled');
  await conductor.stop();
  expect(taskArn).toContain(':task/c/');
  const elsewhere = await lead('second', {
    ...mustTasks(),
    start: async () => ({ ok: false, again: false, say: 'ClientException: TaskDefinition not found.' }),
  });
  await asked(elsewhere);
  expect((await ended(elsewhere, 'failed'))?.say).toBe(
    'ECS did not start the task: ClientException: TaskDefinition not found.',
  );
});

test('a task that nobody knows any more is lost, and told so; one that is young is waited for', async () => {
  const blind: AudienceTasks = { ...mustTasks(), look: async () => null };
  const conductor = await lead('first', blind);
  const run = await asked(conductor);
  await until('the task', async () => (await conductor.lastCompile(rig.launchId))?.taskArn ?? null, 20_000);
  await message('the task starts');
  expect((await conductor.lastCompile(rig.launchId))?.end).toBeNull();
  const old = { ...(await conductor.lastCompile(rig.launchId)), startedAtMs: run.askedAtMs - 61_000 };
  await conductor.stop();
  await rig.cloud.facts.put(rig.launchId, 'compile', JSON.stringify(old));
  expect(await ended(await lead('second', blind), 'lost')).toMatchObject({
    say: expect.stringContaining('Ask again') as string,
  });
});

test('an audience that came into use meanwhile is told in the words of the rule', async () => {
  const conductor = await lead();
  const run = await asked(conductor, { by: 'olu' });
  expect((await ended(conductor, 'failed'))?.say).toContain('Nothing was started.');
  expect(rig.localCloud.standalone()).toEqual([]);
  expect(run.number).toBe(1);
});

test('a manifest that is another one than its name says is not set', async () => {
  const conductor = await lead();
  const run = await asked(conductor);
  await rig.cloud.objects.put(manifestKeyOf('b'.repeat(64)), Buffer.from('{}'));
  await says(run, done('b'.repeat(64)));
  expect((await ended(conductor, 'failed'))?.say).toContain('MANIFEST_INVALID');
});

function mustTasks(): AudienceTasks {
  if (rig.cloud.audienceTasks === null) throw new Error('no tasks');
  return rig.cloud.audienceTasks;
}
