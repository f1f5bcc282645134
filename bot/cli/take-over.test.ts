import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createJournal } from '../../infra/aws/journal.ts';
import type { Journal } from '../../infra/aws/journal.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import { botKeyring, workerKeyring } from '../../test/keys.ts';
import { audience, LAUNCH_ID, people, sampleRunbook } from '../../test/properties/scene.ts';
import { EAST, REGIONS, twoRegions, WEST } from '../../test/two-regions.ts';
import { authorityFor } from '../../workers/send/authority.ts';
import { homeCheck } from '../../workers/send/home-check.ts';
import type { Conductor } from '../conductor/conductor-port.ts';
import { createConductor } from '../conductor/conductor.ts';
import { main } from './main.ts';

let regions: Awaited<ReturnType<typeof twoRegions>>;
let folder: string;
const running: Conductor[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gobutton-regions-'));
  regions = await twoRegions(folder);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  await regions.stop();
  await rm(folder, { recursive: true });
});

async function go(region: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const writer = (add: (text: string) => void) => ({ write: add });
  const code = await main(
    args,
    regions.env(region),
    writer((text) => (out += text)),
    writer((text) => (err += text)),
  );
  return { code, out, err };
}

const keyOf = (name: string) => ['--launch', LAUNCH_ID, '--key', join(folder, `${name}.pem`)];
const request = (name = 'ana') => go(WEST, 'take-over', 'request', ...keyOf(name), '--reason', 'the east is away');
const approve = (name = 'mia', ...more: string[]) => go(WEST, 'take-over', 'approve', ...keyOf(name), ...more);
const journalIn = (region: string): Journal => {
  const { record, staff } = regions.cloud(region);
  return createJournal({ record, staff, keyring: botKeyring() });
};

async function must(journal: Journal, command: Command): Promise<void> {
  const appended = await journal.append(LAUNCH_ID, command);
  if (!appended.ok) throw new Error(`${appended.code}: ${appended.say}`);
}

/** Prepared in the east, with its audience in both buckets, and a bot there that leads. */
async function launchInTheEast(): Promise<Journal> {
  const keys: Record<string, string> = {};
  for (const name of ['ana', 'mia', 'eve'])
    keys[name] = (await go(EAST, 'keygen', '--out', join(folder, `${name}.pem`))).out.trim().split('\n').at(-1) ?? '';
  const journal = journalIn(EAST);
  await must(journal, {
    kind: 'create-launch',
    by: 'ana',
    launchId: LAUNCH_ID,
    name: 'Super Bowl',
    channelId: 'C0WARROOM',
    runbook: sampleRunbook({
      regions: REGIONS,
      people: people.map((person) => ({
        ...person,
        operator_keys: keys[person.id] === undefined ? [] : [keys[person.id]],
      })),
      gates: [{ id: 'copy-read', title: 'The copy was read' }],
    }),
    runbookHash: 'r',
    targetAtMs: Date.now() + 86_400_000,
    compress: 1,
  });
  await must(journal, { kind: 'set-audience', by: 'ana', audience });
  await must(journal, { kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  for (const region of [EAST, WEST]) {
    await regions.cloud(region).objects.put(audience.manifestKey, new TextEncoder().encode('{}'));
    await regions.cloud(region).queues.ensurePool('gobutton-workers');
  }
  await regions.cloud(EAST).live.putLaunch({
    launchId: LAUNCH_ID,
    name: 'Super Bowl',
    channelId: 'C0WARROOM',
    pool: 'gobutton-workers',
    createdAtMs: Date.now(),
    closed: false,
  });
  return journal;
}

async function botIn(region: string): Promise<Conductor> {
  const conductor = createConductor({
    cloud: regions.cloud(region),
    journal: journalIn(region),
    slack: null,
    config: { holder: `bot-${region}`, timings: { standbyMs: 100, standbyBehindMs: 200, indexMs: 200 } },
    log: pino({ level: 'silent' }),
  });
  running.push(conductor);
  await conductor.start();
  return conductor;
}

const carriedTo = async (seq: number) =>
  vi.waitFor(
    async () => expect((await journalIn(WEST).launch(LAUNCH_ID))?.seq ?? 0).toBeGreaterThanOrEqual(seq),
    20_000,
  );

test('two people take a launch over whose region is gone; it can be fired there, and never again where it came from', async () => {
  const east = await launchInTheEast();
  await botIn(EAST);
  await carriedTo(3);
  // Cut off, not ended: a worker and two people there live on.
  const cutOff = regions.cloud(EAST);
  const atHome = homeCheck(cutOff);
  expect(await request()).toMatchObject({ code: 0, err: '' });
  expect((await approve('ana', '--yes')).err).toContain('SAME_PERSON');
  expect((await approve('eve', '--yes')).err).toContain('NOT_ON_ROSTER');
  expect((await approve()).err).toContain('NOT_CONFIRMED');
  expect(await cutOff.homes.read(LAUNCH_ID, REGIONS)).toMatchObject({ home: { region: EAST } });
  const taken = await approve('mia', '--yes');
  expect(taken).toMatchObject({ code: 0, err: '' });
  expect(taken.out).toContain('us-west-2 has the launch; us-east-1 can send nothing of it any more.');

  const west = journalIn(WEST);
  const launch = await west.launch(LAUNCH_ID);
  expect(launch).toMatchObject({ region: WEST, closed: false });
  expect((await west.entries(LAUNCH_ID)).at(-1)).toMatchObject({
    kind: 'TakenOver',
    requestedBy: 'ana',
    by: { person: 'mia' },
  });
  expect((await approve('mia', '--yes')).err).toContain('ALREADY_SO');
  // What was done before was done in the east.
  expect(await regions.cloud(WEST).facts.get(LAUNCH_ID, 'outbox/upto')).toBe(String((launch?.seq ?? 0) - 1));

  // The east hears of it: its gate says so, and its bot lets go.
  const old = await east.launch(LAUNCH_ID);
  if (old === null) throw new Error('LAUNCH_GONE');
  await vi.waitFor(async () => expect((await cutOff.live.launches())[0]).toMatchObject({ closed: true }), 20_000);
  const asked = await go(EAST, 'fire', 'request', ...keyOf('ana'), '--segments', 'all');
  expect(asked.err).toContain('us-west-2 has this launch, and us-east-1 may send nothing of it');
  // And whatever its record says, no worker of it sends.
  expect(await atHome(old, 'S99')).toMatchObject({ ok: false, code: 'HOME_ELSEWHERE' });

  expect(await go(WEST, 'fire', 'request', ...keyOf('ana'), '--segments', 'all')).toMatchObject({ code: 0 });
  expect(await go(WEST, 'fire', 'approve', ...keyOf('mia'), '--yes')).toMatchObject({ code: 0 });
  const fired = await west.launch(LAUNCH_ID);
  const [shot] = Object.values(fired?.shots ?? {});
  expect(authorityFor(LAUNCH_ID, shot?.id ?? '', await west.entries(LAUNCH_ID), workerKeyring(), null)).toMatchObject({
    ok: true,
  });
  if (fired == null) throw new Error('LAUNCH_GONE');
  expect(await homeCheck(regions.cloud(WEST))(fired, shot?.id ?? '')).toMatchObject({ ok: true });
}, 60_000);

test('with the other region dead it goes on from what was carried over, and says that the rest is missing', async () => {
  await launchInTheEast();
  await regions.cloud(EAST).recordCopy(EAST, WEST).follow(LAUNCH_ID);
  await regions.kill(EAST);
  const asked = await request();
  expect(asked).toMatchObject({ code: 0, out: expect.stringContaining('us-east-1 was not read to its end') });
  expect(await approve('mia', '--yes')).toMatchObject({ code: 0 });
  expect(await journalIn(WEST).launch(LAUNCH_ID)).toMatchObject({ region: WEST });
}, 60_000);

test('a launch that comes back to where it was halted stands there as it was lifted meanwhile', async () => {
  const east = await launchInTheEast();
  const { switches } = regions.cloud(EAST);
  await switches.catchUp(LAUNCH_ID, { epoch: 1, active: true });
  await must(east, { kind: 'set-halt', by: 'mia', source: 'cli', epoch: 1, reason: '', pressedAtMs: Date.now() });
  await regions.cloud(EAST).recordCopy(EAST, WEST).follow(LAUNCH_ID);
  expect(await request()).toMatchObject({ code: 0 });
  expect(await approve('mia', '--yes')).toMatchObject({ code: 0 });
  expect(await regions.cloud(WEST).switches.readWithin(LAUNCH_ID, 5_000)).toMatchObject({ halted: true, haltEpoch: 1 });
  const west = journalIn(WEST);
  await must(west, { kind: 'request-lift', by: 'ana', reason: '' });
  const [{ id: liftId } = { id: '' }] = Object.values((await west.launch(LAUNCH_ID))?.lifts ?? {});
  await must(west, { kind: 'approve-lift', by: 'mia', liftId });
  await regions.cloud(WEST).recordCopy(WEST, EAST).follow(LAUNCH_ID);
  const back = (...args: string[]) => go(EAST, 'take-over', ...args);
  expect(await back('request', ...keyOf('ana'), '--reason', 'the west is away')).toMatchObject({ code: 0, err: '' });
  expect(await back('approve', ...keyOf('mia'), '--yes')).toMatchObject({ code: 0 });
  expect(await switches.readWithin(LAUNCH_ID, 5_000)).toMatchObject({ halted: false, haltEpoch: 1 });
}, 60_000);

test('a launch of which a shot was begun is refused, by the record and by the home', async () => {
  const journal = await launchInTheEast();
  const { homes } = regions.cloud(EAST);
  await regions.cloud(EAST).recordCopy(EAST, WEST).follow(LAUNCH_ID);
  expect(await request()).toMatchObject({ code: 0 });
  // A worker began one that this region has not heard of.
  await homes.send(LAUNCH_ID, REGIONS, EAST, 'S9');
  expect((await approve('mia', '--yes')).err).toContain('SHOT_BEGAN');
  expect((await journalIn(WEST).launch(LAUNCH_ID))?.region).toBe(EAST);
  expect((await journal.launch(LAUNCH_ID))?.region).toBe(EAST);
  expect(await go(EAST, 'fire', 'request', ...keyOf('ana'), '--segments', 'us-ios')).toMatchObject({ code: 0 });
  expect(await go(EAST, 'fire', 'approve', ...keyOf('mia'), '--yes')).toMatchObject({ code: 0 });
  expect((await request()).err).toMatch(/Shot S\d+ was approved in us-east-1/);
}, 60_000);

test('what can’t be taken over changes nothing: without its audience here, without a reason, a request, or a record', async () => {
  await launchInTheEast();
  expect((await request()).err).toContain('NO_LAUNCH');
  await regions.cloud(EAST).recordCopy(EAST, WEST).follow(LAUNCH_ID);
  expect((await approve('mia', '--yes')).err).toContain('NO_SUCH_REQUEST');
  expect((await go(WEST, 'take-over', 'request', ...keyOf('ana'), '--reason', ' ')).code).toBe(2);
  expect((await go(EAST, 'take-over', 'request', ...keyOf('ana'), '--reason', 'x')).err).toContain('ALREADY_SO');
  await request();
  const { homes } = regions.cloud(WEST);
  const { asked } = await homes.read(LAUNCH_ID, REGIONS);
  if (asked === null) throw new Error('NOT_ASKED');
  // Somebody who can write that table, and has no key.
  await homes.ask(LAUNCH_ID, { ...asked, via: { ...asked.via, nonce: 'another-nonce-than-signed' } });
  expect((await approve('mia', '--yes')).err).toContain('PROOF_INVALID');
  await homes.ask(LAUNCH_ID, asked);
  await regions.cloud(WEST).objects.remove(audience.manifestKey);
  expect((await approve('mia', '--yes')).err).toContain('AUDIENCE_MISSING');
  expect((await homes.read(LAUNCH_ID, REGIONS)).home).toEqual({ region: EAST, firstShot: null });
}, 60_000);

test('a halt stands in the region that takes the launch over: its workers read it, and two people lift it there before they fire', async () => {
  const east = await launchInTheEast();
  const { haltEpoch } = await regions.cloud(EAST).switches.halt(LAUNCH_ID);
  await must(east, {
    kind: 'set-halt',
    by: 'ben',
    source: 'slack',
    epoch: haltEpoch,
    reason: 'not now',
    pressedAtMs: Date.now(),
  });
  await regions.cloud(EAST).recordCopy(EAST, WEST).follow(LAUNCH_ID);
  await regions.kill(EAST);
  expect(await request()).toMatchObject({ code: 0 });
  expect(await approve('mia', '--yes')).toMatchObject({ code: 0 });
  const switchHere = () => regions.cloud(WEST).switches.read(LAUNCH_ID, { consistent: true });
  // At once, without a bot: whoever starts workers here starts them halted.
  expect(await switchHere()).toMatchObject({ halted: true, haltEpoch });
  expect(await journalIn(WEST).launch(LAUNCH_ID)).toMatchObject({ region: WEST, halt: { active: true } });
  expect((await go(WEST, 'fire', 'request', ...keyOf('ana'), '--segments', 'all')).err).toContain('HALT');

  expect(await go(WEST, 'lift', 'request', ...keyOf('ana'), '--reason', 'now')).toMatchObject({ code: 0 });
  expect(await go(WEST, 'lift', 'approve', ...keyOf('mia'))).toMatchObject({ code: 0 });
  expect(await switchHere()).toMatchObject({ halted: false, haltEpoch });
  expect(await go(WEST, 'fire', 'request', ...keyOf('ana'), '--segments', 'all')).toMatchObject({ code: 0 });
  expect(await go(WEST, 'fire', 'approve', ...keyOf('mia'), '--yes')).toMatchObject({ code: 0, err: '' });
}, 60_000);

test('a halt that was lifted before is counted by the region that takes over, so that the next one there is a new one', async () => {
  const east = await launchInTheEast();
  const { haltEpoch } = await regions.cloud(EAST).switches.halt(LAUNCH_ID);
  const press = { source: 'slack', epoch: haltEpoch, reason: 'a try', pressedAtMs: Date.now() } as const;
  await must(east, { kind: 'set-halt', by: 'ben', ...press });
  await must(east, { kind: 'request-lift', by: 'ana', reason: 'tried' });
  const [lift] = Object.keys((await east.launch(LAUNCH_ID))?.lifts ?? {});
  await must(east, { kind: 'approve-lift', by: 'mia', liftId: lift ?? '' });
  await regions.cloud(EAST).recordCopy(EAST, WEST).follow(LAUNCH_ID);
  await regions.kill(EAST);
  expect(await request()).toMatchObject({ code: 0 });
  expect(await approve('mia', '--yes')).toMatchObject({ code: 0 });
  const { switches } = regions.cloud(WEST);
  expect(await switches.read(LAUNCH_ID, { consistent: true })).toMatchObject({ halted: false, haltEpoch });
  expect(await go(WEST, 'fire', 'request', ...keyOf('ana'), '--segments', 'all')).toMatchObject({ code: 0 });
  expect(await go(WEST, 'fire', 'approve', ...keyOf('mia'), '--yes')).toMatchObject({ code: 0 });
}, 60_000);
