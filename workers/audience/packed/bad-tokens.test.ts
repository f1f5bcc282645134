import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { compileStateKey, fromCompileState } from '../../../contract/compile-state.ts';
import { claimKey } from '../../../contract/orders.ts';
import { apnsBody, apnsHeaders, TestClient } from '../../../infra/local/providers/for-tests.ts';
import { stateCode, toAccount } from '../../../settle/account-codec.ts';
import type { AttemptState } from '../../../settle/account-codec.ts';
import { closeShot, manifestReader } from '../../../settle/close.ts';
import { setReader } from '../../../settle/frozen-sets.ts';
import { packGoneTimes } from '../../../settle/gone-times.ts';
import { startStage } from '../../../test/worker-stage.ts';
import type { Stage, StagedLaunch } from '../../../test/worker-stage.ts';
import { main } from '../cli.ts';
import { devicesOf } from '../for-tests.ts';
import { badTokens, nothingFound } from './bad-tokens.ts';
import { loadAudience } from './load.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(async () => {
  await stage.stopWorkers();
});
afterAll(async () => {
  await stage.stop();
});

async function audience(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const code = await main(args, stage.env(''), out, err);
  return { code, out: String(out.read() ?? ''), err: String(err.read() ?? '') };
}

const fileOf = (launchId: string) => join(stage.dir, `${launchId}-bad-tokens.txt`);
const collect = (launchId: string) => audience('bad-tokens', '--launch', launchId, '--out', fileOf(launchId));
const linesOf = async (launchId: string) => (await readFile(fileOf(launchId), 'utf8')).trimEnd().split('\n').toSorted();
const tokensOf = async ({ audience: { manifestKey } }: StagedLaunch['audience']) =>
  devicesOf(await loadAudience(stage.cloud.objects, manifestKey)).map(({ token }) => token);

/** Accounts as their holders write them, by batch of the iOS segment; a batch without any stays unclaimed. */
async function account(
  launch: StagedLaunch,
  attempt: number,
  ...batches: (readonly [states: AttemptState[], reasons: Record<string, number>] | null)[]
): Promise<void> {
  for (const [at, batch] of batches.entries()) {
    if (batch === null) continue;
    const key = claimKey(launch.id, 'ios', attempt, launch.audience.manifest.segments[0]?.batches[at]?.id ?? '');
    await stage.cloud.claims.claim(key, { bootId: 'b', token: 't', claimedAtMs: 0, sendUntilMs: 1 });
    await stage.cloud.claims.account(key, 't', toAccount(Uint8Array.from(batch[0], stateCode), batch[1]));
  }
}

/** As the provider says it to anybody who asks, to the second. */
async function goneSince(token: string): Promise<string> {
  const client = await new TestClient(stage.providers.apnsUrl, stage.providers.ca).ready();
  const { status, body } = await client.post(
    `/3/device/${token}`,
    await apnsHeaders(stage.providers),
    apnsBody('asked', 'shot-1'),
  );
  client.close();
  expect(status).toBe(410);
  const { timestamp } = JSON.parse(body) as { timestamp: number };
  return `${new Date(timestamp).toISOString().slice(0, 19)}Z`;
}

const close = (launch: StagedLaunch, shotId: string, nowMs: number) =>
  closeShot(
    {
      claims: stage.cloud.claims,
      journal: stage.journal,
      manifestOf: manifestReader(stage.cloud.objects),
      setOf: setReader(stage.cloud.objects),
    },
    { launchId: launch.id, shotId, nowMs },
  );

test('tokens that were refused for good in one launch are collected, and the next one does not send to them', async () => {
  const marks = { 3: 'dead00', 4: '50000a', 250: 'badd00', 301: 'dead00', 302: 'badd00', 303: '42900a' };
  const first = await stage.newLaunch({ ios: 300, android: 100, marks });
  await first.worker({ threads: 1 });
  await first.closed((await first.fire()).id);
  const collected = await collect(first.id);
  expect(collected).toMatchObject({ code: 0, err: '' });
  expect(collected.out).toMatch(
    /iOS +2 bad tokens of 300 that were answered \((Unregistered 1, BadDeviceToken 1|BadDeviceToken 1, Unregistered 1)\)/,
  );
  expect(collected.out).toMatch(
    /Android +2 bad tokens of 100 that were answered \((UNREGISTERED 1, INVALID_TOKEN 1|INVALID_TOKEN 1, UNREGISTERED 1)\)/,
  );
  expect(collected.out).toContain(`${fileOf(first.id)}, 4 tokens`);
  const csv = await readFile(join(stage.dir, `${first.id}.csv`), 'utf8');
  const given = csv
    .split('\n')
    .slice(1)
    .map((row) => row.split(',')[2] ?? '');
  const bad = [3, 250, 301, 302].map((device) => given[device] ?? '').toSorted();
  expect(await linesOf(first.id)).toEqual(bad);

  // The same walk tells languages apart, and gives the owner of the table of devices what to take out.
  const counted = await audience('outcomes', '--launch', first.id, '--out', join(stage.dir, 'refused.csv'));
  expect(counted).toMatchObject({ code: 0, err: '' });
  for (const line of [
    'ios en: 198 accepted, 2 failed',
    'ios es: 99 accepted, 1 failed',
    'android es: 33 accepted, 1 failed',
  ])
    expect(counted.out).toContain(line);
  expect(counted.out).toContain('4 tokens, in');
  const [head, ...rows] = (await readFile(join(stage.dir, 'refused.csv'), 'utf8')).trimEnd().split('\r\n');
  expect(head).toBe('platform,token,user,reason,shot,unregistered_at');
  expect(rows.map((row) => row.split(',')[1] ?? '').toSorted()).toEqual(bad);
  expect(rows.map((row) => row.split(',')[3])).toContain('INVALID_TOKEN|UNREGISTERED');
  // APNs says it with a 410 alone, and FCM never.
  const since = new Map(rows.map((row) => [row.split(',')[1], row.split(',')[5]]));
  expect([3, 250, 301, 302].map((device) => since.get(given[device]))).toEqual([
    await goneSince(given[3] ?? ''),
    '',
    '',
    '',
  ]);
  expect(counted.out).toContain('1 of 2 iOS tokens with the time at which APNs confirmed that they are gone');
  expect((await stat(join(stage.dir, 'refused.csv'))).mode & 0o077).toBe(0);
  expect(await audience('outcomes', '--launch', first.id, '--task', 'compile-9')).toMatchObject({ code: 0, err: '' });
  const told = fromCompileState((await stage.cloud.objects.get(compileStateKey('compile-9'))) ?? new Uint8Array());
  if (told?.is !== 'counted') throw new Error(`unexpected ${told?.is}`);
  expect(told.refused).toEqual({ key: 'joins/compile-9/refused.csv', tokens: 4 });
  expect(told.times).toEqual({ ios: 2, known: 1, leftOut: 0 });
  expect(JSON.stringify(told)).not.toContain(bad[0]);
  expect(await stage.cloud.objects.get('joins/compile-9/refused.csv')).not.toBeNull();
  const { shots } = told;
  expect(
    await stage.journal.append(first.id, { kind: 'record-outcomes', by: 'ana', shots, refused: told.refused }),
  ).toMatchObject({ ok: true });

  const next = await stage.newLaunch({ ios: 1, android: 0 });
  expect(
    await audience(
      'compile',
      join(stage.dir, `${first.id}.csv`),
      '--launch',
      next.id,
      '--as',
      'ana',
      '--skip',
      fileOf(first.id),
      '--rejects',
      join(stage.dir, 'r.ndjson'),
    ),
  ).toMatchObject({ code: 0 });
  expect(
    await stage.journal.append(next.id, { kind: 'tick-gate', by: 'ana', gate: 'copy', green: true, note: '' }),
  ).toMatchObject({ ok: true });
  await next.worker();
  const { totals } = await next.closed((await next.fire()).id);
  expect(totals?.map(({ totals: { skipped, reasons } }) => [skipped, reasons])).toEqual([
    [2, { InternalServerError: 1 }],
    [2, { QUOTA_EXCEEDED: 1 }],
  ]);
  // They were not refused this time, and are known bad all the same.
  expect((await collect(next.id)).out).toMatch(
    /iOS +0 bad tokens of 298 that were answered\n +2 more that the skip list took out before\n/,
  );
  expect(await linesOf(next.id)).toEqual(bad);
});

test('what another launch was refused goes on the skip list by one command, or as the task of a bot, which sets nothing', async () => {
  const first = await stage.newLaunch({ ios: 4, android: 0 });
  const shot = await first.fire({ wake: false });
  await account(first, 1, [['bad-token', 'accepted', 'bad-token', 'failed'], { Unregistered: 2, Shutdown: 1 }]);
  const next = await stage.newLaunch({ ios: 2, android: 0 });
  const taking = (...more: string[]) => audience('skip', '--refused-in', first.id, '--launch', next.id, ...more);
  const list = async () => (await stage.journal.launch(next.id))?.skipList ?? null;
  expect(await taking('--as', 'ana')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/--refused-in: .* is still sending: .*SHOT_RUNNING/) as string,
  });
  expect(await close(first, shot.id, Date.now())).toMatchObject({ state: 'closed' });

  expect(await taking('--task', 'skip-1')).toMatchObject({ code: 0, err: '' });
  const told = fromCompileState((await stage.cloud.objects.get(compileStateKey('skip-1'))) ?? new Uint8Array());
  expect(told).toMatchObject({ is: 'listed', refused: 2, untold: 0, skip: { tokens: 2, adds: null } });
  expect(await list()).toBeNull();

  expect(await taking('--as', 'ana')).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /iOS +2 bad tokens of 4 that were answered \(Unregistered 2\)\n[^]*2 tokens, 2 of them new; open orders stand/,
    ) as string,
  });
  expect(told?.is === 'listed' && told.skip.hash).toBe((await list())?.hash);
  expect((await stage.journal.entries(next.id)).at(-1)).toMatchObject({
    kind: 'SkipListSet',
    adds: null,
    refusedIn: { launchId: first.id, tokens: 2 },
  });
  expect((await taking('--as', 'ana')).err).toContain('are on the skip list already');
});

test('a count says of how many tokens their account has no time, whoever has written it, and reads on', async () => {
  const first = await stage.newLaunch({ ios: 6, android: 0, batchSize: 3 });
  const shot = await first.fire({ wake: false });
  const [whole, cut] = (first.audience.manifest.segments[0]?.batches ?? []).map(({ id }) =>
    claimKey(first.id, 'ios', 1, id),
  );
  const states = Uint8Array.from(['bad-token', 'accepted', 'bad-token'] as const, stateCode);
  const atMs = Date.UTC(2025, 11, 24, 18, 0, 7);
  const { packed } = packGoneTimes(
    states,
    new Map([
      [0, atMs],
      [2, atMs - 1_000],
    ]),
  );
  for (const [key, goneAt] of [
    [whole, packed],
    [cut, packed?.subarray(0, 5)],
  ] as const) {
    await stage.cloud.claims.claim(key ?? '', { bootId: 'b', token: 't', claimedAtMs: 0, sendUntilMs: 1 });
    await stage.cloud.claims.account(key ?? '', 't', {
      ...toAccount(states, { Unregistered: 2 }),
      goneAt: goneAt ?? new Uint8Array(),
    });
  }
  expect(await close(first, shot.id, Date.now())).toMatchObject({ state: 'closed' });
  const out = join(stage.dir, 'cut.csv');
  const counted = await audience('outcomes', '--launch', first.id, '--out', out);
  expect(counted).toMatchObject({ code: 0, err: '' });
  expect(counted.out).toMatch(
    /refused +4 tokens, in .*\n +3 of 4 iOS tokens with the time .*\n +Of 1 the time may be missing: .* no room for it\.\n/,
  );
  expect(
    (await readFile(out, 'utf8'))
      .split('\r\n')
      .map((row) => row.split(',')[5] ?? '')
      .slice(1, 5),
  ).toEqual(['2025-12-24T18:00:07Z', '2025-12-24T18:00:06Z', '2025-12-24T18:00:07Z', '']);
});

test('a task tells that there is no token that it could name', async () => {
  const first = await stage.newLaunch({ ios: 2, android: 0 });
  const shot = await first.fire({ wake: false });
  // As an older version wrote it.
  await account(first, 1, [['failed', 'accepted'], { Unregistered: 1 }]);
  expect(await close(first, shot.id, Date.now())).toMatchObject({ state: 'closed' });
  const next = await stage.newLaunch({ ios: 2, android: 0 });
  const done = await audience('skip', '--refused-in', first.id, '--launch', next.id, '--task', 'skip-2');
  expect(done).toMatchObject({ code: 1, err: expect.stringContaining('(1 without a name') as string });
  expect(
    fromCompileState((await stage.cloud.objects.get(compileStateKey('skip-2'))) ?? new Uint8Array()),
  ).toMatchObject({ is: 'failed', code: 'NOTHING_SENT' });
});

test.each([
  [['--refused-in', 'a'], /found no --launch/],
  [['--refused-in', 'a', '--launch', 'b', 'x.txt'], /found more beside it \(x\.txt\)/],
  [['--refused-in', 'a', '--launch', 'b', '--replace'], /found more beside it \(a flag\)/],
  [['--task', 't', '--launch', 'b'], /found --task alone/],
  [['--refused-in', 'a', '--launch', 'b', '--task', 'T T'], /--task: found "T T"/],
  [['--refused-in', 'a', '--launch', 'b', '--task', 't', '--as', 'ana'], /--task: found "t" with --as/],
])('skip %j is refused with what was expected', async (args, expected) => {
  expect(await audience('skip', ...args)).toMatchObject({ code: 2, err: expect.stringMatching(expected) as string });
});

test('a later attempt adds its own, a shot that still runs is left for later, and a skipped device that is on no list is not a bad token', async () => {
  const launch = await stage.newLaunch({ ios: 6, android: 3, batchSize: 3, skip: (_, at) => at === 7 });
  const tokens = await tokensOf(launch.audience);
  const shot = await launch.fire({ wake: false, segments: ['ios'] });
  expect(await collect(launch.id)).toMatchObject({
    code: 1,
    err: expect.stringContaining(`found only shots of ${launch.id} that still run (${shot.id})`) as string,
  });
  await account(launch, 1, [['bad-token', 'accepted', 'halted'], { Unregistered: 1 }]);
  await launch.halt();
  expect(await close(launch, shot.id, Date.now() + 3_000)).toMatchObject({ state: 'closed' });
  expect((await collect(launch.id)).out).toMatch(/iOS +1 bad tokens of 2 that were answered \(Unregistered 1\)\n/);
  expect(await linesOf(launch.id)).toEqual([tokens[0]]);

  const again = await launch.fire({ wake: false, lift: true, segments: ['ios'] });
  await account(
    launch,
    2,
    [['absent', 'absent', 'accepted'], {}],
    [['skipped', 'bad-token', 'accepted'], { ExpiredToken: 1 }],
  );
  expect(await close(launch, again.id, Date.now())).toMatchObject({ state: 'closed' });
  const running = await launch.fire({ wake: false, segments: ['android'] });
  const { out } = await collect(launch.id);
  expect(out).toMatch(/iOS +2 bad tokens of 5 that were answered \(Unregistered 1, ExpiredToken 1\)\n/);
  expect(out).toContain(`${running.id}: what is found bad there comes with the close`);
  expect(out).not.toContain('Android');
  expect(new Set(await linesOf(launch.id))).toEqual(new Set([tokens[0], tokens[4]]));
});

test('an account that came after the close counts; what an older version wrote, or what is gone, is said to be missing', async () => {
  const launch = await stage.newLaunch({ ios: 6, android: 0, batchSize: 2 });
  const tokens = await tokensOf(launch.audience);
  const shot = await launch.fire({ wake: false });
  const late = claimKey(launch.id, 'ios', 1, launch.audience.manifest.segments[0]?.batches[0]?.id ?? '');
  await stage.cloud.claims.claim(late, { bootId: 'b', token: 't', claimedAtMs: 0, sendUntilMs: 1 });
  await account(
    launch,
    1,
    null,
    [['failed', 'failed'], { Unregistered: 1, TooManyRequests: 1 }],
    [['accepted', 'accepted'], {}],
  );
  expect(await close(launch, shot.id, Date.now())).toMatchObject({ state: 'closed' });
  expect((await collect(launch.id)).out).toMatch(
    /iOS +0 bad tokens of 4 that were answered\n +1 more that can't be told[^]*file +none: there is no token to take out\n$/,
  );
  await expect(stat(fileOf(launch.id))).rejects.toThrow('ENOENT');

  await account(launch, 1, [['bad-token', 'bad-token'], { DeviceTokenNotForTopic: 2 }]);
  const found = nothingFound();
  const { claims, objects } = stage.cloud;
  const read: typeof claims.read = async (keys, consistent) =>
    new Map([...(await claims.read(keys, consistent))].filter(([key]) => key === late));
  const walk = badTokens({
    objects,
    claims: { ...claims, read },
    launchId: launch.id,
    audience: launch.audience.audience,
    shots: [await launch.shot(shot.id)],
    found,
  });
  expect(await text(walk)).toBe(`${tokens[0]}\n${tokens[1]}\n`);
  expect(found.ios).toEqual({
    answered: 2,
    bad: 2,
    reasons: { DeviceTokenNotForTopic: 2 },
    nameless: 0,
    skipped: 0,
    missing: 4,
  });
});

test('a launch that lost most of its tokens has rather a wrong setting, and the command says so', async () => {
  const launch = await stage.newLaunch({ ios: 2, android: 0 });
  const shot = await launch.fire({ wake: false });
  await account(launch, 1, [['bad-token', 'accepted'], { BadDeviceToken: 1 }]);
  expect(await close(launch, shot.id, Date.now())).toMatchObject({ state: 'closed' });
  expect((await collect(launch.id)).out).toContain('rather a wrong topic, environment or project than bad tokens');
});

test('what can not be used is refused with what was expected', async () => {
  const launch = await stage.newLaunch({ ios: 2, android: 0, skip: (_, at) => at === 1 });
  expect(await audience('skip', '--refused-in', 'nobody', '--launch', launch.id, '--as', 'ana')).toMatchObject({
    code: 1,
    err: expect.stringContaining('--refused-in: found no launch "nobody"') as string,
  });
  expect(await collect('nobody')).toMatchObject({
    code: 1,
    err: expect.stringContaining('--launch: found no launch "nobody"') as string,
  });
  expect(await collect(launch.id)).toEqual({
    code: 1,
    out: '',
    err: `--launch: found no shot of ${launch.id}, expected a launch that has fired\nNOTHING_SENT\n`,
  });
  expect(await audience('bad-tokens')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--launch: found nothing') as string,
  });
  expect(await audience('bad-tokens', launch.id)).toMatchObject({
    code: 2,
    err: expect.stringContaining(`found "${launch.id}" with bad-tokens, expected no word more`) as string,
  });
  const shot = await launch.fire({ wake: false });
  await account(launch, 1, [['bad-token', 'skipped'], { Unregistered: 1 }]);
  await close(launch, shot.id, Date.now());
  expect(
    await audience('bad-tokens', '--launch', launch.id, '--out', join(stage.dir, 'none', 'bad.txt')),
  ).toMatchObject({ code: 2, err: expect.stringContaining('--out: found no file that can be written at') as string });
  const closed = await launch.shot(shot.id);
  const walk = (missing: RegExp) => {
    const objects = {
      ...stage.cloud.objects,
      get: async (key: string) => (missing.test(key) ? null : stage.cloud.objects.get(key)),
    };
    return text(
      badTokens({
        objects,
        claims: stage.cloud.claims,
        launchId: launch.id,
        audience: launch.audience.audience,
        shots: [closed],
        found: nothingFound(),
      }),
    );
  };
  await expect(walk(/manifest/)).rejects.toMatchObject({ code: 'MANIFEST_MISSING' });
  await expect(walk(/\.shard/)).rejects.toMatchObject({ code: 'SHARD_MISSING' });
  await expect(walk(/skip-lists/)).rejects.toMatchObject({ code: 'SKIP_LIST_CORRUPT' });
});
