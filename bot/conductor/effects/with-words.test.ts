import { WebClient } from '@slack/web-api';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startRig } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { ChannelLog } from '../../channel/channel-log.ts';
import { main } from '../../cli/main.ts';
import { entryMessage } from '../../views/entry-message.ts';
import type { Conductor } from '../conductor.ts';
import type { Context } from '../context.ts';
import { withWords } from './with-words.ts';

/** The post of a note, whose words lie in the channel's chain: with them, or without, and never late for what comes after it. */

const TEXT = 'call the agency: 0171-555';
let rig: Rig;
let conductor: Conductor;
beforeEach(async () => {
  rig = await startRig();
  await rig.create({ ready: false });
  ({ conductor } = rig.conductor('one', { tickMs: 200 }));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rig.stop();
});

/** By somebody whose bot dies right after it. */
async function noted() {
  const log = new ChannelLog({ record: rig.cloud.record, client: new WebClient(), log: pino({ level: 'silent' }) });
  const said = { press: 'n1', user: 'U0OBSERVER', text: TEXT, atMs: Date.now(), given: { as: 'note' as const } };
  const item = await log.give(rig.launchId, said);
  return rig.appendAs('Noted', { kind: 'note', by: 'olu', text: TEXT, item });
}

test('it has what the entry names, and every other entry is as it was', async () => {
  const [entry, after] = [await noted(), await rig.launch()];
  const context = { cloud: rig.cloud, journal: rig.journal } as Context;
  expect(JSON.stringify(entryMessage(after, entry))).not.toContain(TEXT);
  const other = await rig.appendAs('Noted', { kind: 'note', by: null, text: 'rain' });
  const [told = entry, same] = await withWords(context, rig.launchId, [entry, other]);
  expect(JSON.stringify(entryMessage(after, told))).toContain(`noted: ${TEXT}`);
  expect(same).toBe(other);
});

test('it has them in one summary of many that the room has missed, too', async () => {
  await noted();
  for (let other = 1; other < 9; other += 1) await rig.append({ kind: 'note', by: 'ana', text: `thing ${other}` });
  await rig.conductor('late', { tickMs: 200, timings: { backlogMs: 0 } }).conductor.start();
  expect((await rig.seen('This room missed')).html).toContain(`noted: ${TEXT}`);
});

test('whose words do not come to the room in time is posted with their place, and holds nothing up', async () => {
  await noted();
  await rig.append({ kind: 'note', by: null, text: 'what comes after it' });
  vi.spyOn(rig.cloud.words, 'open').mockReturnValue(new Promise(() => undefined));
  await conductor.start();
  await rig.seen('what comes after it');
  expect(await rig.messages('noted: what message m1 of the channel')).toHaveLength(1);
});

test('whose words can not be read then is posted with the reason', async () => {
  await noted();
  vi.spyOn(rig.cloud.words, 'open').mockRejectedValue(new Error('S3 is away'));
  await conductor.start();
  await rig.seen('S3 did not answer');
});

test('deleted before it was posted, it is posted without a word of it', async () => {
  await noted();
  let out = '';
  const io = { write: (text: string) => (out += text) };
  expect(await main(['forget', '--launch', rig.launchId, '--person', 'olu', '--yes'], rig.env, io, io)).toBe(0);
  expect(out).toContain("Deleted 1 note of superbowl-2027's channel (m1)");
  await conductor.start();
  await rig.seen('noted: (what was written here was deleted)');
  expect(await rig.messages('0171')).toEqual([]);
});
