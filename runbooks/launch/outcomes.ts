import type { Decision, Given } from './commands.ts';
import { addCount, noCounts } from './counts.ts';
import type { Counts } from './counts.ts';
import { accept, byPerson, own, refuse } from './decision.ts';
import type { CommandOf } from './decision.ts';
import type { ShotOutcomes, TextOutcome } from './entries.ts';
import { DEVICE_STATES } from './entries.ts';
import type { Launch } from './launch.ts';

/** What became of whom by language, counted after the shots from shards and accounts: the record's own totals don't tell languages apart. */

export function recordOutcomes(launch: Launch, command: CommandOf<'record-outcomes'>, { nowMs }: Given): Decision {
  const { by, shots, refused } = command;
  if (shots.length === 0) return refuse('VALUE_INVALID', 'No shot was counted; expected one that is closed at least.');
  const problem = shots.map((one) => problemOf(launch, one)).find((one) => one !== null);
  if (problem !== undefined) return refuse('VALUE_INVALID', problem ?? '');
  return accept(byPerson(by), nowMs, { kind: 'OutcomesCounted', shots, refused });
}

function problemOf(launch: Launch, { shotId, texts, untold }: ShotOutcomes): string | null {
  const totals = own(launch.shots, shotId)?.totals ?? null;
  if (totals === null) return `${shotId} is no closed shot of this launch; expected one that is.`;
  const states = texts.flatMap((one) => Object.entries(one.states));
  const strange = states.find(
    ([state, count]) => !DEVICE_STATES.some((one) => one === state) || !Number.isSafeInteger(count) || count < 0,
  );
  if (strange !== undefined) return `${strange[1]} devices are counted as “${strange[0]}”, which is no final state.`;
  const counted = states.reduce((sum, [, count]) => sum + count, untold);
  const devices = totals.reduce((sum, one) => sum + one.devices, 0);
  return counted === devices
    ? null
    : `${counted.toLocaleString('en-US')} devices of ${shotId} were counted; expected ${devices.toLocaleString('en-US')}.`;
}

/** Of all segments of a shot together; texts in the order in which they come first. */
export const outcomesByText = (texts: readonly TextOutcome[]): { text: string; states: Counts }[] =>
  [...Map.groupBy(texts, ({ text }) => text)].map(([text, ones]) => {
    const states = noCounts();
    for (const one of ones) for (const [state, devices] of Object.entries(one.states)) addCount(states, state, devices);
    return { text, states };
  });
