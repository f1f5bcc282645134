import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { hasEnded, holderName } from './holder.ts';

it('a holder of this place has ended once its process has, and nobody else is ever said to have ended', async () => {
  const me = holderName();
  const [place = '', pid] = me.split('~');
  const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const theirs = `${place}~${other.pid ?? 0}~12345678`;
  expect(hasEnded(theirs, me)).toBe(false);
  other.stdin.end();
  await once(other, 'exit');
  expect(hasEnded(theirs, me)).toBe(process.platform === 'linux');
  expect(hasEnded(me, me)).toBe(false);
  // Our process id was another's before: so it is gone.
  expect(hasEnded(`${place}~${pid ?? ''}~87654321`, me)).toBe(process.platform === 'linux');
  expect(hasEnded(theirs.replace(place, 'elsewhere'), me)).toBe(false);
  expect(hasEnded('first', me)).toBe(false);
});
