import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRig } from '../../test/conductor-rig.ts';
import type { Rig } from '../../test/conductor-rig.ts';
import { appendNewer } from '../../test/newer-entry.ts';
import { FACT } from '../conductor/facts.ts';
import { main } from './main.ts';

/** Somebody deployed another version in the middle of a launch, and this command line is the old one. */

let rig: Rig;

beforeAll(async () => {
  rig = await startRig();
  await rig.create();
  await appendNewer(rig.cloud, rig.localCloud.url, rig.launchId);
});
afterAll(() => rig.stop());

async function go(...args: string[]): Promise<{ code: number; said: string }> {
  let said = '';
  const out = { write: (text: string) => (said += text) };
  return { code: await main([...args, '--launch', rig.launchId], rig.env, out, out), said };
}

test.each([['status'], ['stats'], ['gates'], ['people'], ['timeline'], ['record', 'verify']])(
  '`go %s` says that a newer version has written, and what to do',
  async (...words) => {
    const { code, said } = await go(...words);
    expect(said).toMatch(/written by a newer one\. Update this process/);
    expect(code).toBe(1);
  },
);

test('halt works all the same, and says at once that no entry of it can come from here', async () => {
  const { code, said } = await go('halt', '--reason', 'something is wrong');
  expect(said).toMatch(/^HALTED: .*\nThis process can’t write it into the record \(.*written by a newer one\. Update/);
  expect(said).toContain('The halt stands all the same');
  expect(code).toBe(0);
  expect((await rig.cloud.switches.read(rig.launchId))?.halted).toBe(true);
  // Who pressed it is kept for the bot that can.
  expect(await rig.cloud.live.effectResult(rig.launchId, FACT.haltPress(1))).toContain('something is wrong');
});
