import { describe, expect, test } from 'vitest';
import {
  ANA,
  audience,
  keyVia,
  measuredAt,
  sampleRunbook,
  Scene,
  segmentTotals,
  slackVia,
} from '../../test/properties/scene.ts';
import type { Via } from './entries.ts';
import { evolve } from './evolve.ts';
import { fireableSegments, segmentsMeant } from './remaining.ts';

/** One piece, as fire.ts is: the two-person rule and every way round it are read side by side. */

describe('asking for fire', () => {
  test('is refused with an observer, a stranger, or no launch', () => {
    const scene = Scene.ready();
    expect(scene.refuses(scene.request('olu'))).toEqual({
      code: 'ROLE_MISSING',
      say: 'Olu Adeyemi is observer here; asking for fire needs on-call or marketer. Ask Ana Ortiz, Mia Chen or Ben Okafor.',
    });
    expect(scene.refuses(scene.request('eve')).code).toBe('NOT_ON_ROSTER');
    const empty = new Scene();
    expect(empty.refuses(scene.request()).code).toBe('NO_LAUNCH');
  });

  test('is refused without an audience, for an unknown segment, an empty one, or none', () => {
    const scene = Scene.created();
    expect(scene.refuses(scene.request()).code).toBe('NO_AUDIENCE');
    const segments = [...audience.segments, { id: 'mx-ios', platform: 'ios' as const, devices: 0, batches: 0 }];
    scene.does({ kind: 'set-audience', by: 'ana', audience: { ...audience, segments } });
    scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
    expect(scene.refuses(scene.request('ana', ['fr-ios'])).say).toBe(
      'The audience has no segment fr-ios; it has us-ios, us-android, br-ios and mx-ios.',
    );
    expect(scene.refuses(scene.request('ana', ['mx-ios'])).code).toBe('SEGMENT_EMPTY');
    expect(scene.refuses(scene.request('ana', [])).code).toBe('NOTHING_TO_FIRE');
    expect(scene.refuses(scene.request('ana', ['us-ios', 'fr-ios'])).code).toBe('SEGMENT_UNKNOWN');
    // "All" leaves out what holds nobody.
    expect(scene.asked('all').shown.segments.map(({ segment }) => segment)).toEqual(['us-ios', 'us-android', 'br-ios']);
  });

  test('lists every gate that is red or unknown, and takes a waived one', () => {
    const scene = Scene.ready();
    scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: false, note: 'typo' });
    const red = { workers: { status: 'red', value: 1, say: '1 of 2 ready' } } as const;
    const { code, say } = scene.refuses(
      scene.request('ana', 'all', { measured: measuredAt(scene.nowMs, red).slice(0, 2) }),
    );
    expect(code).toBe('GATES_RED');
    for (const part of [
      '“Workers are ready” is red (1 of 2 ready)',
      '“Queues are empty” is unknown (not measured yet)',
      '“The copy was read” is red',
      'Make them green, or have two people waive what is not hard, then ask again.',
    ])
      expect(say).toContain(part);

    scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
    const { waiverId } = scene.gives('WaiverRequested', {
      kind: 'request-waiver',
      by: 'ana',
      gate: 'workers',
      segments: ['us-ios'],
      worst: 1,
      reason: 'one is enough',
      endsAtMs: scene.nowMs + 60_000,
    });
    const asking = (segments: string[], value: number) =>
      scene.request('ana', segments, { measured: measuredAt(scene.nowMs, { workers: { ...red.workers, value } }) });
    expect(scene.refuses(asking(['us-ios'], 1)).code).toBe('GATES_RED');
    scene.does({ kind: 'grant-waiver', by: 'mia', waiverId });
    expect(scene.refuses(asking(['us-ios'], 2)).code).toBe('GATES_RED');
    expect(scene.refuses(asking(['us-ios', 'br-ios'], 1)).code).toBe('GATES_RED');
    expect(scene.decide(asking(['us-ios'], 1)).ok).toBe(true);
    scene.nowMs += 60_000;
    expect(scene.refuses(asking(['us-ios'], 1)).code).toBe('GATES_RED');
  });

  test('a measurement of 15 s ago counts, one of 16 s ago does not', () => {
    const scene = Scene.ready();
    expect(scene.refuses(scene.request('ana', 'all', { measured: measuredAt(scene.nowMs - 15_001) })).code).toBe(
      'GATES_RED',
    );
    expect(scene.refuses(scene.request('ana', 'all', { measured: measuredAt(scene.nowMs + 15_001) })).code).toBe(
      'GATES_RED',
    );
    expect(scene.decide(scene.request('ana', 'all', { measured: measuredAt(scene.nowMs - 15_000) })).ok).toBe(true);
  });

  test('a segment waits in one order only, and is asked for again once that order is over', () => {
    const scene = Scene.ready();
    const order = scene.asked(['us-ios', 'br-ios']);
    expect(scene.refuses(scene.request('mia', ['us-ios'])).code).toBe('SEGMENT_TAKEN');
    expect(scene.asked('all').shown.segments.map(({ segment }) => segment)).toEqual(['us-android']);
    expect(scene.refuses(scene.request('mia', 'all')).say).toContain('No segment can be fired now');
    scene.nowMs = order.expiresAtMs + 1;
    expect(scene.decide(scene.request('mia', ['us-ios'])).ok).toBe(true);
  });

  test('while a shot runs its segments are refused, the others are not, and the queue gate looks away', () => {
    const scene = Scene.ready();
    scene.fired(['us-ios']);
    expect(scene.refuses(scene.request('ana', ['us-ios'])).code).toBe('SHOT_RUNNING');
    const measured = measuredAt(scene.nowMs, { queues: { status: 'red', value: 900 } });
    expect(scene.decide(scene.request('ana', ['br-ios'], { measured })).ok).toBe(true);
  });

  test('while a shot runs with another skip list nothing else is asked for: workers hold one at a time', () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    expect(scene.decide(scene.request('ana', ['br-ios'])).ok).toBe(true);
    scene.does({ kind: 'set-skip-list', by: 'ana', skipList: { hash: 's', key: 'k', tokens: 1 } });
    expect(scene.refuses(scene.request('ana', ['br-ios']))).toMatchObject({
      code: 'SHOT_RUNNING',
      say: expect.stringContaining(`Shot ${shot.id} (us-ios) still runs with another skip list`) as string,
    });
  });

  test('a message over 4,096 bytes is refused by locale, platform and size', () => {
    const scene = Scene.ready();
    const created = scene.entries[0];
    if (created?.kind !== 'LaunchCreated') throw new Error('unexpected');
    const locales = { ...created.runbook.campaign.locales, 'pt-BR': { title: 'Você viu?', body: 'ã'.repeat(2_100) } };
    // A record of another making: decide itself takes no such campaign.
    let launch = evolve(null, {
      ...created,
      runbook: { ...created.runbook, campaign: { ...created.runbook.campaign, locales } },
    });
    for (const entry of scene.entries.slice(1)) launch = evolve(launch, entry);
    scene.launch = launch;
    expect(scene.refuses(scene.request())).toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      say: expect.stringMatching(/^The pt-BR message is \d{4} bytes on (ios|android); .*4096/),
    });
  });

  test("somebody else's Slack account or key does not ask in one's name", () => {
    const scene = Scene.ready();
    expect(scene.refuses(scene.request('ana', 'all', { via: slackVia('mia') })).code).toBe('PROOF_INVALID');
    expect(scene.refuses(scene.request('mia', 'all', { via: keyVia(ANA.key, scene.nowMs) })).code).toBe(
      'PROOF_INVALID',
    );
    const via = keyVia(ANA.key, scene.nowMs);
    expect(scene.decide(scene.request('ana', 'all', { via })).ok).toBe(true);
    if (via.kind !== 'operator') throw new Error('unexpected');
    for (const bad of [
      { signature: 'AAAA' },
      { nonce: 'short' },
      { expiresAtMs: scene.nowMs },
      { signedAtMs: scene.nowMs - 7_200_000 },
      { signedAtMs: scene.nowMs + 120_000, expiresAtMs: scene.nowMs + 180_000 },
    ]) {
      expect(scene.refuses(scene.request('ana', 'all', { via: { ...via, ...bad } })).code).toBe('PROOF_INVALID');
    }
  });
});

describe('pressing GO', () => {
  test('by a second person gives the shot, with time zero at the press', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    const pressedAtMs = scene.nowMs;
    scene.nowMs += 40;
    const entry = scene.gives('FireApproved', scene.press(order, 'mia', { pressedAtMs }));
    expect(entry).toMatchObject({
      orderId: 'F4',
      shotId: 'S5',
      shownHash: order.shownHash,
      haltEpoch: 0,
      lifts: null,
      redGates: [],
      observed: { haltEpoch: 0, halted: false },
    });
    expect(entry.notAfterAtMs).toEqual({ ios: pressedAtMs + 60_000, android: pressedAtMs + 600_000 });
    expect(scene.shot('S5')).toMatchObject({ requestedBy: 'ana', approvedBy: 'mia', closed: null, haltedAtMs: null });
    expect(scene.refuses(scene.press(order, 'ben'))).toMatchObject({
      code: 'ORDER_NOT_OPEN',
      say: expect.stringContaining('approved by Mia Chen'),
    });
  });

  test('by the requester is refused, whichever of their accounts or keys they press with', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    const vias = [slackVia('ana'), { kind: 'slack' as const, slackId: ANA.secondSlack }, keyVia(ANA.key, scene.nowMs)];
    for (const via of vias) expect(scene.refuses(scene.press(order, 'ana', { via })).code).toBe('SAME_PERSON');
    // Nor under another name with their own account.
    for (const via of vias) expect(scene.refuses(scene.press(order, 'mia', { via })).code).toBe('PROOF_INVALID');
  });

  test('is refused by an observer, for a missing order and for a name that every object has', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    expect(scene.refuses(scene.press(order, 'olu')).code).toBe('ROLE_MISSING');
    expect(scene.refuses(scene.press({ ...order, id: 'F99' })).code).toBe('NO_SUCH_ORDER');
    expect(scene.refuses(scene.press({ ...order, id: 'constructor' })).code).toBe('NO_SUCH_ORDER');
    expect(scene.refuses(scene.press({ ...order, id: '__proto__' })).code).toBe('NO_SUCH_ORDER');
  });

  test('counts until the expiry, by both clocks', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    scene.nowMs = order.expiresAtMs;
    expect(scene.decide(scene.press(order)).ok).toBe(true);
    scene.nowMs += 1;
    expect(scene.refuses(scene.press(order, 'mia', { pressedAtMs: order.expiresAtMs })).code).toBe('ORDER_EXPIRED');
    scene.nowMs -= 1;
    expect(scene.refuses(scene.press(order, 'mia', { pressedAtMs: order.expiresAtMs + 1 })).code).toBe('ORDER_EXPIRED');
    expect(scene.refuses({ kind: 'expire-order', orderId: order.id }).code).toBe('TIME_INVALID');
    scene.nowMs += 1;
    scene.does({ kind: 'expire-order', orderId: order.id });
    expect(scene.refuses({ kind: 'expire-order', orderId: order.id }).code).toBe('ORDER_EXPIRED');
    scene.nowMs -= 10_000;
    expect(scene.refuses(scene.press(order)).code).toBe('ORDER_EXPIRED');
  });

  test('a press from the future, without a time, or so old that its push is late is none', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    scene.nowMs += 60_000;
    for (const offMs of [5_001, -60_000, Number.NaN])
      expect(scene.refuses(scene.press(order, 'mia', { pressedAtMs: scene.nowMs + offMs })).code).toBe('TIME_INVALID');
    for (const offMs of [5_000, -59_999])
      expect(scene.decide(scene.press(order, 'mia', { pressedAtMs: scene.nowMs + offMs })).ok).toBe(true);
    const says = (offMs: number) => scene.refuses(scene.press(order, 'mia', { pressedAtMs: scene.nowMs + offMs })).say;
    expect(says(5_001)).toContain('dated ahead of our clock');
    expect(says(-60_000)).toContain('is 60 s old; what it would send is late by now');
  });

  test('how old a press may be goes by the shortest time of the platforms that it is for', () => {
    const scene = Scene.ready();
    const android = scene.asked(['us-android']);
    const ios = scene.asked(['us-ios']);
    scene.nowMs += 60_000;
    const pressedAtMs = scene.nowMs - 60_000;
    expect(scene.decide(scene.press(android, 'mia', { pressedAtMs })).ok).toBe(true);
    expect(scene.refuses(scene.press(ios, 'mia', { pressedAtMs })).code).toBe('TIME_INVALID');
  });

  test('a press that is dated before its order was asked for is none', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    scene.nowMs += 2_000;
    expect(scene.refuses(scene.press(order, 'mia', { pressedAtMs: order.requestedAtMs - 1 }))).toMatchObject({
      code: 'TIME_INVALID',
      say: expect.stringContaining('dated 1 ms before the order was asked for'),
    });
    expect(scene.decide(scene.press(order, 'mia', { pressedAtMs: order.requestedAtMs })).ok).toBe(true);
  });

  test("a press counts only with an account of the launch's workspace, and in its channel", () => {
    const scene = Scene.ready();
    scene.launch = { ...scene.state, teamId: 'T0OURS' };
    const at = (teamId: string | undefined, channelId: string | undefined, by: string) =>
      ({
        ...slackVia(by),
        ...(teamId === undefined ? {} : { teamId }),
        ...(channelId === undefined ? {} : { channelId }),
      }) as Via;
    expect(scene.refuses(scene.request('ana', ['us-ios'], { via: at('T0THEIRS', 'C0WARROOM', 'ana') }))).toMatchObject({
      code: 'PROOF_INVALID',
      say: expect.stringContaining('another Slack workspace'),
    });
    const order = scene.asked(['us-ios'], { via: at('T0OURS', 'C0WARROOM', 'ana') });
    for (const [team, channel] of [
      ['T0THEIRS', 'C0WARROOM'],
      [undefined, 'C0WARROOM'],
      ['T0OURS', 'C0OTHER'],
      ['T0OURS', undefined],
    ] as const) {
      expect(scene.refuses(scene.press(order, 'mia', { via: at(team, channel, 'mia') })).code).toBe('PROOF_INVALID');
    }
    expect(scene.decide(scene.press(order, 'mia', { via: at('T0OURS', 'C0WARROOM', 'mia') })).ok).toBe(true);
  });

  test('in a record that names no keys nobody asks for fire, and nobody approves', () => {
    const scene = Scene.ready();
    const order = scene.asked(['us-ios']);
    scene.launch = { ...scene.state, keys: [] };
    expect(scene.refuses(scene.request('ana', ['br-ios'])).code).toBe('RECORD_UNSIGNED');
    expect(scene.refuses(scene.press(order)).code).toBe('RECORD_UNSIGNED');
  });

  test('a skip list that only adds to the one before voids nothing: the order is pressed as it was shown, and the shot has the longer list', () => {
    const scene = Scene.ready();
    const order = scene.asked(['us-ios']);
    const list = (hash: string) => ({ hash, key: `skip-lists/${hash}.bin`, tokens: 3 });
    scene.does({ kind: 'set-skip-list', by: 'ana', skipList: list('one'), adds: null });
    scene.does({ kind: 'set-skip-list', by: 'ana', skipList: list('two'), adds: 'one' });
    expect(scene.refuses({ kind: 'set-skip-list', by: 'ana', skipList: list('three'), adds: 'one' }).code).toBe(
      'SKIP_LIST_CHANGED',
    );
    expect(scene.state.orders[order.id]?.state).toBe('open');
    const later = scene.asked(['br-ios']);
    expect(later.shown.skipListHash).toBe('two');
    scene.does(scene.press(order));
    const shot = Object.values(scene.state.shots)[0];
    expect([shot?.shown.skipListHash, shot?.skipList?.hash]).toEqual([null, 'two']);
    // The shot that runs may be served with a longer list, so more can be asked for meanwhile.
    scene.does({ kind: 'set-skip-list', by: 'ana', skipList: list('four'), adds: 'two' });
    expect(scene.state.orders[later.id]?.state).toBe('open');
  });

  test('a list that takes the place of the one before voids what showed the one before, whatever was added later', () => {
    const scene = Scene.ready();
    scene.does({ kind: 'set-skip-list', by: 'ana', skipList: { hash: 'one', key: 'k', tokens: 3 }, adds: null });
    const order = scene.asked();
    scene.does({ kind: 'set-skip-list', by: 'ana', skipList: { hash: 'two', key: 'k', tokens: 3 } });
    expect(scene.state.orders[order.id]?.state).toBe('void');
    scene.does({ kind: 'set-skip-list', by: 'ana', skipList: { hash: 'three', key: 'k', tokens: 3 }, adds: 'two' });
    expect(scene.refuses(scene.press(order)).code).toBe('CONTENT_CHANGED');
  });

  test.each([
    [
      'content',
      (scene: Scene) =>
        scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...scene.state.campaign, deep_link: 'lingo://x' } }),
    ],
    [
      'audience',
      (scene: Scene) =>
        scene.does({ kind: 'set-audience', by: 'ana', audience: { ...audience, hash: 'b'.repeat(64) } }),
    ],
    [
      'skip list',
      (scene: Scene) =>
        scene.does({ kind: 'set-skip-list', by: 'ana', skipList: { hash: 's', key: 'skip-lists/s.bin', tokens: 3 } }),
    ],
  ])('a changed %s voids the order and says who changed it', (what, act) => {
    const scene = Scene.ready();
    const order = scene.asked();
    act(scene);
    expect(scene.order(order.id).state).toBe('void');
    expect(scene.refuses(scene.press(order))).toMatchObject({
      code: 'CONTENT_CHANGED',
      say: expect.stringMatching(`void: (Ana Ortiz|Mia Chen) changed the ${what}`),
    });
  });

  test('content that was changed and changed back stays void', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    const { campaign } = scene.state;
    scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...campaign, sound: 'tada' } });
    scene.does({ kind: 'set-campaign', by: 'mia', campaign });
    expect(scene.refuses(scene.press(order)).code).toBe('ORDER_NOT_OPEN');
  });

  test('a button that shows another hash is refused', () => {
    const scene = Scene.ready();
    expect(scene.refuses(scene.press(scene.asked(), 'mia', { shownHash: 'f'.repeat(64) }))).toEqual({
      code: 'CONTENT_CHANGED',
      say: 'This button shows something else than the order. Look at it again: ask for a new order with /go fire.',
    });
  });

  test('a signature that proved one press proves no other, be it a request or an approval', () => {
    const scene = Scene.ready();
    const asking = scene.request('ana', ['us-ios'], { via: keyVia(ANA.key, scene.nowMs, 'n'.repeat(22)) });
    scene.does(asking);
    expect(
      scene.refuses(scene.request('ana', ['br-ios'], { via: keyVia(ANA.key, scene.nowMs, 'n'.repeat(22)) })),
    ).toMatchObject({ code: 'PROOF_INVALID', say: expect.stringContaining('used before') });
    const order = scene.gives('FireRequested', scene.request('mia', ['br-ios']));
    expect(
      scene.refuses(
        scene.press(scene.order(order.orderId), 'ana', { via: keyVia(ANA.key, scene.nowMs, 'n'.repeat(22)) }),
      ).code,
    ).toBe('PROOF_INVALID');
    scene.does(scene.press(scene.order(order.orderId), 'ana', { via: keyVia(ANA.key, scene.nowMs, 'm'.repeat(22)) }));
    expect(
      scene.refuses(scene.request('ana', ['us-android'], { via: keyVia(ANA.key, scene.nowMs, 'm'.repeat(22)) })).code,
    ).toBe('PROOF_INVALID');
  });

  test('nobody declines, and the clock ends, an order that is not there or over', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    const decline = (orderId: string) => scene.refuses({ kind: 'decline-fire', by: 'mia', orderId, reason: '' }).code;
    expect([decline('F99'), scene.refuses({ kind: 'expire-order', orderId: 'F99' }).code]).toEqual([
      'NO_SUCH_ORDER',
      'NO_SUCH_ORDER',
    ]);
    scene.nowMs = order.expiresAtMs + 1;
    expect(decline(order.id)).toBe('ORDER_EXPIRED');
  });

  test('a declined order stays declined; a requester may withdraw', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    scene.does({ kind: 'decline-fire', by: 'ana', orderId: order.id, reason: '' });
    expect(scene.refuses(scene.press(order)).code).toBe('ORDER_NOT_OPEN');
    expect(scene.refuses({ kind: 'decline-fire', by: 'mia', orderId: order.id, reason: '' }).code).toBe(
      'ORDER_NOT_OPEN',
    );
  });

  test('a hard gate that is red or unknown blocks; other red gates are recorded and do not', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    const red = { status: 'red', say: 'expired' } as const;
    expect(
      scene.refuses(scene.press(order, 'mia', { measured: measuredAt(scene.nowMs, { credentials: red }) })).code,
    ).toBe('HARD_GATE_RED');
    expect(scene.refuses(scene.press(order, 'mia', { measured: [] })).code).toBe('HARD_GATE_RED');
    scene.does({ kind: 'tick-gate', by: 'ben', gate: 'copy-read', green: false, note: 'typo' });
    const { redGates } = scene.gives(
      'FireApproved',
      scene.press(order, 'mia', { measured: measuredAt(scene.nowMs, { workers: { ...red, value: 2 } }) }),
    );
    expect(redGates).toMatchObject([
      { gate: 'workers', status: 'red', value: 2 },
      { gate: 'copy-read', status: 'red', value: null },
    ]);
  });

  test('a gate that nobody has measured is written down as unknown, and one that is waived for these segments is not', () => {
    const scene = Scene.ready();
    const order = scene.asked(['us-ios']);
    const [credentials, , queues] = measuredAt(scene.nowMs);
    if (credentials === undefined || queues === undefined) throw new Error('unexpected');
    const press = scene.press(order, 'mia', { measured: [credentials, queues] });
    expect(scene.decide(press)).toMatchObject({ entry: { redGates: [{ gate: 'workers', status: 'unknown' }] } });
    const waiver = { gate: 'workers', segments: ['us-ios'], worst: null, reason: 'x', endsAtMs: scene.nowMs + 9_000 };
    const { waiverId } = scene.gives('WaiverRequested', { kind: 'request-waiver', by: 'ana', ...waiver });
    scene.does({ kind: 'grant-waiver', by: 'mia', waiverId });
    expect(scene.decide(press)).toMatchObject({ entry: { redGates: [] } });
  });

  test('an order that a clock behind still holds open does not fire a segment that a newer order took', () => {
    const scene = Scene.ready();
    const first = scene.asked(['us-ios']);
    scene.nowMs = first.expiresAtMs + 1;
    const second = scene.gives('FireRequested', scene.request('ben', ['us-ios']));
    scene.nowMs = first.expiresAtMs - 1;
    expect(scene.refuses(scene.press(first)).code).toBe('ORDER_NOT_OPEN');
    expect(scene.order(first.id).voidedBy).toBe(`order ${second.orderId} took its place`);
  });
});

test('an open order does not fire a segment that is being sent, whatever made that so', () => {
  const scene = Scene.ready();
  const order = scene.asked(['us-ios']);
  const running = Scene.ready().fired(['us-ios']);
  // Voiding makes this state impossible; the press does not rely on it.
  scene.launch = { ...scene.state, shots: { [running.id]: running } };
  expect(scene.refuses(scene.press(order))).toMatchObject({
    code: 'SEGMENT_TAKEN',
    say: expect.stringContaining('us-ios is being sent'),
  });
});

describe('what voids an order also stands in the way of its press, were it open all the same', () => {
  test.each([
    { what: 'the content', more: { contentHash: 'c' } },
    { what: 'the audience', more: { audience: { ...audience, hash: 'b' } } },
    { what: 'the skip list', more: { skipList: { hash: 's', key: 'k', tokens: 1 } } },
    {
      what: 'the attempt',
      more: {
        attempts: {
          'us-ios': [{ attempt: 1, shotId: 'S1', devices: 500, closed: true, totals: segmentTotals('us-ios', 1, 500) }],
        },
      },
    },
  ])('$what changed', ({ what, more }) => {
    const scene = Scene.ready();
    const order = scene.asked(['us-ios']);
    scene.launch = { ...scene.state, ...more };
    expect(scene.refuses(scene.press(order))).toEqual({
      code: 'CONTENT_CHANGED',
      say: `Since this order was shown, ${what} changed. Look at it again: ask for a new order with /go fire.`,
    });
  });

  test('a halt that is newer than the one it was to lift', () => {
    const scene = Scene.ready();
    scene.halt();
    const order = scene.asked(['us-ios'], { lift: true });
    scene.launch = { ...scene.state, halt: { ...scene.state.halt, epoch: 2 } };
    expect(scene.refuses(scene.press(order)).say).toContain('This order was to lift an earlier halt.');
  });

  test('one attempt of several', () => {
    const scene = Scene.ready();
    const order = scene.asked(['us-ios', 'br-ios']);
    const totals = segmentTotals('us-ios', 1, 500, { halted: 1 });
    const attempts = { 'us-ios': [{ attempt: 1, shotId: 'S1', devices: 500, closed: true, totals }] };
    scene.launch = { ...scene.state, attempts };
    expect(scene.refuses(scene.press(order)).say).toContain('Since this order was shown, the attempt changed.');
  });

  test('a halt', () => {
    const scene = Scene.ready();
    const order = scene.asked(['us-ios']);
    scene.launch = { ...scene.state, halt: { ...scene.state.halt, active: true } };
    expect(scene.refuses(scene.press(order, 'mia', { observedHalted: false })).code).toBe('HALTED');
  });
});

describe('halt and GO', () => {
  test('nothing is approved while halted, be it in the record or only on the switch yet', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    expect(scene.refuses(scene.press(order, 'mia', { observedHaltEpoch: 1, observedHalted: true })).code).toBe(
      'HALTED',
    );
    expect(scene.refuses(scene.press(order, 'mia', { observedHaltEpoch: 1, observedHalted: false })).code).toBe(
      'HALTED',
    );
    expect(scene.refuses(scene.press(order, 'mia', { observedHaltEpoch: 0, observedHalted: true })).code).toBe(
      'HALTED',
    );
    scene.halt();
    expect(scene.refuses(scene.press(order, 'mia', { observedHalted: false })).say).toContain('halted by Ben Okafor');
    expect(scene.refuses(scene.request('ana', ['us-ios'])).code).toBe('HALTED');
  });

  test('a resume asks for what is left, and its approval lifts the halt that it names in the same entry', () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    expect(scene.refuses(scene.request('ana', ['br-ios'], { lift: true })).code).toBe('NOT_HALTED');
    scene.halt();
    expect(scene.shot(shot.id).haltedAtMs).toBe(scene.nowMs);
    expect(segmentsMeant(scene.state, 'cut-off', scene.nowMs)).toEqual([]);
    expect(scene.refuses(scene.request('ana', 'cut-off', { lift: true })).say).toContain('still being counted');
    scene.closes(scene.shot(shot.id), { 'us-ios': { halted: 120, uncertain: 5 } });
    // br-ios never went out: it is no part of what the halt has cut off.
    expect(fireableSegments(scene.state, scene.nowMs)).toContain('br-ios');
    expect(segmentsMeant(scene.state, 'cut-off', scene.nowMs)).toEqual(['us-ios']);
    const order = scene.asked('cut-off', { lift: true });
    expect(scene.refuses(scene.request('mia', 'cut-off', { lift: true })).say).toContain(
      'Ana Ortiz has asked for what the halt cut off already',
    );
    expect(order).toMatchObject({ devices: 120, lifts: 1, shown: { segments: [{ segment: 'us-ios', attempt: 2 }] } });
    scene.gives('FireApproved', scene.press(order));
    expect(scene.state.halt).toMatchObject({ active: false, epoch: 1 });
    expect(scene.state.attempts['us-ios']).toMatchObject([
      { attempt: 1, devices: 500, closed: true },
      { attempt: 2, devices: 120, closed: false },
    ]);
  });

  test('an order that was asked for before a halt is void after it, also once the halt is lifted', () => {
    const scene = Scene.ready();
    const order = scene.asked(['us-ios']);
    scene.halt();
    expect(scene.order(order.id).state).toBe('void');
    const { liftId } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: '' });
    scene.does({ kind: 'approve-lift', by: 'mia', liftId });
    expect(scene.refuses(scene.press(order))).toMatchObject({
      code: 'HALTED',
      say: expect.stringContaining('asked for before a halt is void after it'),
    });
    expect(scene.decide(scene.press(scene.asked(['us-ios']))).ok).toBe(true);
  });

  test('a resume lifts its halt on a switch that stands at this very halt, or at none', () => {
    const scene = Scene.ready();
    scene.halt('ben', 3);
    const order = scene.asked(['us-ios'], { lift: true });
    const press = (observedHaltEpoch: number, observedHalted: boolean) =>
      scene.decide(scene.press(order, 'mia', { observedHaltEpoch, observedHalted })).ok;
    expect([press(3, true), press(3, false), press(0, false), press(2, true)]).toEqual([true, true, true, false]);
  });

  test('a resume does not lift a halt that came after it was asked for', () => {
    const scene = Scene.ready();
    scene.halt();
    const order = scene.asked(['us-ios'], { lift: true });
    scene.halt('mia', 2);
    expect(scene.refuses(scene.press(order)).code).toBe('HALTED');
    expect(scene.refuses(scene.press(order, 'mia', { observedHaltEpoch: 1 })).code).toBe('HALTED');
  });
});

test('a segment that went out whole has nothing left, and uncertain devices count only under policy resend', () => {
  const asks = (uncertain: 'leave' | 'resend') => {
    const scene = Scene.ready(sampleRunbook({ delivery: { uncertain } }));
    scene.closes(scene.fired(['us-ios']), { 'us-ios': { uncertain: 7 } });
    return scene.decide(scene.request('ana', ['us-ios']));
  };
  expect(asks('leave')).toMatchObject({ ok: false, code: 'NOTHING_TO_FIRE' });
  expect(asks('resend')).toMatchObject({
    ok: true,
    entry: { devices: 7, shown: { segments: [{ segment: 'us-ios', attempt: 2 }] } },
  });
});
