import { expect, test } from 'vitest';
import { postmortemOf } from '../../runbooks/postmortem/postmortem.ts';
import { countedReads } from '../../test/counted-reads.ts';
import { longRecord } from '../../test/long-record.ts';
import { questionsIn } from './asked-questions.ts';

test('a long record is asked about in a thread, once for all who ask meanwhile, and the loop of the process is free', async () => {
  const { entries, messages } = longRecord(6_000);
  const expected = postmortemOf(entries, messages, { chain: { ok: true } })?.asked;
  const counted = { entries: countedReads(entries), messages: countedReads(messages) };
  const record = { entries: counted.entries.links, messages: counted.messages.links };
  const asked = await Promise.all(Array.from({ length: 20 }, () => questionsIn('long', record)));
  expect(expected?.length).toBeGreaterThan(0);
  expect(new Set(asked.map((one) => JSON.stringify(one)))).toEqual(new Set([JSON.stringify(expected)]));
  // Copied for one thread, in portions, and never looked at here.
  expect(counted.entries.readsByTurn).toEqual(Array.from({ length: 12 }, () => 500));
  expect(counted.messages.readsByTurn).toEqual(Array.from({ length: 6 }, () => 500));
});

test('a short one has the same questions', async () => {
  const { entries, messages } = longRecord(40);
  expect(await questionsIn('short', { entries, messages })).toEqual(
    postmortemOf(entries, messages, { chain: { ok: true } })?.asked,
  );
});
