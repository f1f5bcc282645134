import type { Rig } from './bot-rig.ts';

/** `last-year`: another launch by the same runbook, whose roster Mia is not on. */
export async function createLastYear(rig: Rig): Promise<void> {
  const { runbook } = await rig.launch();
  const last = { ...runbook, people: runbook.people.filter((one) => one.id !== 'mia') };
  const created = await rig.journal.append('last-year', {
    kind: 'create-launch',
    by: 'ana',
    launchId: 'last-year',
    name: 'Last year',
    channelId: 'C9OTHER',
    runbook: last,
    runbookHash: 'r',
    targetAtMs: rig.nowMs() + 3_600_000,
    compress: 1,
  });
  if (!created.ok) throw new Error(created.say);
}
