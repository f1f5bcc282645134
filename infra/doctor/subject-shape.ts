import type { AccountNames } from '../aws/access/resources.ts';
import type { CloudConfig } from '../aws/cloud-config.ts';
import type { FoundClock } from './judge/clocks.ts';
import type { FoundKeys } from './judge/keys.ts';
import type { Asked } from './judge/line.ts';
import type { Need } from './judge/need.ts';
import type { FoundProvider } from './judge/providers.ts';
import type { Process } from './judge/rights.ts';
import type { KeptSecret } from './judge/secrets.ts';
import type { Way } from './measure/egress.ts';
import type { SlackAccess } from './measure/slack.ts';

/** What is looked at, and with what in hand. Null: it is not at hand here, and is not looked at. */
export interface Subject {
  cloud: CloudConfig;
  pool: string;
  service: { cluster: string; service: string } | null;
  /** What the event scales in this account. */
  scaled: AccountNames['scaled'];
  automations: AccountNames['automations'];
  /** The two of a launch; null: it has one. */
  regions: { home: string; standby: string } | null;
  /** Names of secrets that each reads anew while it runs. */
  secrets: { bot: readonly string[]; worker: readonly string[] };
  /** `vcpus`: of a task, as its definition says. Null: nobody knows the audience. */
  needOf: (vcpus: number | null) => Need | null;
  /** Whose rights, and the role if it is known. The worker's is found in its task definition. */
  rights: readonly { process: Process; role: string | null }[];
  /**
   * Roles that start tasks, and the secrets that they hand over, which a person looks at and no process may. Null: not looked at.
   * `bot`: its ECS service; null: not known. `secrets` null: those that task definitions name. `readsSecrets`: their values are looked
   * at too, by the right of whoever runs this.
   */
  starter: {
    bot: { cluster: string; service: string } | null;
    secrets: readonly KeptSecret[] | null;
    readsSecrets: boolean;
  } | null;
  slack: SlackAccess | null;
  channelId: string | null;
  people: readonly { name: string; slack: readonly string[] }[];
  /** AWS may take Spot capacity back in the middle of it. */
  isRehearsal: boolean;
  /** Clocks that others have told of. */
  clocks: () => Promise<readonly FoundClock[]>;
  /** Meets one, or asks who has met it; null: nobody. */
  providers: Partial<Record<'apns' | 'fcm', () => Promise<Asked<FoundProvider> | null>>>;
  /** Ways out besides those to AWS and Slack. */
  providerWays: readonly Way[];
  keys: FoundKeys | null;
  nowMs: () => number;
  /** Of one question. */
  limitMs: number;
}
