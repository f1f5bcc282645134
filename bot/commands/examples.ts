import type { Launch } from '../../runbooks/launch/launch.ts';
import { marketOf } from '../../runbooks/launch/market.ts';
import type { Subcommand } from './subcommand.ts';

/** A command whose examples name what this launch has, so that they can be typed as they stand; as it is where the launch has no such thing. */
export function ofThisLaunch(sub: Subcommand, launch: Launch | null): Subcommand {
  const [first, second] = launch?.audience?.segments ?? [];
  const locales = Object.keys(launch?.campaign.locales ?? {});
  const own = new Map<string, string | undefined>(
    sub.name === 'campaign' || sub.name === 'test'
      ? [
          ['de', locales[1] ?? locales[0]],
          ['fr', locales[2] ?? locales[0]],
          ['ja', locales[2] ?? locales[0]],
          ['us', first && marketOf(first)],
        ]
      : [
          ['us-ios', first?.id],
          ['de-ios', second?.id],
          ['us', first && marketOf(first)],
          ['ios', first?.platform],
        ],
  );
  const usage = sub.usage.map((line) =>
    line.replaceAll(/(?<![\w-])[a-z]+(?:-ios)?(?![\w-])/g, (word) => own.get(word) ?? word),
  );
  return { ...sub, usage: [...new Set(usage)] };
}
