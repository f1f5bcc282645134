import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../infra/local/slack/for-tests.ts';
import { noTotals } from '../runbooks/launch/totals.ts';
import { loadRunbook } from '../runbooks/playbook/load.ts';
import { AUDIENCE, RUNBOOK, startRig, textOf } from '../test/bot-rig.ts';
import type { Rig } from '../test/bot-rig.ts';

let rig: Rig;
const does = async (launchId: string, command: Parameters<Rig['bot']['conductor']['execute']>[1]) => {
  const acted = await rig.bot.conductor.execute(launchId, command);
  if (!acted.ok) throw new Error(`${acted.code} ${acted.say}`);
  return acted.launch;
};
const launchOf = async (launchId: string) => {
  const launch = await rig.journal.launch(launchId);
  if (launch === null) throw new Error(`no launch ${launchId}`);
  return launch;
};

const openOrder = ({ orders }: Awaited<ReturnType<typeof launchOf>>): string =>
  Object.values(orders).find(({ state }) => state === 'open')?.id ?? '';

/** The day's launch, whose war room is another channel. */
beforeAll(async () => {
  rig = await startRig();
  const up = '{ id: up, title: Workers up, at: T-4h, do: { kind: scale, target: workers, to: 1 } }';
  const loaded = loadRunbook(RUNBOOK.replace('    steps:\n', `    steps:\n      - ${up}\n`), 'drill.yaml');
  if (!loaded.ok) throw new Error('the runbook is broken');
  const index = { name: 'The day', channelId: 'C0OTHER', pool: 'drill-workers', createdAtMs: rig.nowMs() };
  await rig.bot.conductor.willCreate({ launchId: 'day', ...index, closed: false });
  await does('day', {
    kind: 'create-launch',
    by: 'ana',
    launchId: 'day',
    name: 'The day',
    channelId: 'C0OTHER',
    runbook: loaded.runbook,
    runbookHash: 'r',
    targetAtMs: rig.nowMs() + 86_400_000,
    compress: 1,
  });
});
afterAll(() => rig.stop());

it('is asked for with whom it goes to, and makes nothing for an order that names nobody, or a launch without an audience', async () => {
  expect(await rig.ask(rig.ana, 'rehearse limited 100')).toContain('in a channel of its own');
  expect(await rig.ask(rig.ana, 'rehearse limited 100 of day')).toContain('has no audience yet');
  await does('day', { kind: 'set-audience', by: 'ana', audience: AUDIENCE });
  expect(await rig.ask(rig.ana, 'rehearse limited everybody of day')).toContain('found “everybody”');
  expect(await rig.ask(rig.ana, 'rehearse limited 100 of night')).toContain('There is no launch `night`');
  expect(await rig.ask(rig.mia, 'rehearse limited 100 of day')).toContain('needs on-call');
  expect(await rig.cloud.live.launches()).toHaveLength(1);
});

it('becomes a launch of its own, for no more devices than were said, by two people; its report goes to the day', async () => {
  expect(await rig.ask(rig.ana, 'rehearse limited 100% of day')).toContain('a rehearsal is for some of them');
  const asked = await rig.ask(rig.ana, 'rehearse limited 100 of day');
  expect(asked).toContain('*the first 100 devices*, always the same ones');
  expect(asked).toContain('It really goes out to them');
  expect(asked).toContain('Fleets rise at once: *Send workers* to 1');
  expect(await rig.press(rig.ana, 'rehearsal.limited')).toContain(
    '`npm run audience -- take --launch day-rehearsal-1 --as ana`',
  );
  expect(await launchOf('day-rehearsal-1')).toMatchObject({
    name: 'REHEARSAL of The day',
    channelId: 'C0WARROOM',
    rehearses: { launchId: 'day', sample: { first: 100 }, atMost: 100 },
  });
  expect((await launchOf('day')).rehearsals).toMatchObject({ 'day-rehearsal-1': { sentIn: 'day-rehearsal-1' } });

  const part = { ...AUDIENCE, hash: 'b'.repeat(64), manifestKey: `audiences/${'b'.repeat(64)}/manifest.json` };
  const segments = [{ id: 'us-ios', platform: 'ios' as const, devices: 100, batches: 1 }];
  const audience = { ...part, devices: 100, segments, locales: { en: 100 }, sampleOf: AUDIENCE.hash };
  await does('day-rehearsal-1', { kind: 'set-audience', by: 'ana', audience });
  await does('day-rehearsal-1', { kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  await rig.ask(rig.ana, 'fire all');
  const order = await until('the order', async () =>
    (await rig.mia.messages()).find((one) => textOf(one).includes('REHEARSAL, fire order: 100 devices')),
  );
  expect(textOf(order)).toContain('*REHEARSAL* of `day`: it really goes out to the first 100 devices');
  await rig.press(rig.mia, 'fire.go');
  const [shot] = Object.values((await launchOf('day-rehearsal-1')).shots);
  if (shot === undefined) throw new Error('no shot');
  const totals = { ...noTotals(), accepted: 96, failed: 4, reasons: { Unregistered: 4 } };
  await does('day-rehearsal-1', {
    kind: 'close-shot',
    shotId: shot.id,
    cause: 'complete',
    segments: [{ segment: 'us-ios', attempt: 1, devices: 100, totals }],
  });
  const timing = { firstWriteMs: 90, p50Ms: 1, p95Ms: 2, p99Ms: 3, lastWriteMs: 4, perSecond: 5, peakPerSecond: 6 };
  await rig.bot.conductor.execute('day-rehearsal-1', { kind: 'report-timing', shotId: shot.id, timing });
  const report = await until('the report', async () => (await launchOf('day')).rehearsals['day-rehearsal-1']?.report);
  expect(report).toMatchObject({ what: 'limited', devices: 100, refused: 4 });
  // Its refused tokens are for the day, whose room is another.
  expect(await rig.ask(rig.mia, 'audience skip-refused')).toContain('Type it in the channel of `day`');
  expect(await rig.ask(rig.mia, 'audience skip-refused day')).toContain('`day` names no launch');
  expect(await rig.ask(rig.mia, 'audience skip-refused of day')).toContain('has sent nothing yet');
  // What is offered to be typed is fewer than its launch has.
  expect(await rig.ask(rig.ana, 'rehearse limited')).toContain('/go rehearse limited 10 of day-rehearsal-1');
  const day = await launchOf('day');
  expect([day.attempts, day.shots, day.orders]).toEqual([{}, {}, {}]);
});

it('is not begun in the war room of another launch', async () => {
  expect(await rig.ask(rig.ana, 'rehearse limited 100 of day')).toContain('needs a channel of its own');
});

it('that is silent says so in the question and the order, may go to all, and has no second one within the hour', async () => {
  await does('day-rehearsal-1', { kind: 'close-launch', by: 'ana', reason: '' });
  expect(await rig.ask(rig.ana, 'rehearse silent all of day')).toContain('Nobody sees or hears anything');
  expect(await rig.press(rig.ana, 'rehearsal.limited')).toContain('Created *REHEARSAL of The day*');
  expect((await launchOf('day')).rehearsals['day-rehearsal-2']).toMatchObject({ what: 'silent' });
  const audience = { ...AUDIENCE, hash: 'c'.repeat(64), sampleOf: AUDIENCE.hash };
  await does('day-rehearsal-2', { kind: 'set-audience', by: 'ana', audience });
  await does('day-rehearsal-2', { kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  await rig.ask(rig.ana, 'fire us-ios');
  const order = await until('the order', async () =>
    (await rig.mia.messages()).find((one) => textOf(one).includes('A silent push: nothing is shown')),
  );
  expect(textOf(order)).toContain('Nothing of the texts goes out');
  await does('day-rehearsal-2', {
    kind: 'decline-fire',
    by: 'ana',
    orderId: openOrder(await launchOf('day-rehearsal-2')),
    reason: '',
  });
  // Closed unsent it can't go out any more, so another may begin.
  await does('day-rehearsal-2', { kind: 'close-launch', by: 'ana', reason: '' });
  expect(await rig.ask(rig.ana, 'rehearse silent 100 of day')).toContain('the first 100 devices');
  await rig.press(rig.ana, 'rehearsal.limited');
  const note = { kind: 'begin-rehearsal', by: 'ana', what: 'silent', sentIn: 'other' } as const;
  expect(await rig.bot.conductor.execute('day', note)).toMatchObject({ ok: false, code: 'REHEARSAL_NOT_NOW' });
});

it('that its launch could not take note of any more is closed again: what is not counted there must not go out', async () => {
  await does('day-rehearsal-3', { kind: 'close-launch', by: 'ana', reason: '' });
  await rig.ask(rig.ana, 'rehearse silent 100 of day');
  const { conductor } = rig.bot;
  const execute = conductor.execute.bind(conductor);
  const unsent = ['day-rehearsal-2', 'day-rehearsal-3'];
  const note = { kind: 'begin-rehearsal', by: 'ana', what: 'silent', unsent } as const;
  // Somebody else's press is quicker.
  conductor.execute = async (launchId, command) => {
    const acted = await execute(launchId, command);
    if (launchId === 'day-rehearsal-4') await execute('day', { ...note, sentIn: 'quicker' });
    return acted;
  };
  const answer = await rig.press(rig.ana, 'rehearsal.limited');
  conductor.execute = execute;
  expect(answer).toContain('A device gets one silent push');
  expect(answer).toContain('`day-rehearsal-4` was closed again');
  expect(await launchOf('day-rehearsal-4')).toMatchObject({ closed: true, shots: {} });
});

it('is not begun of a launch that was called off', async () => {
  await does('day', { kind: 'stand-down', by: 'ana', reason: 'rain' });
  // With nothing to put back it closes by itself, which may come first.
  expect(await rig.ask(rig.ana, 'rehearse limited 100 of day')).toMatch(
    /nothing can be fired in it any more|The day is closed/,
  );
  expect(await rig.journal.launch('day-rehearsal-5')).toBeNull();
});
