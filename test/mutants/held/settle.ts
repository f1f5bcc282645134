import type { Held } from './held-file.ts';

/** How what was sent is counted, closed and corrected, and who a further attempt goes to. */
export const SETTLE: Held[] = [
  {
    file: 'settle/correct.ts',
    accepted: [
      {
        line: 'await sleep(retryMs, null, { signal }).catch(() => null);',
        change: '() => null → () => undefined',
        why: 'What the wait gives is asked by nobody.',
      },
    ],
  },
  {
    file: 'settle/close.ts',
    by: ['settle/close-rules.test.ts'],
    accepted: [
      {
        line: 'if (launch === null || shot === undefined)',
        change: 'launch === null → false',
        why: 'Without a launch there is no shot: asked for the type alone.',
      },
      {
        line: '({ segment }) => shot.audience.segments.find(({ id }) => id === segment)?.platform ?? [],',
        change: '[] → ["Stryker was here"]',
        why: 'Every segment of a shot is one of its audience: it was shown so.',
      },
      {
        line: '({ segment }) => shot.audience.segments.find(({ id }) => id === segment)?.platform ?? [],',
        change:
          'shot.audience.segments.find(({ id }) => id === segment)?.pl… → shot.audience.segments.find(({ id }) => id === segment).pla…',
        why: 'Every segment of a shot is one of its audience: it was shown so.',
      },
      { line: ': [];', change: '[] → ["Stryker was here"]', why: 'First attempts ask the entries for nothing.' },
      {
        line: 'return set === undefined || set.size === 0',
        change: 'set === undefined → false',
        why: 'There is a set for each batch that was asked for.',
      },
      ...[
        'attempt === 1 → false',
        'found.batches.filter(({ id }) => id === batch) → found.batches',
        'id === batch → true',
      ].map((change) => ({
        line: '(attempt === 1 ? sets : await setsOf(found.batches.filter(({ id }) => id === batch))).get(batch),',
        change,
        why: 'The set of this batch is the same: it saves reads.',
      })),
    ],
  },
  {
    file: 'settle/late-accounts.ts',
    accepted: [
      {
        line: 'for (const { holder, hasHolder, account, closedAccount } of claim === undefined ? [] : words(claim)) {',
        change: '[] → ["Stryker was here"]',
        why: 'A text among the words has no account.',
      },
      {
        line: '(segments.find(({ id }) => id === segment)?.batches ?? []).map(({ id, count }): [string, Batch] => [',
        change: '[] → ["Stryker was here"]',
        why: 'The manifest has every segment that the shot has, or the shot could not have closed.',
      },
      {
        line: '(segments.find(({ id }) => id === segment)?.batches ?? []).map(({ id, count }): [string, Batch] => [',
        change:
          'segments.find(({ id }) => id === segment)?.batches → segments.find(({ id }) => id === segment).batches',
        why: 'The manifest has every segment that the shot has, or the shot could not have closed.',
      },
    ],
  },
  {
    file: 'settle/lost-claims.ts',
    by: ['settle/close-rules.test.ts'],
    accepted: [
      {
        line: 'if (answered === 0) continue;',
        change: 'answered === 0 → false',
        why: 'Nothing is less than nothing: it saves a read.',
      },
    ],
  },
  { file: 'settle/account-codec.ts' },
  {
    file: 'settle/batch-words.ts',
    accepted: [
      {
        line: 'return words(claim).flatMap(({ account, closedAccount }) => closedAccount ?? account ?? []);',
        change: '[] → ["Stryker was here"]',
        why: 'A word has one of the two accounts at least.',
      },
      {
        line: 'for (let device = 0; device < members.length; device++)',
        change: 'device < members.length → device <= members.length',
        why: 'Past the end nobody is free to take.',
      },
      {
        line: 'isSkipped: (device: number) => boolean = () => false,',
        change: '() => false → () => undefined',
        why: 'It is only asked whether it is so.',
      },
    ],
  },
  {
    file: 'settle/frozen-sets.ts',
    accepted: [
      {
        line: 'if (again.length === 0 || launch.audience === null) return [];',
        change: 'launch.audience === null → false',
        why: 'A segment that was sent to before is part of an audience.',
      },
      {
        line: 'const batches = manifest.segments.find(({ id }) => id === segment)?.batches ?? [];',
        change: '[] → ["Stryker was here"]',
        why: 'The manifest has every segment that a shot had.',
      },
      {
        line: 'const batches = manifest.segments.find(({ id }) => id === segment)?.batches ?? [];',
        change:
          'manifest.segments.find(({ id }) => id === segment)?.batches → manifest.segments.find(({ id }) => id === segment).batches',
        why: 'The manifest has every segment that a shot had.',
      },
      {
        line: 'const tries = launch.attempts[segment] ?? [];',
        change: '[] → ["Stryker was here"]',
        why: 'Only segments that were sent to before come here.',
      },
      {
        line: 'const set = launch.shots[one.shotId]?.shown.sets?.find((shown) => shown.segment === segment);',
        change: 'launch.shots[one.shotId]?.shown → launch.shots[one.shotId].shown',
        why: 'An attempt names a shot of the same launch.',
      },
      {
        line: 'for (let from = 0; from < batches.length; from += BATCHES_AT_ONCE) {',
        change: 'from < batches.length → from <= batches.length',
        why: 'Past the end there is nothing to read.',
      },
      {
        line: `...(policy === 'resend' ? [stateCode('uncertain')] : []),`,
        change: '[] → ["Stryker was here"]',
        why: 'A text is the code of no state.',
      },
    ],
  },
  { file: 'settle/members.ts', by: ['settle/attempt-set.test.ts', 'settle/batch-words.test.ts'] },
  {
    file: 'settle/attempt-set.ts',
    accepted: [
      {
        line: `...(countsReachable ? [stateCode('failed')] : []),`,
        change: '[] → ["Stryker was here"]',
        why: 'A text is the code of no state.',
      },
      {
        line: `...(policy === 'resend' ? [stateCode('uncertain')] : []),`,
        change: '[] → ["Stryker was here"]',
        why: 'A text is the code of no state.',
      },
      {
        line: 'for (let device = 0; device < count; device++) {',
        change: 'device < count → device <= count',
        why: 'Past the end nobody is in any state.',
      },
      {
        line: 'const attemptBefore = launch.attempts[segment]?.find((one) => one.attempt === attempt - 1);',
        change: 'launch.attempts[segment]?.find → launch.attempts[segment].find',
        why: 'A segment with a further attempt has attempts.',
      },
      {
        line: ': [],',
        change: '[] → ["Stryker was here"]',
        why: 'A text is the id of no batch.',
      },
    ],
  },
  {
    file: 'workers/close/closer.ts',
    by: ['workers/close/closer-rules.test.ts'],
    accepted: [
      {
        line: 'if (this.#timer !== null) clearInterval(this.#timer);',
        change: 'this.#timer !== null → true',
        why: 'To clear no timer does nothing.',
      },
      ...[
        '!running.some((shot) => shot.id === id) → false',
        'shot.id === id → true',
        'this.#walked.delete(id); → ;',
      ].map((change) => ({
        line: 'for (const id of this.#walked.keys()) if (!running.some((shot) => shot.id === id)) this.#walked.delete(id);',
        change,
        why: 'A shot that is over does not come again: what is known of it only takes room.',
      })),
      {
        line: `if (result.state === 'closed' && result.byUs) {`,
        change: `result.state === 'closed' → true`,
        why: 'No other result says by whom: asked for the type alone.',
      },
    ],
  },
  {
    file: 'workers/close/rescue.ts',
    by: ['workers/close/rescue-rules.test.ts'],
    accepted: [
      {
        line: 'const seen = this.#seen.get(key) ?? {',
        change: '{ lookedAtMs: this.#nowMs(), stillMs: 0, sign: null, isCut:… → {}',
        why: 'A first look sets all that is read later: asked for the type alone.',
      },
      {
        line: `return found.some(({ claim }) => claim?.state === 'claimed' && earliestMs < claim.sendUntilMs + TAKE_OVER_GRACE_MS);`,
        change:
          'earliestMs < claim.sendUntilMs + TAKE_OVER_GRACE_MS → earliestMs <= claim.sendUntilMs + TAKE_OVER_GRACE_MS',
        why: 'A millisecond of a whole lease.',
      },
      {
        line: 'if (!isCut) return stillMs >= UNCUT_MS / 2;',
        change: 'stillMs >= UNCUT_MS / 2 → true',
        why: 'A second look comes no sooner than that after the first one, of which nothing is still yet.',
      },
    ],
  },
];
