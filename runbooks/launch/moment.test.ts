import { describe, expect, test } from 'vitest';
import { sha256 } from '../../infra/aws/sha256.ts';
import {
  audience,
  keyVia,
  measuredAt,
  people,
  sampleRunbook,
  Scene,
  segmentTotals,
  slackVia,
} from '../../test/properties/scene.ts';
import type { Runbook } from '../playbook/schema.ts';
import { describeEntry } from '../record/describe.ts';
import type { Command } from './commands.ts';
import type { Entry, EntryOf } from './entries.ts';
import { fold } from './evolve.ts';
import type { FireOrder } from './launch.ts';
import { momentOf } from './moment.ts';
import { vouchProblem } from './vouch.ts';

/** Orders that go by themselves: armed by two people as ever, asked again at their moment, and never sent by one of them alone. */

const HOUR_MS = 3_600_000;
const WITHIN_MS = sampleRunbook().armed_catch_up_within;

function askedFor(scene: Scene, momentMs: number, more: object = {}): FireOrder {
  return scene.asked('all', { momentMs, ...more });
}

function armed(scene: Scene, momentMs = scene.nowMs + HOUR_MS): FireOrder {
  const order = askedFor(scene, momentMs);
  scene.gives('FireArmed', scene.press(order));
  return scene.order(order.id);
}

const release = (scene: Scene, { id: orderId }: FireOrder, more: object = {}): Command => ({
  kind: 'release-fire',
  orderId,
  measured: measuredAt(scene.nowMs),
  observedHaltEpoch: scene.state.halt.epoch,
  observedHalted: scene.state.halt.active,
  ...more,
});

const hold = ({ id: orderId }: FireOrder, reason = 'a reason'): Command => ({ kind: 'hold-fire', orderId, reason });

describe('an order with a moment', () => {
  test('is armed by the second person, and nothing is sent before its moment', () => {
    const scene = Scene.ready();
    const order = armed(scene);
    expect(order).toMatchObject({ state: 'armed', armed: { by: 'mia' }, held: null });
    expect(scene.state.shots).toEqual({});
    expect(order.expiresAtMs).toBe((order.shown.moment?.atMs ?? 0) + scene.state.runbook.order_expires_after);

    expect(scene.refuses(release(scene, order))).toMatchObject({ code: 'TIME_INVALID' });
    scene.nowMs = (order.shown.moment?.atMs ?? 0) - 1;
    expect(scene.refuses(release(scene, order)).say).toContain('it goes at 23:30:00 UTC, in 1 ms.');
    scene.nowMs += 1;
    const approved = scene.gives('FireApproved', release(scene, order));
    expect(approved).toMatchObject({ by: { system: 'conductor' }, armed: { by: 'mia' }, pressedAtMs: scene.nowMs });
    expect(scene.shot(approved.shotId)).toMatchObject({
      requestedBy: 'ana',
      approvedBy: 'mia',
      pressedAtMs: scene.nowMs,
    });
    expect(scene.refuses(release(scene, order)).code).toBe('ORDER_NOT_OPEN');
  });

  test('is armed by an entry that says by which press, and what the switch was seen to be', () => {
    const scene = Scene.ready();
    const order = askedFor(scene, scene.nowMs + HOUR_MS);
    expect(scene.gives('FireArmed', scene.press(order))).toMatchObject({
      by: { person: 'mia' },
      orderId: order.id,
      shownHash: order.shownHash,
      via: slackVia('mia'),
      pressedAtMs: scene.nowMs,
      haltEpoch: 0,
      observed: { haltEpoch: 0, halted: false },
    });
  });

  test('goes and is held by its own name alone, while it waits, and in a signed record', () => {
    const scene = Scene.ready();
    const order = armed(scene);
    const unknown = { ...order, id: 'F999' };
    expect(scene.refuses(release(scene, unknown)).code).toBe('NO_SUCH_ORDER');
    expect(scene.refuses(hold(unknown)).code).toBe('NO_SUCH_ORDER');
    scene.nowMs = order.shown.moment?.atMs ?? 0;
    scene.launch = { ...scene.state, keys: [] };
    expect(scene.refuses(release(scene, order)).code).toBe('RECORD_UNSIGNED');
    const other = Scene.ready();
    expect(other.refuses(hold(other.asked(['us-ios']))).code).toBe('ORDER_NOT_ARMED');
    const declined = other.asked(['us-android'], { momentMs: other.nowMs + HOUR_MS });
    other.does({ kind: 'decline-fire', by: 'mia', orderId: declined.id, reason: '' });
    other.nowMs += HOUR_MS;
    expect(other.refuses(hold(declined)).code).toBe('ORDER_NOT_OPEN');
  });

  test('is not armed by who asked, nor by a button that shows another moment', () => {
    const scene = Scene.ready();
    const order = askedFor(scene, scene.nowMs + HOUR_MS);
    expect(scene.refuses(scene.press(order, 'ana')).code).toBe('SAME_PERSON');
    expect(scene.refuses(scene.press(order, 'olu')).code).toBe('ROLE_MISSING');
    const other = Scene.ready();
    const sooner = askedFor(other, other.nowMs + HOUR_MS / 2);
    expect(scene.refuses(scene.press(order, 'mia', { shownHash: sooner.shownHash })).code).toBe('CONTENT_CHANGED');
    expect(scene.refuses(release(scene, order)).code).toBe('ORDER_NOT_ARMED');
  });

  test.each([
    { what: 'over', ms: -1, why: '22:29:59 UTC is over. Ask without a time' },
    { what: 'now', ms: 0, why: '22:30:00 UTC is sooner. Ask without a time' },
    { what: 'too soon to press', ms: 9_999, why: '22:30:09 UTC is sooner. Ask without a time' },
    { what: 'more than a day ahead', ms: 25 * HOUR_MS, why: 'within 24 h, and that is 25 h ahead' },
    { what: 'a moment more than a day ahead', ms: 24 * HOUR_MS + 1, why: 'ahead' },
    { what: 'no time', ms: Number.NaN, why: '' },
  ])('that is $what is refused', ({ ms, why }) => {
    const scene = Scene.ready();
    expect(scene.refuses(scene.request('ana', 'all', { momentMs: scene.nowMs + ms }))).toMatchObject({
      code: 'TIME_INVALID',
      say: expect.stringContaining(why) as string,
    });
  });

  test('goes as late as its runbook says, and five seconds late by one that says nothing', () => {
    const scene = Scene.ready(sampleRunbook({ armed_catch_up_within: '20s' }));
    expect(askedFor(scene, scene.nowMs + HOUR_MS).shown.moment?.withinMs).toBe(20_000);
    const late = Scene.ready(sampleRunbook({ armed_catch_up_within: '1h', order_expires_after: '15m' }));
    expect(askedFor(late, late.nowMs + HOUR_MS).shown.moment?.withinMs).toBe(HOUR_MS / 4);
    const { armed_catch_up_within: _, ...older } = sampleRunbook();
    expect(momentOf({ runbook: older as Runbook }, 1)).toEqual({ atMs: 1, withinMs: 5_000 });
    expect(momentOf({ runbook: older as Runbook }, undefined)).toBeUndefined();
  });

  test('a day ahead at most, and from ten seconds on, is taken', () => {
    for (const ms of [10_000, 24 * HOUR_MS]) {
      const scene = Scene.ready();
      expect(scene.decide(scene.request('ana', 'all', { momentMs: scene.nowMs + ms })).ok).toBe(true);
    }
  });

  test('that lifts a halt is refused: a halt is lifted by a press', () => {
    const scene = Scene.ready();
    scene.halt();
    const ask = scene.request('ana', 'all', { momentMs: scene.nowMs + HOUR_MS, lift: true });
    expect(scene.refuses(ask)).toMatchObject({ code: 'TIME_INVALID', say: expect.stringContaining('/go resume') });
  });

  test('asks no gate of now that is measured again then; the others as ever', () => {
    const scene = Scene.ready();
    const red = { status: 'red', value: 1, say: 'none yet' } as const;
    const momentMs = scene.nowMs + HOUR_MS;
    const hard = measuredAt(scene.nowMs, { credentials: red });
    expect(scene.refuses(scene.request('ana', 'all', { measured: hard })).code).toBe('GATES_RED');
    expect(scene.decide(scene.request('ana', 'all', { measured: hard, momentMs })).ok).toBe(true);
    const soft = measuredAt(scene.nowMs, { workers: red });
    expect(scene.refuses(scene.request('ana', 'all', { measured: soft, momentMs })).code).toBe('GATES_RED');
    const order = askedFor(scene, momentMs, { measured: hard });
    scene.gives('FireArmed', scene.press(order, 'mia', { measured: [] }));
    scene.nowMs = momentMs;
    const again = { credentials: { ...red, atMs: momentMs } };
    expect(scene.refuses(release(scene, order, { measured: measuredAt(momentMs, again) })).code).toBe('HARD_GATE_RED');
    expect(scene.refuses(release(scene, order, { measured: [] })).code).toBe('HARD_GATE_RED');
    expect(
      scene.gives('FireApproved', release(scene, order, { measured: measuredAt(momentMs, { workers: red }) })).redGates,
    ).toMatchObject([{ gate: 'workers' }]);
  });

  test('takes its segments, armed as well as open', () => {
    const scene = Scene.ready();
    armed(scene);
    expect(scene.refuses(scene.request('ben', ['us-ios'])).code).toBe('SEGMENT_TAKEN');
    expect(scene.refuses(scene.request('ben', 'all')).code).toBe('NOTHING_TO_FIRE');
  });
});

describe('at its moment', () => {
  test('it goes within its tolerance, and not after it', () => {
    for (const [lateMs, goes] of [
      [WITHIN_MS, true],
      [WITHIN_MS + 1, false],
    ] as const) {
      const scene = Scene.ready();
      const order = armed(scene);
      scene.nowMs = (order.shown.moment?.atMs ?? 0) + lateMs;
      expect(scene.decide(release(scene, order)).ok).toBe(goes);
    }
    const late = Scene.ready();
    const order = armed(late);
    late.nowMs = (order.shown.moment?.atMs ?? 0) + 60_000;
    expect(late.refuses(release(late, order)).say).toContain(
      'it was to go at 23:30:00 UTC, 60 s ago, and more than 5 s late it does not go by itself.',
    );
  });

  test('held, it waits for a press that fires at once, by another person than who asked', () => {
    const scene = Scene.ready();
    const order = armed(scene);
    expect(scene.refuses(hold(order)).code).toBe('TIME_INVALID');
    scene.nowMs = (order.shown.moment?.atMs ?? 0) + 60_000;
    scene.gives('FireHeld', hold(order, 'the bot was away'));
    expect(scene.order(order.id)).toMatchObject({ state: 'open', armed: null, held: 'the bot was away' });
    expect(scene.refuses(hold(order)).code).toBe('ORDER_NOT_ARMED');
    expect(scene.refuses(release(scene, order)).code).toBe('ORDER_NOT_ARMED');
    expect(scene.refuses(scene.press(scene.order(order.id), 'ana')).code).toBe('SAME_PERSON');
    const approved = scene.gives('FireApproved', scene.press(scene.order(order.id), 'ben'));
    expect(approved).toMatchObject({ by: { person: 'ben' }, pressedAtMs: scene.nowMs });
    expect(approved).not.toHaveProperty('armed');
  });

  test('one that nobody has armed is not armed any more, and is held for a press', () => {
    const scene = Scene.ready();
    const order = askedFor(scene, scene.nowMs + HOUR_MS);
    const pressedAtMs = scene.nowMs + HOUR_MS - 1;
    scene.nowMs += HOUR_MS;
    expect(scene.refuses(scene.press(order)).code).toBe('ORDER_NOT_ARMED');
    // Pressed in time and decided too late is too late.
    expect(scene.refuses(scene.press(order, 'mia', { pressedAtMs })).code).toBe('ORDER_NOT_ARMED');
    scene.gives('FireHeld', hold(order));
    scene.gives('FireApproved', scene.press(scene.order(order.id)));
  });

  test('a press on an armed order says when it goes, and changes nothing', () => {
    const scene = Scene.ready();
    const order = armed(scene);
    expect(scene.refuses(scene.press(order, 'ben'))).toMatchObject({
      code: 'ORDER_ARMED',
      say: expect.stringContaining('armed by Mia Chen; it goes by itself at'),
    });
  });

  test('held and never pressed, it expires', () => {
    const scene = Scene.ready();
    const order = armed(scene);
    scene.nowMs = order.expiresAtMs + 1;
    scene.gives('FireHeld', hold(order));
    scene.gives('FireExpired', { kind: 'expire-order', orderId: order.id });
  });
});

describe('an armed order is off', () => {
  const atItsMoment = (scene: Scene, order: FireOrder) => {
    scene.nowMs = order.shown.moment?.atMs ?? 0;
    return scene.refuses(release(scene, order)).code;
  };

  test.each(['ana', 'mia', 'ben'])('when %s disarms it', (by) => {
    const scene = Scene.ready();
    const order = armed(scene);
    const entry = scene.gives('FireDeclined', { kind: 'decline-fire', by, orderId: order.id, reason: 'late' });
    expect(describeEntry(entry, new Map(), scene.state.orders)).toBe(`disarmed ${order.id}: late`);
    expect(atItsMoment(scene, order)).toBe('ORDER_NOT_OPEN');
    expect(scene.refuses(release(scene, order)).say).toContain('This order was disarmed.');
  });

  test('one that nobody has armed is declined, and said to be', () => {
    const scene = Scene.ready();
    const order = askedFor(scene, scene.nowMs + HOUR_MS);
    const entry = scene.gives('FireDeclined', { kind: 'decline-fire', by: 'mia', orderId: order.id, reason: '' });
    expect(describeEntry(entry, new Map(), scene.state.orders)).toBe(`declined ${order.id}`);
  });

  test('after a halt, lifted or not', () => {
    const scene = Scene.ready();
    const order = armed(scene);
    scene.halt();
    expect(scene.order(order.id).state).toBe('void');
    expect(atItsMoment(scene, order)).toBe('HALTED');
  });

  test('while the switch stands halted, whatever the record says', () => {
    const scene = Scene.ready();
    const order = armed(scene);
    scene.nowMs = order.shown.moment?.atMs ?? 0;
    expect(scene.refuses(release(scene, order, { observedHaltEpoch: 1, observedHalted: true })).code).toBe('HALTED');
  });

  test.each<{ what: string; change: (scene: Scene) => Command }>([
    {
      what: 'the text',
      change: ({ state: { campaign } }) => ({
        kind: 'set-campaign',
        by: 'mia',
        campaign: { ...campaign, deep_link: 'app://else' },
      }),
    },
    {
      what: 'the audience',
      change: () => ({ kind: 'set-audience', by: 'ana', audience: { ...audience, hash: 'b'.repeat(64) } }),
    },
    {
      what: 'the skip list, to another one',
      change: () => ({ kind: 'set-skip-list', by: 'ana', skipList: { hash: 'c'.repeat(64), key: 'k', tokens: 3 } }),
    },
    { what: 'the person who asked leaves', change: () => ({ kind: 'remove-person', person: 'ana', reason: 'gone' }) },
    { what: 'the person who armed leaves', change: () => ({ kind: 'remove-person', person: 'mia', reason: 'gone' }) },
  ])('when $what changes', ({ change }) => {
    const scene = Scene.ready();
    const order = armed(scene);
    scene.does(change(scene));
    expect(scene.order(order.id).state).toBe('void');
    expect(scene.state.shots).toEqual({});
    expect(scene.refuses(release(scene, order)).code).toMatch(/ORDER_NOT_OPEN|CONTENT_CHANGED/);
  });

  test('and stays armed when somebody else leaves', () => {
    const scene = Scene.ready();
    const order = armed(scene);
    scene.does({ kind: 'remove-person', person: 'ben', reason: 'gone' });
    expect(scene.order(order.id).state).toBe('armed');
  });

  test('when a change of the roster is approved', () => {
    const scene = Scene.ready();
    const order = armed(scene);
    const { changeId } = scene.gives('RosterChangeRequested', {
      kind: 'request-roster-change',
      by: 'ana',
      people: people.slice(0, 3),
      reason: 'r',
    });
    scene.does({ kind: 'approve-roster-change', by: 'mia', changeId });
    expect(scene.order(order.id).state).toBe('void');
  });
});

describe('every reader decides it anew', () => {
  const scene = Scene.ready();
  const order = armed(scene);
  scene.nowMs = order.shown.moment?.atMs ?? 0;
  scene.does(release(scene, order));
  const entries = scene.entries;
  const at = (kind: Entry['kind']) => entries.findIndex((entry) => entry.kind === kind);
  const before = (kind: Entry['kind']) => fold(entries.slice(0, at(kind))) ?? scene.state;
  const approved = entries[at('FireApproved')] as EntryOf<'FireApproved'>;
  const arming = entries[at('FireArmed')] as EntryOf<'FireArmed'>;

  test('what the rules gave holds', () => {
    expect(vouchProblem(before('FireArmed'), arming, sha256)).toBeNull();
    expect(vouchProblem(before('FireApproved'), approved, sha256)).toBeNull();
  });

  test.each<{ what: string; forged: Partial<EntryOf<'FireApproved'>>; kind?: Entry['kind'] }>([
    { what: 'names another person as who armed it', forged: { armed: { by: 'ben', seq: arming.seq } } },
    { what: 'names who asked as who armed it', forged: { armed: { by: 'ana', seq: arming.seq } } },
    { what: 'names nobody who armed it', forged: { armed: undefined } as object },
    { what: 'is dated before its moment', forged: { atMs: approved.atMs - 1, pressedAtMs: approved.atMs - 1 } },
    { what: 'is dated after its tolerance', forged: { atMs: approved.atMs + WITHIN_MS + 1 } },
    { what: 'is in the name of a person', forged: { by: { person: 'mia' } } },
    { what: 'comes before anybody armed it', forged: {}, kind: 'FireArmed' },
  ])('an approval that $what is refused', ({ forged, kind = 'FireApproved' }) => {
    expect(vouchProblem(before(kind), { ...approved, ...forged } as Entry, sha256)).not.toBeNull();
  });

  test('an arming by who asked, or by the system, is refused', () => {
    expect(vouchProblem(before('FireArmed'), { ...arming, by: { person: 'ana' } }, sha256)).toContain('SAME_PERSON');
    expect(vouchProblem(before('FireArmed'), { ...arming, by: { system: 'conductor' } }, sha256)).toContain(
      'by the system',
    );
  });

  test('a signature proves one arming: its nonce is used up', () => {
    expect(scene.state.usedNonces).toEqual([]);
    const other = Scene.ready();
    const asked = askedFor(other, other.nowMs + HOUR_MS);
    const key = people[1]?.operator_keys[0] ?? '';
    const via = keyVia(key, other.nowMs);
    other.gives('FireArmed', other.press(asked, 'mia', { via }));
    expect(other.state.usedNonces).toEqual(['n'.repeat(22)]);
    other.nowMs = asked.shown.moment?.atMs ?? 0;
    // Its proof is long over by then: it was held good when it armed.
    expect(other.gives('FireApproved', release(other, asked)).via).toEqual(via);
    expect(other.state.usedNonces).toEqual(['n'.repeat(22)]);
  });

  test('a late account of an armed segment voids it', () => {
    const other = Scene.ready();
    const shot = other.fired(['us-ios']);
    other.halt();
    other.closes(other.shot(shot.id), { 'us-ios': { halted: 100 } });
    const lift = other.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: 'r' });
    other.does({ kind: 'approve-lift', by: 'mia', liftId: lift.liftId });
    const rest = armed(other);
    other.does({
      kind: 'correct-shot',
      shotId: shot.id,
      segments: [segmentTotals('us-ios', 1, 500, { halted: 90 })],
      batch: 'b1',
    });
    expect(other.order(rest.id).state).toBe('void');
  });
});
