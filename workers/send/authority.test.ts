import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { looseKeyring } from '../../infra/aws/keyring.ts';
import { sealEntry } from '../../infra/aws/seal.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import { decide } from '../../runbooks/launch/decide.ts';
import type { Entry, EntryOf, NewEntry, Shown, Via } from '../../runbooks/launch/entries.ts';
import { fold } from '../../runbooks/launch/evolve.ts';
import { proofText } from '../../runbooks/launch/proof.ts';
import { decidedPart } from '../../runbooks/launch/vouch.ts';
import { runbook as runbookShape } from '../../runbooks/playbook/schema.ts';
import { botKeyring, workerKeyring } from '../../test/keys.ts';
import { authorityFor, shownProblem, strayAttempt } from './authority.ts';

const authority = (launchId: string, shotId: string, entries: readonly Entry[]) =>
  authorityFor(launchId, shotId, entries, workerKeyring(), null);
const NOW = 1_800_000_000_000;
const LAUNCH = 'launch';
const key = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'), privateKey };
};
const anaKey = key();
const miaKey = key();
const slack = (slackId: string): Via => ({ kind: 'slack', slackId });

const runbook = runbookShape.parse({
  version: 1,
  id: 'r',
  title: 'R',
  people: [
    { id: 'ana', name: 'Ana', roles: ['on-call'], slack: ['U0ANA'], operator_keys: [anaKey.publicKey] },
    { id: 'mia', name: 'Mia', roles: ['marketer'], slack: ['U0MIA'], operator_keys: [miaKey.publicKey] },
    { id: 'olu', name: 'Olu', roles: ['observer'], slack: ['U0OLU'] },
  ],
  pool: { name: 'pool', scale_target: 'workers', workers: 1 },
  campaign: {
    id: 'c',
    default_locale: 'en',
    locales: { en: { title: 'T', body: 'B' } },
    apns: { topic: 'com.example' },
  },
  gates: [{ id: 'g', title: 'G' }],
  scale_targets: [{ id: 'workers', kind: 'ecs-service', cluster: 'c', service: 's' }],
  phases: [{ id: 'p', title: 'P', steps: [{ id: 's', title: 'S', at: 'T', do: { kind: 'remind', say: 'x' } }] }],
});

class Record {
  entries: Entry[] = [];

  append(entry: NewEntry, signer = botKeyring().signer): Entry {
    const last = this.entries.at(-1);
    const sealed = sealEntry(LAUNCH, { seq: last?.seq ?? 0, hash: last?.hash ?? '' }, entry, {
      token: `t${this.entries.length}`,
      signer,
    });
    this.entries.push(sealed);
    return sealed;
  }

  do(command: Command): Entry {
    const decision = decide(fold(this.entries), command, { nowMs: NOW, sha256, keys: botKeyring().named });
    if (!decision.ok) throw new Error(decision.say);
    return this.append(decision.entry);
  }
}

function proof(
  signer: { publicKey: string; privateKey: KeyObject },
  purpose: 'request' | 'approve',
  orderId: string,
  shown: Shown,
  shownHash: string,
  nonce: string,
): Via {
  const expiresAtMs = NOW + 60_000;
  const text = proofText({
    purpose,
    launchId: LAUNCH,
    orderId,
    segments: shown.segments,
    shownHash,
    notAfterMs: shown.notAfterMs,
    expiresAtMs,
    nonce,
  });
  return {
    kind: 'operator',
    publicKey: signer.publicKey,
    signature: sign(null, Buffer.from(text), signer.privateKey).toString('base64'),
    nonce,
    signedAtMs: NOW,
    expiresAtMs,
  };
}

/** A record up to the approval; `change` turns the decided entries into what a forger would rather have. */
function fired(
  change: {
    before?: (record: Record) => void;
    request?: (entry: NewEntry & EntryOf<'FireRequested'>) => object;
    approval?: (entry: NewEntry & EntryOf<'FireApproved'>) => object;
  } = {},
) {
  const record = new Record();
  record.do({
    kind: 'create-launch',
    by: 'ana',
    launchId: LAUNCH,
    name: 'L',
    channelId: 'C0WARROOM',
    runbook,
    runbookHash: 'h',
    targetAtMs: NOW,
    compress: 1,
  });
  record.do({
    kind: 'set-audience',
    by: 'ana',
    audience: {
      hash: 'a',
      manifestKey: 'k',
      devices: 10,
      segments: [{ id: 'ios', platform: 'ios', devices: 10, batches: 1 }],
      locales: { en: 10 },
    },
  });
  record.do({ kind: 'tick-gate', by: 'ana', gate: 'g', green: true, note: '' });
  change.before?.(record);
  const asked = decide(
    fold(record.entries),
    { kind: 'request-fire', by: 'ana', segments: 'all', measured: [], via: slack('U0ANA'), lift: false },
    { nowMs: NOW, sha256, keys: botKeyring().named },
  );
  if (!asked.ok || asked.entry.kind !== 'FireRequested') throw new Error('no request');
  const request = record.append({
    ...asked.entry,
    ...change.request?.(asked.entry as NewEntry & EntryOf<'FireRequested'>),
  } as NewEntry) as EntryOf<'FireRequested'>;
  const approved = decide(
    fold(record.entries),
    {
      kind: 'approve-fire',
      by: 'mia',
      orderId: asked.entry.orderId,
      shownHash: asked.entry.shownHash,
      pressedAtMs: NOW,
      measured: [],
      via: slack('U0MIA'),
      observedHaltEpoch: 0,
      observedHalted: false,
    },
    { nowMs: NOW, sha256, keys: botKeyring().named },
  );
  if (!approved.ok || approved.entry.kind !== 'FireApproved') throw new Error('no approval');
  const approval = record.append({
    ...approved.entry,
    ...change.approval?.(approved.entry as NewEntry & EntryOf<'FireApproved'>),
  } as NewEntry) as EntryOf<'FireApproved'>;
  return { record, request, approval, verdict: authority(LAUNCH, approval.shotId, record.entries) };
}

/** Where the rules refuse an entry, their own code. */
const code = (verdict: ReturnType<typeof authorityFor>) =>
  verdict.ok
    ? 'ok'
    : verdict.code === 'RULES_BROKEN'
      ? (/\(([A-Z_]+)\)$/.exec(verdict.say)?.[1] ?? verdict.code)
      : verdict.code;

describe('authority of a shot', () => {
  test('two people, one hash, in time: it may be sent', () => {
    const { verdict, approval } = fired();
    expect(verdict.ok && verdict.authority.shot.id).toBe(approval.shotId);
  });

  test('a shot that the record does not know, or only as a request, may not', () => {
    const { record, approval } = fired();
    expect(code(authority(LAUNCH, 'S99', record.entries))).toBe('NO_APPROVAL');
    expect(code(authority(LAUNCH, approval.shotId, record.entries.slice(0, -1)))).toBe('NO_APPROVAL');
    expect(code(authority(LAUNCH, approval.shotId, []))).toBe('RECORD_EMPTY');
  });

  test('a record that was changed after it was written gives no authority', () => {
    const { record, approval } = fired();
    const changed = record.entries.map((entry) =>
      entry.kind === 'AudienceSet' ? { ...entry, audience: { ...entry.audience, manifestKey: 'other' } } : entry,
    );
    expect(code(authority(LAUNCH, approval.shotId, changed))).toBe('RECORD_BROKEN');
    expect(code(authority(LAUNCH, approval.shotId, record.entries.slice(1)))).toBe('RECORD_BROKEN');
    expect(code(authority('other', approval.shotId, record.entries))).toBe('RECORD_BROKEN');
  });

  test('well-chained entries that break the two-person rule give none either', () => {
    expect(code(fired({ approval: () => ({ by: { person: 'ana' } }) }).verdict)).toBe('SAME_PERSON');
    expect(code(fired({ approval: ({ pressedAtMs }) => ({ pressedAtMs: pressedAtMs + 86_400_000 }) }).verdict)).toBe(
      'ORDER_EXPIRED',
    );
    expect(code(fired({ approval: () => ({ shownHash: 'f'.repeat(64) }) }).verdict)).toBe('CONTENT_CHANGED');
    expect(
      code(fired({ approval: ({ shown }) => ({ shown: { ...shown, contentHash: 'f'.repeat(64) } }) }).verdict),
    ).toBe('RULES_BROKEN');
  });

  test('a story that cannot have happened gives none, however well it is chained', () => {
    const { record, approval } = fired();
    const forged = new Record();
    for (const {
      v: _v,
      launchId: _l,
      seq: _s,
      token: _t,
      prev: _p,
      hash: _h,
      key: _k,
      sig: _g,
      ...entry
    } of record.entries) {
      forged.append((entry.kind === 'FireRequested' ? { ...entry, by: { system: 'conductor' } } : entry) as NewEntry);
    }
    expect(code(authority(LAUNCH, approval.shotId, forged.entries))).toBe('RULES_BROKEN');
  });

  test("operator signatures are verified with the roster's key of that very person", () => {
    const signed = (
      request: ReturnType<typeof key>,
      approve: ReturnType<typeof key>,
      nonces = ['n'.repeat(16), 'm'.repeat(16)],
    ) =>
      fired({
        request: ({ shown, shownHash }) => ({ via: proof(request, 'request', '', shown, shownHash, nonces[0] ?? '') }),
        approval: ({ orderId, shown, shownHash }) => ({
          via: proof(approve, 'approve', orderId, shown, shownHash, nonces[1] ?? ''),
        }),
      }).verdict;
    expect(code(signed(anaKey, miaKey))).toBe('ok');
    expect(code(signed(anaKey, anaKey))).toBe('PROOF_INVALID');
    expect(code(signed(anaKey, key()))).toBe('PROOF_INVALID');
    expect(code(signed(anaKey, miaKey, ['n'.repeat(16), 'n'.repeat(16)]))).toBe('PROOF_INVALID');
  });

  test("an approval rests on the request of its own order: neither an unsigned one nor somebody else's vouches for it", () => {
    const forged = {
      request: ({ shown, shownHash }: EntryOf<'FireRequested'>) => ({
        via: proof({ ...miaKey, publicKey: anaKey.publicKey }, 'request', '', shown, shownHash, 'n'.repeat(16)),
      }),
    };
    expect(code(fired(forged).verdict)).toBe('PROOF_INVALID');
    // A request before it that nobody doubts, and that was declined.
    const before = (record: Record) => {
      const asked = record.do({
        kind: 'request-fire',
        by: 'ana',
        segments: 'all',
        measured: [],
        via: slack('U0ANA'),
        lift: false,
      }) as EntryOf<'FireRequested'>;
      record.do({ kind: 'decline-fire', by: 'mia', orderId: asked.orderId, reason: 'not yet' });
    };
    expect(code(fired({ before }).verdict)).toBe('ok');
    expect(code(fired({ before, ...forged }).verdict)).toBe('PROOF_INVALID');
  });

  test('a signature over another purpose, order or time does not fit', () => {
    const nonce = 'n'.repeat(16);
    const approvedBy = (via: (entry: EntryOf<'FireApproved'>) => Via) =>
      code(fired({ approval: (entry) => ({ via: via(entry) }) }).verdict);
    expect(approvedBy(({ shown, shownHash }) => proof(miaKey, 'request', '', shown, shownHash, nonce))).toBe(
      'PROOF_INVALID',
    );
    expect(approvedBy(({ shown, shownHash }) => proof(miaKey, 'approve', 'F99', shown, shownHash, nonce))).toBe(
      'PROOF_INVALID',
    );
    expect(
      approvedBy(({ orderId, shown, shownHash }) => ({
        ...proof(miaKey, 'approve', orderId, shown, shownHash, nonce),
        expiresAtMs: NOW + 61_000,
      })),
    ).toBe('PROOF_INVALID');
    expect(
      approvedBy(({ orderId, shown, shownHash }) => ({
        ...proof(miaKey, 'approve', orderId, shown, shownHash, nonce),
        signature: 'AAAA',
      })),
    ).toBe('PROOF_INVALID');
    expect(
      approvedBy(({ orderId, shown, shownHash }) => ({
        ...proof(miaKey, 'approve', orderId, shown, shownHash, nonce),
        publicKey: 'no key',
      })),
    ).toBe('PROOF_INVALID');
  });

  test('a press from an account or by a person that the roster does not know for it gives none', () => {
    expect(code(fired({ approval: () => ({ via: slack('U0ANA') }) }).verdict)).toBe('PROOF_INVALID');
    expect(code(fired({ approval: () => ({ by: { person: 'olu' }, via: slack('U0OLU') }) }).verdict)).toBe(
      'ROLE_MISSING',
    );
    expect(code(fired({ approval: () => ({ by: { person: 'eve' }, via: slack('U0EVE') }) }).verdict)).toBe(
      'NOT_ON_ROSTER',
    );
  });

  test('an approval that gives itself more time than was shown gives none', () => {
    expect(
      code(
        fired({ approval: ({ notAfterAtMs }) => ({ notAfterAtMs: { ...notAfterAtMs, ios: notAfterAtMs.ios + 1 } }) })
          .verdict,
      ),
    ).toBe('RULES_BROKEN');
  });

  test('a request that repeats a nonce later does not take back what was approved', () => {
    const nonces = ['n'.repeat(16), 'm'.repeat(16)] as const;
    const { record, request, approval } = fired({
      request: ({ shown, shownHash }) => ({ via: proof(anaKey, 'request', '', shown, shownHash, nonces[0]) }),
      approval: ({ orderId, shown, shownHash }) => ({
        via: proof(miaKey, 'approve', orderId, shown, shownHash, nonces[1]),
      }),
    });
    const { v: _v, launchId: _l, seq: _s, token: _t, prev: _p, hash: _h, key: _k, sig: _g, ...again } = request;
    record.append({ ...again, orderId: 'F99' });
    expect(code(authority(LAUNCH, approval.shotId, record.entries))).toBe('ok');
  });

  test('a record that does not hold the head which was noted outside of it gives none', () => {
    const { record, approval } = fired();
    const withHead = (head: { seq: number; hash: string }) =>
      code(authorityFor(LAUNCH, approval.shotId, record.entries, workerKeyring(), head));
    expect(withHead(approval)).toBe('ok');
    expect(withHead({ seq: approval.seq + 1, hash: approval.hash })).toBe('RECORD_BROKEN');
    expect(withHead({ seq: approval.seq, hash: 'f'.repeat(64) })).toBe('RECORD_BROKEN');
    expect(withHead({ seq: approval.seq, hash: '' })).toBe('RECORD_BROKEN');
  });

  test('a process that was not told whose keys to trust believes no record, and nobody one that names no keys', () => {
    const { record, approval } = fired();
    expect(code(authorityFor(LAUNCH, approval.shotId, record.entries, looseKeyring(null, null), null))).toBe(
      'RECORD_BROKEN',
    );
    const unsigned = new Record();
    for (const entry of record.entries)
      unsigned.append(
        { ...decidedPart(entry), ...(entry.kind === 'LaunchCreated' ? { keys: [] } : {}) } as NewEntry,
        null,
      );
    expect(code(authority(LAUNCH, approval.shotId, unsigned.entries))).toBe('RECORD_UNSIGNED');
  });

  test('each shot rests on its own approval: one that breaks the rules spoils none before it', () => {
    const { record, request, approval } = fired();
    record.append({ ...decidedPart(request), orderId: 'F99' } as NewEntry);
    record.append({ ...decidedPart(approval), orderId: 'F99', shotId: 'S99' } as NewEntry);
    expect(code(authority(LAUNCH, approval.shotId, record.entries))).toBe('ok');
    expect(authority(LAUNCH, 'S99', record.entries)).toMatchObject({ ok: false, code: 'RULES_BROKEN' });
  });

  test('the rules are asked of all that led to the approval, and of nothing after it', () => {
    const press = { kind: 'LiftRequested', liftId: 'L9', epoch: 4, reason: '', by: { person: 'ana' }, atMs: NOW };
    const before = (record: Record) => void record.append(press as unknown as NewEntry);
    expect(() => fired({ before })).not.toThrow();
    expect(code(fired({ before }).verdict)).toBe('NOT_HALTED');
    const { record, approval } = fired();
    record.append(press as unknown as NewEntry);
    expect(code(authority(LAUNCH, approval.shotId, record.entries))).toBe('ok');
  });
});

describe('what the shot would send is what was shown', () => {
  const approved = () => {
    const { verdict, approval } = fired();
    if (!verdict.ok) throw new Error(verdict.say);
    return { ...verdict.authority, shown: approval.shown };
  };

  test('the same text, audience and skip list, each by its hash', () => {
    const { shot, shown } = approved();
    expect(shownProblem(shot, shown)).toBeNull();
    expect(shownProblem({ ...shot, campaign: { ...shot.campaign, id: 'other' } }, shown)).toMatch(/content is not/);
    expect(shownProblem({ ...shot, audience: { ...shot.audience, hash: 'b' } }, shown)).toMatch(/audience is not/);
    const skipList = { hash: 'd'.repeat(64), key: 'skip', tokens: 1 };
    expect(shownProblem({ ...shot, skipList }, shown)).toMatch(/skip list is not/);
  });

  test('an attempt is of one shot, the one that the launch says', () => {
    const { launch, shot } = approved();
    expect(strayAttempt(launch, shot)).toBeUndefined();
    expect(strayAttempt(launch, { ...shot, id: 'S99' })).toEqual({ segment: 'ios', attempt: 1 });
    expect(strayAttempt(launch, { ...shot, segments: [{ segment: 'ios', attempt: 2 }] })).toBeDefined();
    expect(strayAttempt({ attempts: {} }, shot)).toBeDefined();
  });
});
