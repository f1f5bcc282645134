import { describe, expect, it } from 'vitest';
import { SignedRequestGuard } from './signed-request-guard.ts';

const nowMs = 1_800_000_000_000;
const headers = (atMs: number, letter = 'a') => ({
  timestamp: String(Math.floor(atMs / 1_000)),
  signature: `v0=${letter.repeat(64)}`,
});

describe('the guard of signed requests', () => {
  it('refuses a request dated more than five minutes ahead or behind', () => {
    const guard = new SignedRequestGuard();
    expect(guard.begin(headers(nowMs + 600_000), nowMs)).toBe('future');
    expect(guard.begin(headers(nowMs - 361_000), nowMs)).toBe('stale');
    expect(guard.begin(headers(nowMs + 299_000), nowMs)).toBe('pass');
  });

  it('refuses the same signature while it is under way and after it was used, however it is spelt', () => {
    const guard = new SignedRequestGuard();
    const first = headers(nowMs);
    expect(guard.begin(first, nowMs)).toBe('pass');
    expect(guard.begin(first, nowMs)).toBe('replayed');
    guard.used(first);
    guard.finished(first);
    expect(guard.begin(first, nowMs + 200_000)).toBe('replayed');
    expect(guard.begin({ ...first, signature: `${first.signature}=x` }, nowMs)).toBe('malformed');
    expect(guard.begin({ ...first, timestamp: `0x${Number(first.timestamp).toString(16)}` }, nowMs)).toBe('malformed');
    expect(guard.begin(headers(nowMs, 'b'), nowMs)).toBe('pass');
  });

  it('lets a request through again whose signature was never verified', () => {
    const guard = new SignedRequestGuard();
    const torn = headers(nowMs);
    expect(guard.begin(torn, nowMs)).toBe('pass');
    guard.finished(torn);
    expect(guard.begin(torn, nowMs)).toBe('pass');
  });

  it('refuses a request without its headers', () => {
    expect(new SignedRequestGuard().begin({ timestamp: undefined, signature: undefined }, nowMs)).toBe('malformed');
  });
});
