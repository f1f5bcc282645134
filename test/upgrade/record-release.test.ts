import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Context } from '../../bot/conductor/context.ts';
import { RollCall } from '../../bot/conductor/shots/roll-call.ts';
import { claimKey } from '../../contract/orders.ts';
import type { Cloud } from '../../infra/aws/cloud.ts';
import { createCloud } from '../../infra/aws/create-cloud.ts';
import { ENTRY_BODIES } from '../../runbooks/record/entry-schema.ts';
import { packStates, stateCode, unpackStates } from '../../settle/account-codec.ts';
import { correctClosed } from '../../settle/correct.ts';
import { playSample } from '../docs/sample-launch.ts';
import { startStage } from '../worker-stage.ts';
import type { Stage, StagedLaunch } from '../worker-stage.ts';

/**
 * Writes down launches of this release, for the tests of the next ones: GOBUTTON_RECORD_RELEASE=test/upgrade/<version>.json,
 * GOBUTTON_RECORD_RICH=test/upgrade/<version>-rich.json with variants, a halt and its lift, a second attempt, a correction, and an order
 * that went at its moment, and GOBUTTON_RECORD_KINDS=test/upgrade/kinds/<version>.json, the record of one with every kind of entry. Done once
 * a release, before anything is changed that crosses between processes.
 */
const out = process.env['GOBUTTON_RECORD_RELEASE'] ?? '';
const rich = process.env['GOBUTTON_RECORD_RICH'] ?? '';
const kinds = process.env['GOBUTTON_RECORD_KINDS'] ?? '';

/** Notes what is put into queues, and passes it on. */
function noted(cloud: Cloud, sent: { queue: string; body: string }[]): Cloud {
  const { queues } = cloud;
  const note = (queue: string, bodies: readonly string[]) => {
    for (const body of bodies) sent.push({ queue: queue.replace(/^.*?-(?=segments|batches)/, ''), body });
  };
  return Object.assign(cloud, {
    queues: {
      ...queues,
      send: (...args: Parameters<typeof queues.send>) => {
        note(args[0], args[1]);
        return queues.send(...args);
      },
      sendFifo: (...args: Parameters<typeof queues.sendFifo>) => {
        note(
          args[0],
          args[1].map(({ body }) => body),
        );
        return queues.sendFifo(...args);
      },
    },
  });
}

test.skipIf(out === '')('a launch of this release is written down', { timeout: 60_000 }, async () => {
  const messages: { queue: string; body: string }[] = [];
  const stage = await startStage();
  try {
    noted(stage.cloud, messages);
    const launch = await stage.newLaunch({ ios: 40, android: 20, batchSize: 10 });
    await launch.worker({}, { cloud: noted(createCloud(stage.cloudConfig), messages) });
    const shot = await launch.fire();
    const roll = await rollOf(stage, launch);
    await launch.closed(shot.id);
    await stage.stopWorkers();
    await writeDown(out, stage, launch, messages, roll);
  } finally {
    await stage.stop();
  }
});

test.skipIf(rich === '')('a richer launch of this release is written down', { timeout: 180_000 }, async () => {
  const messages: { queue: string; body: string }[] = [];
  const stage = await startStage();
  try {
    noted(stage.cloud, messages);
    const launch = await stage.newLaunch({
      ios: 60,
      android: 20,
      batchSize: 10,
      // A phone that never answers.
      marks: { 50: '51111e' },
      campaign: {
        locales: {
          en: { title: 'Hello', body: 'World', variants: { b: { title: 'Hi' } } },
          es: { title: 'Hola', body: 'Mundo', variants: { b: { title: 'Buenas' } } },
        },
        variants: [
          { id: 'a', share: 0.5 },
          { id: 'b', share: 0.5 },
        ],
      },
    });
    await launch.worker({}, { cloud: noted(createCloud(stage.cloudConfig), messages) });
    const roll = await rollOf(stage, launch);
    const halted = await launch.fire({ wake: false, segments: ['ios'] });
    await launch.halt();
    await launch.wake(halted);
    await launch.closed(halted.id, 60_000);
    const second = await launch.fire({ lift: true, segments: ['ios'] });
    await launch.closed(second.id, 60_000);
    await correctOne(stage, launch, second.id);
    await fireAtItsMoment(stage, launch);
    await stage.stopWorkers();
    await writeDown(rich, stage, launch, messages, roll);
  } finally {
    await stage.stop();
  }
});

test.skipIf(kinds === '')('every kind of entry of this release is written down', async () => {
  const entries = playSample().map(({ entry }) => entry);
  expect(new Set(entries.map(({ kind }) => kind)).size).toBe(Object.keys(ENTRY_BODIES).length);
  await writeFile(kinds, `${JSON.stringify(entries, null, 1)}\n`);
});

/** As its leader has signed it. */
async function rollOf({ journal, cloud }: Stage, { id }: StagedLaunch) {
  const state = await journal.launch(id);
  if (state === null) throw new Error('RELEASE_EMPTY');
  // All that it uses of a bot.
  const context = { cloud, journal, nowMs: Date.now, log: pino({ level: 'silent' }) } as Context;
  await new RollCall(context).look(state);
  return cloud.live.roll(id);
}

/** A holder's account that came after the close: the phone had answered after all. */
async function correctOne({ journal, cloud }: Stage, { id, audience }: StagedLaunch, shotId: string): Promise<void> {
  const batches = audience.manifest.segments.find((one) => one.id === 'ios')?.batches ?? [];
  const keyOf = (batch: string) => claimKey(id, 'ios', 2, batch);
  const claims = await cloud.claims.read(
    batches.map((one) => keyOf(one.id)),
    true,
  );
  for (const { id: batch, count, variant = null } of batches) {
    const closed = claims.get(keyOf(batch))?.account ?? null;
    const states = closed === null ? new Uint8Array() : unpackStates(closed.states, count);
    const at = states.indexOf(stateCode('uncertain'));
    if (closed === null || at < 0) continue;
    states[at] = stateCode('accepted');
    const account = { states: packStates(states), reasons: {} };
    const late = {
      launchId: id,
      shotId,
      segment: 'ios',
      attempt: 2,
      batch,
      holder: 1,
      count,
      variant,
      closed,
      account,
    };
    if ((await correctClosed(journal, late))?.ok !== true) throw new Error('RELEASE_NOT_CORRECTED');
    return;
  }
  throw new Error('RELEASE_NOTHING_UNCERTAIN');
}

/** Two people arm it, and nobody presses at its moment. */
async function fireAtItsMoment({ journal, cloud }: Stage, launch: StagedLaunch): Promise<void> {
  const { id } = launch;
  const momentMs = Date.now() + 12_000;
  const via = (slackId: string) => ({ kind: 'slack' as const, slackId });
  const asked = await journal.append(id, {
    kind: 'request-fire',
    by: 'ana',
    segments: ['android'],
    measured: [],
    via: via('U0ONCALL'),
    lift: false,
    momentMs,
    sets: [],
  });
  if (!asked.ok || asked.entry.kind !== 'FireRequested') throw new Error(`RELEASE_NOT_ASKED ${JSON.stringify(asked)}`);
  const { orderId, shownHash } = asked.entry;
  const item = await cloud.switches.readWithin(id, 5_000);
  const observed = { observedHaltEpoch: item?.haltEpoch ?? 0, observedHalted: item?.halted ?? false, measured: [] };
  const press = { by: 'mia', pressedAtMs: Date.now(), via: via('U0MARKET1') };
  const armed = await journal.append(id, { kind: 'approve-fire', orderId, shownHash, ...press, ...observed });
  if (!armed.ok) throw new Error(`RELEASE_NOT_ARMED ${armed.code}`);
  await sleep(Math.max(0, momentMs - Date.now()));
  const gone = await journal.append(id, { kind: 'release-fire', orderId, ...observed });
  if (!gone.ok || !('shotId' in gone.entry)) throw new Error(`RELEASE_NOT_GONE ${JSON.stringify(gone)}`);
  const shot = await launch.shot(gone.entry.shotId as string);
  await launch.wake(shot);
  await launch.closed(shot.id, 30_000);
}

async function writeDown(
  file: string,
  { cloud }: Stage,
  { id: launchId }: StagedLaunch,
  messages: { queue: string; body: string }[],
  roll: unknown,
): Promise<void> {
  const entries = await cloud.record.readAfter(launchId, 0);
  const { reports } = await cloud.live.provenReports(launchId);
  expect(messages.length).toBeGreaterThan(6);
  const release = { launchId, entries, messages, reports: reports.map(({ text }) => text), roll };
  await writeFile(file, `${JSON.stringify(release, null, 1)}\n`);
}
