import type { SegmentRef } from './entries.ts';

/** The market of a segment: its id without the platform. */
export const marketOf = ({ id, platform }: Pick<SegmentRef, 'id' | 'platform'>): string =>
  id.toLowerCase().replace(new RegExp(`^${platform}-|-${platform}$`), '');
