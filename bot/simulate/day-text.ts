import { DateTime } from 'luxon';
import { visible } from '../../infra/visible.ts';
import { stepNamed } from '../../runbooks/launch/steps.ts';
import { toTarget } from '../views/words.ts';
import type { Day } from './simulate.ts';

/** A simulated day as the room would have read it, each line with its time relative to the T of that moment, and what it came to. */
export function dayText({ said, launch, entries, fromMs, untilMs }: Day, zone: string): string {
  const wall = (atMs: number, format: string) => DateTime.fromMillis(atMs, { zone, locale: 'en-GB' }).toFormat(format);
  const moves = entries.flatMap((entry) =>
    entry.kind === 'LaunchCreated' || entry.kind === 'TargetMoved'
      ? [{ atMs: entry.atMs, targetAtMs: entry.targetAtMs }]
      : [],
  );
  const lines = said.flatMap(({ atMs, lines: [first = '', ...more] }) => {
    const target = moves.findLast((move) => move.atMs <= atMs)?.targetAtMs ?? launch.targetAtMs;
    const head = `${wall(atMs, 'ccc HH:mm:ss')}  ${toTarget(atMs, target).padEnd(14)}`;
    return [`${head}  ${first}`, ...more.map((line) => `${' '.repeat(head.length)}  ${line}`)];
  });
  return [
    `${launch.runbook.title}, simulated from ${wall(fromMs, 'ccc dd LLL yyyy HH:mm')} to ${wall(untilMs, 'ccc dd LLL HH:mm')} ${zone}`,
    '',
    ...lines,
    '',
    ...outcome(launch),
  ]
    .map(visible)
    .join('\n');
}

function outcome({ steps, missed, shots, runbook }: Day['launch']): string[] {
  const of = (...states: string[]) =>
    Object.entries(steps)
      .filter(([, { state }]) => states.includes(state))
      .map(([id]) => stepNamed(runbook, id)?.title ?? id);
  const row = (name: string, titles: string[]) =>
    titles.length === 0 ? [] : [`${name} ${titles.length}: ${titles.join(', ')}`];
  return [
    ...row('done', of('done')),
    ...row('begun and not done', of('started')),
    ...row('left for a person', of('put')),
    ...row('waiting', of('held')),
    ...row('skipped', of('skipped')),
    ...row(
      'not verified by their deadline',
      Object.keys(missed).map((id) => stepNamed(runbook, id)?.title ?? id),
    ),
    `shots ${Object.keys(shots).length}`,
  ];
}
