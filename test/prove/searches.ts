import { SMALL } from './config.ts';
import type { Assumption, Bounds } from './config.ts';

/** The smallest of all: every `npm test` goes through it. */
export const QUICKEST: Bounds = { ...SMALL, mark: 1, halts: 0, takes: 1 };

/** Searches by name: what `npm run prove` goes through. Each is small in what the others are large in. */
export const SEARCHES: Record<string, Bounds> = {
  'one device, and halt': { ...SMALL, mark: 0, devicesPerBatch: 1, takes: 1 },
  'one after the other': QUICKEST,
  'two workers': { ...SMALL, mark: 0 },
  'two workers, part by part': { ...SMALL, mark: 1, renewals: 1 },
  'clocks apart': { ...SMALL, mark: 1, halts: 0, clockErrorMs: 300, stepMs: 0, notAfterMs: 12_000 },
  'lost answers': { ...SMALL, mark: 0, halts: 0, devicesPerBatch: 1, faults: 1, lostAnswers: 1, lateLooks: 1 },
  renewals: { ...SMALL, mark: 1, halts: 0, renewals: 1 },
  'a late account': {
    ...SMALL,
    mark: 0,
    attempts: 2,
    batches: 2,
    devicesPerBatch: 1,
    workers: 1,
    takes: 1,
    notAfterMs: 36_000,
    stepMs: 18_000,
  },
  'two attempts, resend': {
    ...SMALL,
    mark: 0,
    halts: 0,
    attempts: 2,
    devicesPerBatch: 1,
    takes: 1,
    uncertain: 'resend',
    notAfterMs: 36_000,
    stepMs: 18_000,
  },
  'three attempts, resend': {
    ...SMALL,
    mark: 0,
    attempts: 3,
    devicesPerBatch: 1,
    workers: 1,
    takes: 1,
    halts: 2,
    uncertain: 'resend',
    notAfterMs: 36_000,
    stepMs: 18_000,
    slowAsks: 1,
    keptSets: 1,
  },
};

/** A search that finds what rests on an assumption when it is dropped. */
export const WITHOUT: Record<Assumption, Bounds> = {
  'claim-if-absent': { ...SMALL, mark: 0, halts: 0, drop: ['claim-if-absent'] },
  'take-over-as-seen': { ...SMALL, mark: 1, halts: 0, takes: 3, workers: 3, drop: ['take-over-as-seen'] },
  'clock-bound': { ...SMALL, mark: 1, halts: 0, drop: ['clock-bound'] },
  'writer-clock': { ...SMALL, mark: 0, halts: 0, drop: ['writer-clock'] },
  'check-at-write': { ...SMALL, mark: 0, halts: 0, workers: 1, drop: ['check-at-write'] },
  'settled-check': {
    ...SMALL,
    mark: 0,
    halts: 0,
    devicesPerBatch: 1,
    attempts: 2,
    takes: 1,
    uncertain: 'resend',
    notAfterMs: 36_000,
    stepMs: 18_000,
    drop: ['settled-check'],
  },
  'account-by-token': { ...SMALL, mark: 1, halts: 0, drop: ['account-by-token'] },
};
