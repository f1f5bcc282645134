import { expect, test } from 'vitest';
import { signerOf } from '../../infra/aws/keyring.ts';
import type { Signer } from '../../infra/aws/keyring.ts';
import type { ProvenReport } from '../../infra/aws/report-store.ts';
import { vouch } from '../../infra/aws/vouched.ts';
import { botKeyring, testKey, workerKeyring } from '../../test/keys.ts';
import { MemoryContext } from '../../test/memory-context.ts';
import { reportOf } from './for-tests.ts';
import { ofWorkers } from './worker-reports.ts';

async function scene() {
  const memory = await MemoryContext.ready();
  const launch = await memory.launch();
  const by = (bootId: string, signer: Signer | null): ProvenReport => {
    const report = reportOf(launch, bootId, memory.nowMs);
    return { report, ...vouch('report', JSON.stringify(report), signer) };
  };
  return { memory, launch, by };
}

test('a report counts that a worker of this launch has signed, and no other', async () => {
  const { memory, launch, by } = await scene();
  const { signer } = workerKeyring();
  const changed = { ...by('changed', signer), text: by('another', signer).text };
  const gate = { ...by('gate', signer), ...vouch('gate', by('gate', signer).text, signer) };
  const all = [
    by('ours', signer),
    by('nobody', null),
    by('stranger', signerOf(testKey(9))),
    by('bot', botKeyring().signer),
    changed,
    gate,
    by('ours too', signer),
  ];
  expect((await ofWorkers(memory.context, launch, all)).map(({ bootId }) => bootId)).toEqual(['ours', 'ours too']);
});

test('a launch without keys has none to tell by: all count', async () => {
  const { memory, launch, by } = await scene();
  expect(await ofWorkers(memory.context, { ...launch, keys: [] }, [by('nobody', null)])).toHaveLength(1);
});

test('other work has its turn while the reports of a large pool are looked into', async () => {
  const { memory, launch, by } = await scene();
  const one = by('ours', workerKeyring().signer);
  let [turns, isOn] = [0, true];
  const tick = (): void => {
    turns += 1;
    if (isOn) setImmediate(tick);
  };
  setImmediate(tick);
  expect(
    await ofWorkers(
      memory.context,
      launch,
      Array.from({ length: 500 }, () => one),
    ),
  ).toHaveLength(500);
  isOn = false;
  expect(turns).toBeGreaterThanOrEqual(9);
});
