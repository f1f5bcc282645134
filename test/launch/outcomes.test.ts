import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCloud } from '../../infra/aws/create-cloud.ts';
import { mustGo } from '../../infra/local/scripted-commands.ts';
import { until } from '../../infra/local/scripted-person.ts';
import { noCounts } from '../../runbooks/launch/counts.ts';
import type { Counts } from '../../runbooks/launch/counts.ts';
import { DEVICE_STATES } from '../../runbooks/launch/entries.ts';
import type { EntryOf, ShotOutcomes } from '../../runbooks/launch/entries.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import { openWarRoom } from '../faults/war-room.ts';
import type { WarRoom } from '../faults/war-room.ts';

/**
 * Outcomes by language, counted afterwards: asked for in the channel, by the task of the audience as `npm start` has it, each process with its own
 * policy. Of a shot with dead tokens, of one that was halted, and of the one that sent the rest.
 */

const [ENGLISH, SPANISH, DEAD, ANDROID, LATE, LATE_SPANISH] = [60, 30, 4, 20, 9_000, 3_000];
let room: WarRoom;

beforeAll(async () => {
  room = await openWarRoom({
    markets: { us: ENGLISH, fr: LATE },
    androidMarkets: { us: ANDROID },
    deadMarkets: { us: DEAD },
    spanishMarkets: { us: SPANISH, fr: LATE_SPANISH },
  });
}, 60_000);
afterAll(() => room.stop());

const shotsOf = async (segment: string): Promise<Shot[]> =>
  Object.values((await room.launch()).shots).filter(({ segments }) => segments[0]?.segment === segment);

async function fires(command: string, segment: string): Promise<Shot> {
  const before = (await shotsOf(segment)).length;
  await room.ben.press(await room.ask(command));
  return until(`the shot of ${segment}`, 20_000, async () => (await shotsOf(segment))[before]);
}

const isClosed = (id: string) =>
  until(`the close of ${id}`, 60_000, async () => {
    const shot = (await room.launch()).shots[id];
    return shot?.closed === null ? null : shot;
  });

/** By segment: the totals of the close, and what was counted. */
function both({ totals }: Shot, { texts }: ShotOutcomes) {
  const counted = (segment: string): Counts => {
    const sum = noCounts();
    for (const one of texts.filter((text) => text.segment === segment))
      for (const [state, devices] of Object.entries(one.states)) sum[state] = (sum[state] ?? 0) + devices;
    return sum;
  };
  const stated = (of: Readonly<Partial<Record<string, unknown>>>) =>
    Object.fromEntries(DEVICE_STATES.map((state) => [state, Number(of[state] ?? 0)]));
  return (totals ?? []).map(({ segment, totals: one }) => ({
    segment,
    closed: stated({ ...one }),
    counted: stated(counted(segment)),
  }));
}

const text = ({ texts }: ShotOutcomes, segment: string, locale: string): Counts | undefined =>
  texts.find((one) => one.segment === segment && one.text === locale)?.states;

async function counted(): Promise<EntryOf<'OutcomesCounted'>> {
  await mustGo(room.ana, 'audience outcomes');
  return until('the count', 60_000, async () =>
    (await room.journal.entries(room.launchId)).find((entry) => entry.kind === 'OutcomesCounted'),
  );
}

test('outcomes are counted by language from the room, equal to what was closed and to what the providers have counted', async () => {
  const { stack, ana } = room;
  const first = await fires('fire us-ios us-android', 'us-ios');
  await isClosed(first.id);
  // Halted in the middle; the rest goes out to a frozen list.
  await room.configure({ latencyMs: 8_000 });
  const halted = await fires('fire fr-ios', 'fr-ios');
  await until('some of it', 20_000, async () => ((await room.counts(halted.id)).received > 0 ? true : null));
  await mustGo(ana, 'halt');
  await isClosed(halted.id);
  await room.configure({ latencyMs: 10 });
  const rest = await fires('resume fire fr-ios', 'fr-ios');
  await isClosed(rest.id);

  const { shots, refused, by } = await counted();
  expect(by).toEqual({ person: 'ana' });
  expect(shots.map(({ shotId, untold }) => [shotId, untold])).toEqual([first, halted, rest].map(({ id }) => [id, 0]));
  for (const outcomes of shots) {
    for (const { segment, closed, counted: sum } of both(
      (await room.launch()).shots[outcomes.shotId] as Shot,
      outcomes,
    ))
      expect({ segment, ...sum }).toEqual({ segment, ...closed });
    const of = (state: string) => outcomes.texts.reduce((sum, { states }) => sum + (states[state] ?? 0), 0);
    const { answers, duplicates } = await room.counts(outcomes.shotId);
    expect([answers['410 Unregistered'] ?? 0, duplicates]).toEqual([of('failed'), 0]);
    // Of what is uncertain nobody here knows whether it was taken.
    expect((answers['200'] ?? 0) - of('accepted')).toBeGreaterThanOrEqual(0);
    expect((answers['200'] ?? 0) - of('accepted')).toBeLessThanOrEqual(of('uncertain'));
  }
  const [one, two, three] = shots as [ShotOutcomes, ShotOutcomes, ShotOutcomes];
  expect(text(one, 'us-ios', 'en')).toEqual({ accepted: ENGLISH, failed: DEAD });
  expect(text(one, 'us-ios', 'es')).toEqual({ accepted: SPANISH });
  expect(text(one, 'us-android', 'en')).toEqual({ accepted: ANDROID });
  expect(three.texts.length).toBeGreaterThan(0);
  for (const [locale, devices] of [
    ['en', LATE],
    ['es', LATE_SPANISH],
  ] as const) {
    const { accepted = 0, uncertain = 0, halted: stopped = 0 } = text(two, 'fr-ios', locale) ?? {};
    expect(accepted + uncertain + stopped).toBe(devices);
    // To whom it went the halt had cut off, and nobody else.
    expect(text(three, 'fr-ios', locale)).toEqual(stopped === 0 ? undefined : { accepted: stopped });
  }
  await inTheRoom(refused, one.shotId);
  expect(stack.localCloud.access().denied).toEqual([]);
  await onlyItsOwner(refused?.key ?? '');
}, 240_000);

/** What the channel is told, and the list for whoever owns the table of devices. */
async function inTheRoom(refused: EntryOf<'OutcomesCounted'>['refused'], shotId: string): Promise<void> {
  expect(refused).toMatchObject({ tokens: DEAD });
  const key = refused?.key ?? '';
  const said = await until('the message', 20_000, async () =>
    (await room.ana.messages()).find((message) => message.text.startsWith('Count 1 is done')),
  );
  const english = ENGLISH + ANDROID;
  expect(said.text).toContain(`${shotId}: en ${english} accepted, ${DEAD} failed; es ${SPANISH} accepted.\n`);
  expect(said.text).toContain(`${DEAD} tokens that were refused for good lie in the bucket at ${key}`);
  const csv = new TextDecoder().decode((await room.stack.cloud.objects.get(key)) ?? undefined);
  const dead = Array.from({ length: DEAD }, (_, at) => {
    const hash = createHash('sha256').update(`us/dead00${at}`).digest('hex');
    return `ios,dead00${hash.slice(6)},us-dead00${at},Unregistered,${shotId}`;
  });
  const [head, ...rows] = csv.trimEnd().split('\r\n');
  expect(head).toBe('platform,token,user,reason,shot,unregistered_at');
  expect(rows.map((row) => row.slice(0, row.lastIndexOf(','))).toSorted()).toEqual(dead.toSorted());
  // Hours to years ago, as the local APNs has it.
  for (const row of rows)
    expect(Date.now() - Date.parse(row.slice(row.lastIndexOf(',') + 1))).toBeGreaterThan(3_600_000);
}

/** Tokens of devices are nothing for a bot. */
async function onlyItsOwner(key: string): Promise<void> {
  const bot = createCloud({ ...room.stack.cloudConfig, endpoint: room.stack.localCloud.urlFor('bot') });
  try {
    await expect(bot.objects.get(key)).rejects.toThrow();
  } finally {
    bot.close();
  }
}
