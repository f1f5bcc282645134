import { WebClient } from '@slack/web-api';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startRig } from '../../test/conductor-rig.ts';
import type { Rig } from '../../test/conductor-rig.ts';
import { ChannelLog } from '../channel/channel-log.ts';
import type { Desk } from '../desk.ts';
import { note } from './note.ts';

/** A note that somebody types, from the channel's chain to its post in the room. */

const TEXT = 'call the agency: 0171-555';
const log = pino({ level: 'silent' });
let rig: Rig;
let desk: Desk;
beforeEach(async () => {
  rig = await startRig();
  await rig.create({ ready: false });
  const { cloud } = rig;
  const channelLog = new ChannelLog({ record: cloud.record, client: new WebClient(), log });
  const one = rig.conductor('one', { tickMs: 200 });
  desk = { cloud, channelLog, refusals: { note: vi.fn() }, log, nowMs: Date.now, ...one } as unknown as Desk;
  await one.journal.launch(rig.launchId);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rig.stop();
});

const chain = () => rig.cloud.record.messagesAfter(rig.launchId, 0);
async function typed(rest: string, triggerId = 'T1') {
  if (note.needs !== 'person') throw new Error('of the roster');
  const launch = await rig.launch();
  const ask = {
    desk,
    launch,
    slackId: 'U0OBSERVER',
    triggerId,
    channelId: 'C0WARROOM',
    typed: { rest, words: [rest] },
  };
  return JSON.stringify(await note.run(ask as never));
}

test('is in the room, in the chain and in no entry, and the same command twice is one note', async () => {
  expect(await typed(`  ${TEXT}\n`)).toMatch(/Noted\. The record keeps your words for 90 days.*\/go forget/);
  expect(await typed(TEXT)).toContain('You have noted so already.');
  expect(await chain()).toMatchObject([{ user: 'U0OBSERVER', text: TEXT, given: { as: 'note' } }]);
  const notes = await rig.entries('Noted');
  expect(notes).toMatchObject([{ by: { person: 'olu' }, item: { seq: 1 } }]);
  expect(JSON.stringify(notes)).not.toContain('0171');
  await desk.conductor.start();
  expect((await rig.seen('0171-555')).text).toContain('Olu Adeyemi');
  // Another command is another note, with the same words too.
  expect(await typed(TEXT, 'T2')).toContain('Noted.');
  expect(await chain()).toHaveLength(2);
});

test('too long it is refused, and put nowhere', async () => {
  expect(await typed('x'.repeat(3_001))).toContain('3001 characters');
  expect(await typed('\uFE0F\u0301')).toContain('What should it say?');
  expect(await chain()).toEqual([]);
});

test('while S3 does not answer it is not noted, and its author has the words back', async () => {
  vi.spyOn(rig.cloud.words, 'seal').mockRejectedValueOnce(new Error('S3 is away'));
  const answer = await typed(TEXT);
  expect(answer).toContain('Not noted, because the table or S3 did not answer.');
  expect(answer).toContain(TEXT);
  expect([await chain(), await rig.entries('Noted')]).toEqual([[], []]);
  expect(await typed(TEXT, 'T2')).toContain('Noted.');
});
