import { expect, test } from 'vitest';
import { postmortemOf } from '../../runbooks/postmortem/postmortem.ts';
import { longRecord } from '../../test/long-record.ts';
import { questionsIn } from './asked-questions.ts';

/** What this thread has worked: what others on the machine do doesn't count. */
const cpuMs = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

test('a long record is asked about in a thread, once for all who ask meanwhile, and the loop of the process is free', async () => {
  const { entries, messages } = longRecord(6_000);
  const hereAt = cpuMs();
  const expected = postmortemOf(entries, messages, { chain: { ok: true } })?.asked;
  const hereMs = cpuMs() - hereAt;
  const thereAt = cpuMs();
  const asked = await Promise.all(Array.from({ length: 20 }, () => questionsIn('long', { entries, messages })));
  const thereMs = cpuMs() - thereAt;
  expect(expected?.length).toBeGreaterThan(0);
  expect(new Set(asked.map((one) => JSON.stringify(one)))).toEqual(new Set([JSON.stringify(expected)]));
  expect(thereMs).toBeLessThan(hereMs);
});

test('a short one has the same questions', async () => {
  const { entries, messages } = longRecord(40);
  expect(await questionsIn('short', { entries, messages })).toEqual(
    postmortemOf(entries, messages, { chain: { ok: true } })?.asked,
  );
});
