import { nearest } from '../../runbooks/typed/nearest.ts';
import { safe } from '../views/words.ts';

/** ` Did you mean \`x\`?`, or nothing. */
export function didYouMean(typed: string, names: readonly string[]): string {
  const near = nearest(typed, names);
  return near === null ? '' : ` Did you mean \`${safe(near, 80)}\`?`;
}
