import type { PlanChange, PlanVoids } from '../launch/entries.ts';
import { listed } from '../launch/words.ts';

/** A change of the runbook in one line: `gates.quota.probe.least 5m → 2m (superbowl.yaml:120); …`. */
export function planChangesText(changes: readonly PlanChange[]): string {
  return changes
    .map(({ where, before, after, line }) => {
      const what = after === null ? `${before} is gone` : before === null ? `${after} is new` : `${before} → ${after}`;
      return `${where} ${what} (${line})`;
    })
    .join('; ');
}

/** What became of what was there, by kind and id: `Void: order F7, the tick of copy-read.` */
export function voidsText({ orders, ticks, waivers, requests, steps, missed }: PlanVoids): string {
  const parts = [
    ...orders.map((id) => `order ${id}`),
    ...ticks.map((id) => `the tick of ${id}`),
    ...waivers.map((id) => `waiver ${id}`),
    ...requests.map((id) => `switch request ${id}`),
  ];
  const anew = [...new Set([...steps, ...missed])];
  const ahead = anew.length === 0 ? '' : ` Still to come, as it is planned now: ${listed(anew)}.`;
  return `${parts.length === 0 ? 'Nothing is void.' : `Void: ${listed(parts)}.`}${ahead}`;
}

/** Of steps that are changed too late; nothing, if there are none. */
export const begunText = (steps: readonly string[]): string =>
  steps.length === 0 ? '' : ` Already begun, and not done again by this: ${listed(steps)}.`;
