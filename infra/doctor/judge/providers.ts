import { about, counted, unasked } from './line.ts';
import type { Asked, Line } from './line.ts';

/** What became of meeting a provider. */
export interface FoundProvider {
  at: string;
  /** Null: it took our credential and answered. `say`: what was found, what was expected, what to do, a sentence each. */
  finding: { code: string; say: string } | null;
  streams: number | null;
}

const NAME = { apns: 'APNs', fcm: 'FCM' } as const;
const NEEDED = {
  apns: 'Apple takes our key in this environment',
  fcm: 'Google takes our service account, and a message that is only checked (`validate_only`)',
} as const;

/** `asked` null: nobody has met it yet. */
export function judgeProvider(provider: 'apns' | 'fcm', asked: Asked<FoundProvider> | null): Line {
  const [id, title] = [`providers.${provider}`, NAME[provider]];
  const line = about(id, title);
  const needed = NEEDED[provider];
  if (asked === null)
    return line.unknown({
      found: 'no worker has met it yet',
      needed,
      fix: `Scale the workers up, or \`npm run doctor\` where the workers' keys are`,
    });
  if (!asked.ok) return unasked(id, title, needed, asked.failure);
  const { at, finding, streams } = asked.value;
  if (finding === null)
    return line.ok({
      found: `${at} answered${streams === null ? '' : `, ${counted(streams, 'streams')}`}`,
      needed,
    });
  const [found = '', rest = ''] = finding.say.split('. Expected ');
  const next = rest.slice(rest.indexOf('. ') + 2);
  return line.wrong({ found: `${found} (${finding.code})`, needed, fix: next });
}
