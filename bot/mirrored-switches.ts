import type { SwitchValue } from '../runbooks/launch/entries.ts';
import type { Launch } from '../runbooks/launch/launch.ts';

/** The switches as they stand in Parameter Store, one parameter each. Only its halt is obeyed from there. */

/** What a switch that nobody has set comes to. */
const UNSET: Partial<Record<string, string>> = { 'pace.ios': '0', 'pace.android': '0', zombie: 'off' };

/** `on`/`off` for yes and no; null: never set. */
export function mirrorValue(launch: Launch, name: string): string | null {
  if (name === 'halt') return launch.halt.active ? 'on' : 'off';
  const standing = launch.switches[name];
  return standing === undefined ? null : switchText(standing.value);
}

const switchText = (value: SwitchValue): string => (value === true ? 'on' : value === false ? 'off' : String(value));

/** Switches but the halt that stand otherwise in Parameter Store, by their own names, than in the record. `here`: as the record has it. */
export function differing(
  launch: Launch,
  parameters: readonly { name: string; value: string }[],
): { name: string; value: string; here: string }[] {
  return switchNames(launch).flatMap((name) => {
    const found = parameters.find((parameter) => parameter.name === name);
    const here = mirrorValue(launch, name) ?? UNSET[name] ?? '';
    return found === undefined || plain(found.value) === plain(here)
      ? []
      : [{ name, value: found.value, here: here === '' ? 'not set' : here }];
  });
}

const switchNames = (launch: Launch): string[] => [
  ...Object.keys(UNSET),
  ...launch.runbook.switches.map(({ id }) => id),
];

function plain(value: string): string {
  const word = value.trim().toLowerCase();
  return ['on', 'true', '1'].includes(word) ? 'on' : ['off', 'false', '0'].includes(word) ? 'off' : value.trim();
}
