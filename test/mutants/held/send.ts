import type { Held } from './held-file.ts';

const SECOND_LOCK =
  'The rules, asked of every entry up to the approval, have refused such a record before: a second lock.';

/** What sends, closes and writes the record. */
export const SEND: Held[] = [
  {
    file: 'workers/send/authority.ts',
    accepted: [
      {
        line: `(entry): entry is EntryOf<'FireApproved'> => entry.kind === 'FireApproved' && entry.shotId === shotId,`,
        change: `entry.kind === 'FireApproved' → true`,
        why: 'The first entry that names a shot is its approval: nothing else can follow before it.',
      },
      {
        line: 'before === null || entry.seq > (approval?.seq ?? 0) ? null : (broken.rule = vouchProblem(before, entry, sha256)),',
        change: 'before === null → false',
        why: 'The first entry begins the launch, and the rules have no say over that one.',
      },
      { line: 'if (launch.keys.length === 0)', change: 'launch.keys.length === 0 → false', why: SECOND_LOCK },
      {
        line: 'if (approval === undefined || shot === undefined)',
        change: 'approval === undefined || shot === undefined → approval === undefined && shot === undefined',
        why: 'The approval makes the shot: there are both or neither.',
      },
      {
        line: 'if (approval === undefined || shot === undefined)',
        change: 'approval === undefined → false',
        why: 'The approval makes the shot: there are both or neither.',
      },
      {
        line: 'if (approval === undefined || shot === undefined)',
        change: 'shot === undefined → false',
        why: 'The approval makes the shot: there are both or neither.',
      },
      {
        line: `entry.kind === 'FireRequested' && entry.orderId === approval.orderId && entry.seq < approval.seq,`,
        change: `entry.kind === 'FireRequested' → true`,
        why: 'The first entry that names an order is its request: nothing else can follow before it.',
      },
      {
        line: `entry.kind === 'FireRequested' && entry.orderId === approval.orderId && entry.seq < approval.seq,`,
        change: 'entry.seq < approval.seq → true',
        why: SECOND_LOCK,
      },
      {
        line: `entry.kind === 'FireRequested' && entry.orderId === approval.orderId && entry.seq < approval.seq,`,
        change: 'entry.seq < approval.seq → entry.seq <= approval.seq',
        why: 'No entry is request and approval at once.',
      },
      {
        line: "if (request === undefined) return no('NO_APPROVAL', `shot ${shotId} was approved without a request`);",
        change: 'request === undefined → false',
        why: SECOND_LOCK,
      },
      {
        line: `if (differs !== null) return no('HASH_DIFFERS', differs);`,
        change: 'differs !== null → false',
        why: SECOND_LOCK,
      },
      { line: 'if (stray !== undefined)', change: 'stray !== undefined → false', why: SECOND_LOCK },
    ],
  },
  { file: 'workers/dispatch/orders.ts' },
  { file: 'workers/dispatch/order-fates.ts' },
  { file: 'workers/dispatch/look.ts' },
  { file: 'workers/dispatch/known.ts' },
  { file: 'settle/correct.ts' },
  { file: 'infra/aws/verify-record.ts' },
  { file: 'infra/aws/seal.ts', by: ['infra/aws/verify-record.test.ts', 'infra/aws/journal.test.ts'] },
  { file: 'infra/aws/journal.ts', by: ['infra/aws/journal.test.ts', 'infra/aws/clock-doubt.test.ts'] },
  { file: 'infra/aws/switch-store.ts' },
  { file: 'settle/close.ts', by: ['settle/close-rules.test.ts'] },
  { file: 'settle/late-accounts.ts' },
  { file: 'settle/lost-claims.ts', by: ['settle/close-rules.test.ts'] },
  { file: 'workers/send/sender.ts', by: ['workers/send/sender-rules.test.ts'] },
  { file: 'workers/dispatch/dispatcher.ts', by: ['workers/dispatch/dispatcher-rules.test.ts'] },
  { file: 'workers/close/closer.ts', by: ['workers/close/closer-rules.test.ts'] },
  { file: 'settle/account-codec.ts' },
  { file: 'settle/batch-words.ts' },
  { file: 'settle/members.ts', by: ['settle/attempt-set.test.ts', 'settle/batch-words.test.ts'] },
];
