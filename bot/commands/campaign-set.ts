import { parse } from 'yaml';
import { partsOfText, textsOf } from '../../runbooks/launch/variants.ts';
import { checkedYaml } from '../../runbooks/playbook/checked-yaml.ts';
import { campaign as campaignSchema } from '../../runbooks/playbook/fields/campaign.ts';
import type { Campaign } from '../../runbooks/playbook/schema.ts';

/**
 * `/go campaign set badge 2`, `/go campaign set de image https://…`, `/go campaign set de/b title …`: one key of the campaign, as a runbook has it, without a file.
 * Words of the texts are edited in the form; the campaign's id names what stands on phones already, and stays.
 */

export type Changed = { ok: true; campaign: Campaign } | { ok: false; problem: string };

/** Takes a key away: of a locale, so that the campaign's own goes out. */
const NONE = 'none';

export function changedCampaign(present: Campaign, typed: string): Changed {
  const [first = '', second = '', ...more] = typed.trim().split(/\s+/);
  const names = [...Object.keys(present.locales), ...textsOf(present)];
  const text = names.find((one) => one.toLowerCase() === first.toLowerCase());
  if (text === undefined && first.includes('/'))
    return { ok: false, problem: `${first}: found no such text, expected one of ${textsOf(present).join(', ')}` };
  const key = text === undefined ? first : second;
  if (key === '' || (text === undefined ? second === '' : more.length === 0))
    return {
      ok: false,
      problem: 'found no key with a value, expected for example: set image https://cdn.example.com/a.jpg',
    };
  if (key === 'id' || key === 'locales')
    return {
      ok: false,
      problem: `${key}: found a key that is not set so, expected another one, or \`/go campaign\` for the texts`,
    };
  const path = text === undefined ? key.split('.') : [...placeOf(present, text), key];
  // From the value's first sign on, as it was typed; Slack puts addresses between angle brackets.
  const value = typed
    .trim()
    .replace(text === undefined ? /^\S+\s+/ : /^\S+\s+\S+\s+/, '')
    .replace(/^<(\S+?)(?:\|[^>]*)?>$/, '$1');
  const tries = value === NONE ? [undefined] : [value === '""' ? '' : value, readAsYaml(value)];
  const read = tries.map((one) => checked(withKey(present, path, one)));
  return read.find(({ ok }) => ok) ?? read.at(-1) ?? { ok: false, problem: '' };
}

/** The first variant of a locale is what stands in the locale itself. */
function placeOf({ variants = [] }: Campaign, text: string): string[] {
  const { locale, variant } = partsOfText(text);
  return variant === null || variant === variants[0]?.id
    ? ['locales', locale]
    : ['locales', locale, 'variants', variant];
}

/** A list of buttons, true and false are written as in the file. */
function readAsYaml(value: string): unknown {
  try {
    return parse(value);
  } catch {
    // It is no YAML, so it is the text that was tried before.
    return value;
  }
}

function withKey(present: Campaign, path: readonly string[], value: unknown): unknown {
  const changed: unknown = structuredClone(present);
  let place = changed as Record<string, unknown>;
  for (const part of path.slice(0, -1)) {
    const inner = Object.hasOwn(place, part) ? place[part] : undefined;
    place[part] = typeof inner === 'object' && inner !== null ? inner : {};
    place = place[part] as Record<string, unknown>;
  }
  const last = path.at(-1) ?? '';
  if (value === undefined) delete place[last];
  else place[last] = value;
  return changed;
}

/** In the words in which a runbook's problems are told. */
function checked(campaign: unknown): Changed {
  const read = checkedYaml(JSON.stringify(campaign), 'campaign', campaignSchema, () => []);
  if (read.ok) return { ok: true, campaign: read.value };
  return {
    ok: false,
    problem: read.problems
      .map(({ path, found, expected }) => `${path}: found ${found}, expected ${expected}`)
      .join('; '),
  };
}
