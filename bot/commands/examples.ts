import type { AudienceRef } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { marketOf } from '../../runbooks/launch/market.ts';
import type { Subcommand } from './subcommand.ts';

type SegmentRef = AudienceRef['segments'][number];

/** A command whose examples name what this launch has, so that they can be typed as they stand; as it is where the launch has no such thing. */
export function ofThisLaunch(sub: Subcommand, launch: Launch | null): Subcommand {
  const [first, second] = launch?.audience?.segments ?? [];
  const locales = Object.keys(launch?.campaign.locales ?? {});
  const own = new Map<string, string | undefined>(ownWords(sub.name, launch, locales, first, second));
  const usage = sub.usage.map((line) =>
    line.replaceAll(/(?<![\w-])[a-z][a-z0-9-]*(?![\w-])/g, (word) => own.get(word) ?? word),
  );
  return { ...sub, usage: [...new Set(usage)] };
}

function ownWords(
  command: string,
  launch: Launch | null,
  locales: readonly string[],
  first: SegmentRef | undefined,
  second: SegmentRef | undefined,
): [string, string | undefined][] {
  const { scale_targets: targets = [], gates = [], switches = [] } = launch?.runbook ?? {};
  const market = first && marketOf(first);
  switch (command) {
    case 'campaign':
    case 'test':
      return [
        ['de', locales[1] ?? locales[0]],
        ['fr', locales[2] ?? locales[0]],
        ['ja', locales[2] ?? locales[0]],
        ['us', market],
      ];
    case 'scale':
      return [['workers', targets[0]?.id]];
    case 'tick':
      return [['copy-read', gates.find(({ probe }) => probe === undefined)?.id]];
    case 'waive':
      return [['workers', gates.find(({ probe }) => probe !== undefined)?.id]];
    case 'switch':
      return [['ads-banner', switches[0]?.id]];
    case 'rehearse':
      return [
        ['superbowl-2027-02-14', launch?.id],
        ['us', market],
      ];
    default:
      return [
        ['us-ios', first?.id],
        ['de-ios', second?.id],
        ['us', market],
        ['ios', first?.platform],
      ];
  }
}
