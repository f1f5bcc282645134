import { expect, test } from 'vitest';
import type { CompileRun } from '../../views/compile.ts';
import { listedText, stoppedText } from './compile-words.ts';

const SKIP = { hash: 'c'.repeat(64), tokens: 1_007, adds: null };
const listed = { v: 1 as const, atMs: 1, is: 'listed' as const, skip: SKIP, added: 3, refused: 4, untold: 0 };

test('a skip list says how many were refused, how many of them are new, and of how many it can no longer be told', () => {
  expect(listedText(listed)).toBe(
    '4 tokens refused for good: 3 are new on the skip list (1,007 tokens). No order is void by it; workers take it in now.',
  );
  expect(listedText({ ...listed, added: 0, untold: 1 })).toBe(
    '4 tokens refused for good: all of them were skipped already (1,007 tokens). Of 1 more device nobody can tell it any more.',
  );
});

test('a task that ended without a word is told by its code, and only a compile keeps what it had read', () => {
  const seen = { state: 'stopped' as const, exitCode: 137, reason: 'OutOfMemory' };
  const skip = { refusedIn: { launchId: 'r', tokens: 4 } } as CompileRun;
  expect(stoppedText(skip, seen)).toBe(
    'Its task ended with the exit code 137 (killed; often for want of memory): OutOfMemory. Its log has more.',
  );
  expect(stoppedText({ users: 'u', table: 't' } as CompileRun, { ...seen, exitCode: null })).toContain(
    'before it ran: OutOfMemory. Its log has more; what it had read is kept for another try.',
  );
});
