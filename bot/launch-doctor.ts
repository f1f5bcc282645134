import { automationsOf } from '../infra/aws/access/automations-of.ts';
import type { LiveStore } from '../infra/aws/live-store.ts';
import { examine } from '../infra/doctor/examine.ts';
import type { Line } from '../infra/doctor/judge/line.ts';
import { NEED_DEFAULTS, needOf, poolService, scaledBy } from '../infra/doctor/judge/need.ts';
import { clocksOf, metBy } from '../infra/doctor/judge/reports.ts';
import { ASK_LIMIT_MS } from '../infra/doctor/measure/ask.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import type { TrustedKeys } from '../runbooks/launch/signers.ts';
import type { BotConfig } from './config.ts';
import type { WatchedSlackSecrets } from './slack/slack-secrets.ts';

/** Looks whether everything is as a launch needs it, from where the bot is. Sends nothing; takes some ten seconds when nobody answers. */
export type LaunchDoctor = (launch: Launch) => Promise<Line[]>;

/**
 * The bot has its own tokens and rights to try, and none of the workers': what these have met, and their clocks, stand in
 * their reports.
 */
export function launchDoctor(
  { cloud, slack: { apiUrl, secretName } }: Pick<BotConfig, 'cloud' | 'slack'>,
  {
    live,
    trusted,
    secrets,
    nowMs,
  }: {
    live: Pick<LiveStore, 'signedReports'>;
    trusted: TrustedKeys | null;
    secrets: Pick<WatchedSlackSecrets, 'current'>;
    nowMs: () => number;
  },
): LaunchDoctor {
  return async (launch) => {
    const reports = live.signedReports(launch, trusted).then(
      (said) => said.reports,
      () => [],
    );
    const met = (provider: 'apns' | 'fcm') => async () => metBy(await reports, provider, nowMs());
    const { botToken, appToken } = secrets.current();
    const platforms = new Set(launch.audience?.segments.map(({ platform }) => platform) ?? ['ios', 'android']);
    return examine({
      cloud,
      pool: launch.runbook.pool.name,
      service: poolService(launch.runbook),
      scaled: scaledBy(launch.runbook),
      automations: automationsOf(launch.runbook),
      regions: launch.runbook.regions ?? null,
      secrets: { bot: secretName === null ? [] : [secretName], worker: [] },
      needOf: (vcpusPerTask) => needOf(launch, { devices: null, iosShare: null, ...NEED_DEFAULTS, vcpusPerTask }),
      rights: [{ process: 'bot', role: null }],
      starter: null,
      slack: { botToken, apiUrl, appToken },
      channelId: launch.channelId,
      people: launch.people,
      isRehearsal: false,
      clocks: async () => clocksOf(await reports),
      providers: {
        ...(platforms.has('ios') ? { apns: met('apns') } : {}),
        ...(platforms.has('android') ? { fcm: met('fcm') } : {}),
      },
      providerWays: [],
      keys: null,
      nowMs,
      limitMs: ASK_LIMIT_MS,
    });
  };
}
