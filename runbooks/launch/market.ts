import { own } from './decision.ts';
import type { SegmentRef } from './entries.ts';
import type { Launch } from './launch.ts';

/** The market of a segment: its id without the platform. */
export const marketOf = ({ id, platform }: Pick<SegmentRef, 'id' | 'platform'>): string =>
  id.toLowerCase().replace(new RegExp(`^${platform}-|-${platform}$`), '');

/** Which of the runbook's `targets` a segment goes by: its own by its id, else its market's. Undefined: T of the launch. */
export const targetNameOf = (
  { targets = {} }: Pick<Launch['runbook'], 'targets'>,
  ref: Pick<SegmentRef, 'id' | 'platform'>,
): string | undefined => [ref.id, marketOf(ref)].find((name) => own(targets, name) !== undefined);
