import type { Claim, Part } from '../infra/aws/claim-item.ts';

/** An item of the claims table: a batch that one holder has accounted for, and what is said of it otherwise. */
export const claimWith = (change: Partial<Claim> = {}): Claim => ({
  key: 'k',
  bootId: 'b',
  token: 't',
  claimedAtMs: 0,
  sendUntilMs: 0,
  mark: Number.POSITIVE_INFINITY,
  state: 'accounted',
  account: null,
  closedAccount: null,
  parts: [],
  ...change,
});

/** An earlier holder of it. */
export const partWith = (change: Partial<Part> = {}): Part => ({
  bootId: 'b',
  token: 'p',
  account: null,
  closedAccount: null,
  ...change,
});
