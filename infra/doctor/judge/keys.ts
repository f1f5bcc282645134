import { about, listed } from './line.ts';
import type { Line } from './line.ts';

/** The record's keys as this machine has them, and as the launch names them. Public halves; null: not configured here. */
export interface FoundKeys {
  own: { bot: string | null; worker: string | null };
  /** Whom the other side is told to believe. */
  trusted: { bot: readonly string[]; worker: readonly string[] };
  /** Of the launch; null: none was named. */
  named: readonly { role: 'bot' | 'worker'; key: string }[] | null;
  problems: readonly string[];
}

export function judgeKeys({ own, trusted, named, problems }: FoundKeys): Line {
  const line = about('keys.record', 'Keys of bot and worker');
  const needed = 'each has its own key, and the other believes it';
  if (problems.length > 0) return line.wrong({ found: listed(problems, 3), needed, fix: 'npm run keys' });
  const roles = (['bot', 'worker'] as const).flatMap((role) => {
    const key = own[role];
    return key === null ? [] : [{ role, key }];
  });
  if (roles.length === 0)
    return line.unknown({
      found: 'no key on this machine',
      needed,
      fix: 'Run it where the keys are, or set GOBUTTON_BOT_KEY or GOBUTTON_WORKER_KEY',
    });
  const disbelieved = roles.filter(({ role, key }) => trusted[role].length > 0 && !trusted[role].includes(key));
  const [first] = disbelieved;
  if (first !== undefined)
    return line.wrong({
      found: `the ${first.role}'s key is not among GOBUTTON_${first.role.toUpperCase()}_PUBLIC_KEYS`,
      needed,
      fix: `Put its public half there (npm run keys prints both lines): ${first.key}`,
    });
  const stranger =
    named === null
      ? undefined
      : roles.find(({ role, key }) => !named.some((one) => one.role === role && one.key === key));
  if (stranger !== undefined)
    return line.wrong({
      found: `the launch does not name this ${stranger.role}'s key`,
      needed,
      fix: 'npm run go -- keys request --launch ID --bot KEYS --worker KEYS --reason TEXT --key operator.pem',
    });
  const unseen = roles.filter(({ role }) => trusted[role].length === 0 && named === null).map(({ role }) => role);
  if (unseen.length > 0)
    return line.unknown({
      found: `the ${unseen.join("'s and the ")}'s key; whom the other side believes is not on this machine`,
      needed,
      fix: `Say --launch ID, which names them, or set ${unseen.map((role) => `GOBUTTON_${role.toUpperCase()}_PUBLIC_KEYS`).join(' and ')} as the other side has it`,
    });
  return line.ok({ found: roles.map(({ role }) => role).join(' and '), needed });
}
