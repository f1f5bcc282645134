import { pino } from 'pino';
import { expect, test } from 'vitest';
import { CloudError } from '../../../infra/aws/cloud-error.ts';
import type { Command } from '../../../runbooks/launch/commands.ts';
import { sampleRunbook, Scene } from '../../../test/properties/scene.ts';
import type { Context } from '../context.ts';
import { StandbyWatch } from './standby-watch.ts';

const REGIONS = { home: 'us-east-1', standby: 'us-west-2' };
const { state: launch } = Scene.created(sampleRunbook({ regions: REGIONS }));

/** A watch with what it sees, and what it did. */
function watching() {
  const seen = { home: 'us-east-1', fault: null as Error | null, nowMs: 0 };
  const did = { copied: [] as string[], said: [] as string[] };
  const facts = new Map<string, string>();
  const context = {
    cloud: {
      region: 'us-east-1',
      homes: { read: () => Promise.resolve({ home: { region: seen.home, firstShot: null }, asked: null }) },
      recordCopy: (from: string, to: string) => ({
        follow: () => {
          if (seen.fault !== null) return Promise.reject(seen.fault);
          did.copied.push(`${from} ${to}`);
          return Promise.resolve(1);
        },
      }),
      facts: {
        get: (_launch: string, name: string) => Promise.resolve(facts.get(name) ?? null),
        put: (_launch: string, name: string, value: string) => Promise.resolve(void facts.set(name, value)),
      },
    },
    log: pino({ level: 'silent' }),
    nowMs: () => seen.nowMs,
    timings: { standbyBehindMs: 30_000 },
    execute: (_launch: string, command: Command) => {
      if (command.kind === 'note') did.said.push(command.text);
      return Promise.resolve({ ok: true });
    },
  } as unknown as Context;
  return { watch: new StandbyWatch(context), seen, did };
}

test('the record is carried to the other region as long as the launch is here; then nothing is left to do for it', async () => {
  const { watch, seen, did } = watching();
  await watch.look(launch);
  expect(did.copied).toEqual(['us-east-1 us-west-2']);
  expect(watch.isMoved).toBe(false);
  seen.home = 'us-west-2';
  await watch.look(launch);
  expect(watch.isMoved).toBe(true);
  expect(did.copied).toHaveLength(1);
});

test('that it can’t be carried is told once it has lasted, once, with the reason, and again when it can', async () => {
  const { watch, seen, did } = watching();
  seen.fault = new Error('away');
  await watch.look(launch);
  expect(did.said).toEqual([]);
  seen.nowMs += 30_000;
  await watch.look(launch);
  await watch.look(launch);
  expect(did.said).toEqual([expect.stringContaining('standby in us-west-2: it can’t be reached')]);
  seen.fault = null;
  await watch.look(launch);
  expect(did.said[1]).toContain('has the whole record again');
  seen.fault = new CloudError('RECORDS_APART', 'entry 9 is another one');
  await watch.look(launch);
  seen.nowMs += 30_000;
  await watch.look(launch);
  expect(did.said[2]).toContain('gone on by itself (entry 9 is another one)');
});

test('a launch with one region has nobody to carry it to', async () => {
  const { watch, did } = watching();
  await watch.look(Scene.created().state);
  expect(did.copied).toEqual([]);
});
