/** What a search is bounded by, and which assumptions it drops. All times in ms. */
export interface Bounds {
  batches: number;
  devicesPerBatch: number;
  workers: number;
  closers: number;
  attempts: number;
  halts: number;
  /** Operations without an answer; half of them take effect all the same. */
  faults: number;
  /** Answers of the provider that never come. */
  lostAnswers: number;
  /** Conductors that look for late accounts, besides those workers that correct themselves. */
  lateLooks: number;
  /** 1: a closer may keep the sets of its first look until its second, however much later; 0: it looks once. */
  keptSets: number;
  /** 1: between looking up who is left and asking for fire anything may happen; 0: nothing does. */
  slowAsks: number;
  /** How often workers are woken for one batch of one attempt. */
  takes: number;
  /** Devices that a lease covers at first; 0: all. */
  mark: number;
  uncertain: 'leave' | 'resend';
  notAfterMs: number;
  /** Time passes by so much at once; 0: to the next moment that anything depends on. */
  stepMs: number;
  /** Looks of a worker at whether its lease is to be renewed. */
  renewals: number;
  /** How far each process's bounds on the store's time lie on either side of it. */
  clockErrorMs: number;
  drop: readonly Assumption[];
}

/** What the protocol rests on. Each can be dropped, and must then break a property. */
export const ASSUMPTIONS = {
  'claim-if-absent': 'a claim is put only where none is',
  'take-over-as-seen': 'a batch is taken over only if it stands as it was seen',
  'clock-bound': "nobody takes the store's time for later than it is who takes away",
  'writer-clock': "nobody takes the store's time for earlier than it is who writes",
  'check-at-write': 'lease, window and switches are asked before every write',
  'settled-check': 'the claims of earlier attempts are read as they stand when a batch is claimed',
  'account-by-token': 'an account counts for the holder whose token it has',
} as const;
export type Assumption = keyof typeof ASSUMPTIONS;

/** Options that are numbers, and what they bound. */
export const NUMBERS = {
  batches: 'batches of the one segment',
  devicesPerBatch: 'devices of a batch',
  workers: 'workers at once',
  closers: 'closers at once',
  attempts: 'attempts',
  halts: 'halts',
  faults: 'operations without an answer',
  lostAnswers: 'answers of the provider that never come',
  lateLooks: 'conductors that look for late accounts beside the workers',
  keptSets: '1: a closer may keep the sets of its first look',
  slowAsks: '1: anything may happen between looking up who is left and asking',
  takes: 'wake-ups for one batch of one attempt',
  mark: 'devices that a lease covers at first; 0: all',
  renewals: 'looks of a worker at its leases',
  notAfterMs: 'window of a shot',
  stepMs: 'time passes by so much; 0: to the next moment that matters',
  clockErrorMs: "how far bounds on the store's time are apart from it",
} as const satisfies Partial<Record<keyof Bounds, string>>;

export const SMALL: Bounds = {
  batches: 1,
  devicesPerBatch: 2,
  workers: 2,
  closers: 1,
  attempts: 1,
  halts: 1,
  faults: 0,
  lostAnswers: 0,
  lateLooks: 0,
  keptSets: 0,
  slowAsks: 0,
  takes: 2,
  mark: 1,
  uncertain: 'leave',
  notAfterMs: 18_000,
  stepMs: 6_000,
  renewals: 0,
  clockErrorMs: 0,
  drop: [],
};

export const T0_MS = Date.UTC(2027, 1, 14, 23, 30);
export const LEASE_MS = 5_000;
