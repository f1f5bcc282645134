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
  {
    file: 'workers/dispatch/order-fates.ts',
    accepted: [
      {
        line: 'if (this.#fates.get(key) === fate) this.#fates.delete(key);',
        change: 'this.#fates.get(key) === fate → true',
        why: 'To forget a younger one as well costs one more look at the claims.',
      },
      {
        line: 'const found = manifest.segments.find(({ id }) => id === segment)?.batches ?? [];',
        change: '[] → ["Stryker was here"]',
        why: 'The manifest has every segment that the shot has.',
      },
      {
        line: '.filter(({ id }) => (sets.get(id)?.size ?? 0) > 0)',
        change: 'sets.get(id)?.size → sets.get(id).size',
        why: 'There is a set for each batch that was asked for.',
      },
      {
        line: 'if (launch === null || test === undefined) return { foreign: `test ${testId} was not asked for` };',
        change: 'launch === null → false',
        why: 'Without a launch there is no test: asked for the type alone.',
      },
      {
        line: '{ testId, copies: results.length, accepted: results.filter((one) => one.accepted).length, reported: reported.ok },',
        change: 'results.filter((one) => one.accepted) → results',
        why: 'A figure in the log; the record has each copy with its answer.',
      },
      {
        line: 'if (found === undefined) throw new Error(`SEGMENT_MISSING ${segment}`);',
        change: 'throw new Error(`SEGMENT_MISSING ${segment}`); → ;',
        why: 'That the segment is part of the shot was asked before.',
      },
      {
        line: 'if (found === undefined) throw new Error(`SEGMENT_MISSING ${segment}`);',
        change: 'found === undefined → false',
        why: 'That the segment is part of the shot was asked before.',
      },
    ],
  },
  {
    file: 'workers/dispatch/look.ts',
    accepted: [
      {
        line: '() => null,',
        change: '() => null → () => undefined',
        why: 'What the last look gave is asked by nobody.',
      },
    ],
  },
  { file: 'workers/dispatch/known.ts' },
  {
    file: 'infra/aws/verify-record.ts',
    accepted: [
      {
        line: `return entry.kind === 'KeysChanged' ? (before?.keyChanges[entry.changeId]?.keys ?? []) : [];`,
        change: `entry.kind === 'KeysChanged' → true`,
        why: 'No other entry names a change of keys by an id that the launch knows.',
      },
      {
        line: `return entry.kind === 'KeysChanged' ? (before?.keyChanges[entry.changeId]?.keys ?? []) : [];`,
        change: 'before?.keyChanges → before.keyChanges',
        why: 'The core has refused a first entry of that kind before.',
      },
    ],
  },
  { file: 'infra/aws/seal.ts', by: ['infra/aws/verify-record.test.ts', 'infra/aws/journal.test.ts'] },
  {
    file: 'infra/aws/journal.ts',
    by: ['infra/aws/journal.test.ts', 'infra/aws/clock-doubt.test.ts'],
    accepted: [
      {
        line: 'if (again !== undefined && again.hash !== before?.launch.headHash)',
        change: 'before?.launch → before.launch',
        why: 'It is only asked of an entry that is known, and then there is a launch before.',
      },
      {
        line: 'if (launch !== null && fresh.length > 0)',
        change: 'launch !== null && fresh.length > 0 → true',
        why: 'The same launch and entries are noted again: it costs a copy of the list and changes nothing.',
      },
      {
        line: 'if (launch !== null && fresh.length > 0)',
        change: 'launch !== null && fresh.length > 0 → launch !== null || fresh.length > 0',
        why: 'The same launch and entries are noted again: it costs a copy of the list and changes nothing.',
      },
      {
        line: 'if (launch !== null && fresh.length > 0)',
        change: 'launch !== null → true',
        why: 'The same launch and entries are noted again: it costs a copy of the list and changes nothing.',
      },
      {
        line: 'if (launch !== null && fresh.length > 0)',
        change: 'fresh.length > 0 → true',
        why: 'The same launch and entries are noted again: it costs a copy of the list and changes nothing.',
      },
      {
        line: 'if (launch !== null && fresh.length > 0)',
        change: 'fresh.length > 0 → fresh.length >= 0',
        why: 'The same launch and entries are noted again: it costs a copy of the list and changes nothing.',
      },
      {
        line: 'const unanswered: NewEntry[] = [];',
        change: '[] → ["Stryker was here"]',
        why: 'A text is no entry, and equals none.',
      },
      {
        line: 'const landed = known',
        change: 'known .get(launchId) ?.entries → known.get(launchId).entries',
        why: 'After a read something is known, or there was nothing to look for.',
      },
      {
        line: 'return landed === undefined || launch === null ? null : { ok: true, entry: landed, launch };',
        change: 'launch === null → false',
        why: 'An entry that landed is part of a launch that was read.',
      },
      {
        line: 'if (after !== null) return { ok: true, entry: appended.entry, launch: after };',
        change: 'after !== null → true',
        why: 'An entry that was appended makes a launch.',
      },
      {
        line: 'headProblem: (launchId, head) => headProblem(known.get(launchId)?.entries ?? [], head),',
        change: '[] → ["Stryker was here"]',
        why: 'A record that was never read ends at entry 0: a text among the entries has no sequence.',
      },
      {
        line: 'const entries = await record.readAfter(launchId, 0, AbortSignal.timeout(Math.max(timeoutMs, 30_000)));',
        change: 'Math.max(timeoutMs, 30_000) → Math.min(timeoutMs, 30_000)',
        why: 'How long a read of everything may take: half a minute of real time.',
      },
    ],
  },
  {
    file: 'infra/aws/switch-store.ts',
    accepted: [
      {
        line: '.send(read, { abortSignal: AbortSignal.timeout(READ_BACK_TIMEOUT_MS) })',
        change: '{ abortSignal: AbortSignal.timeout(READ_BACK_TIMEOUT_MS) } → {}',
        why: 'The client of the writes gives a call up by itself, a second later.',
      },
      {
        line: 'const { Item: item } = await writes.send(read, { abortSignal: signal });',
        change: '{ abortSignal: signal } → {}',
        why: 'A read that nobody waits for any more is given up by the client itself, a second later.',
      },
      {
        line: `launchId: item['launchId']?.S ?? '',`,
        change: `item['launchId']?.S → item['launchId'].S`,
        why: 'Every item has its key: asked for the type alone.',
      },
      {
        line: `head: item['headSeq']?.N === undefined ? null : { seq: Number(item['headSeq'].N), hash: item['headHash']?.S ?? '' },`,
        change: `item['headHash']?.S → item['headHash'].S`,
        why: 'Both are written at once: asked for the type alone.',
      },
    ],
  },
  {
    file: 'workers/dispatch/dispatcher.ts',
    by: ['workers/dispatch/dispatcher-rules.test.ts'],
    accepted: [
      {
        line: 'await sleep(500, null, { signal }).catch(() => null);',
        change: '() => null → () => undefined',
        why: 'What the wait gives is asked by nobody.',
      },
      {
        line: `if (error instanceof Error && 'code' in error && error.code === 'RECORD_BROKEN') onRefused(error.message);`,
        change: `error instanceof Error && 'code' in error → true`,
        why: 'Every thrown value here is an error, and one without a code has not this one: asked for the type alone.',
      },
      {
        line: `if (error instanceof Error && 'code' in error && error.code === 'RECORD_BROKEN') onRefused(error.message);`,
        change: `error instanceof Error && 'code' in error → error instanceof Error || 'code' in error`,
        why: 'Every thrown value here is an error, and one without a code has not this one: asked for the type alone.',
      },
    ],
  },
  {
    file: 'workers/send/roll-watch.ts',
    accepted: [
      {
        line: 'this.#timer.unref();',
        change: 'this.#timer.unref(); → ;',
        why: 'Only a process that should end by itself could tell, and a worker stops it.',
      },
      {
        line: 'if (this.#timer !== null) clearInterval(this.#timer);',
        change: 'this.#timer !== null → true',
        why: 'To clear no timer does nothing.',
      },
      { line: '} catch {', change: '{ return null; } → {}', why: 'Nothing is no roll, as null is none.' },
    ],
  },
];
