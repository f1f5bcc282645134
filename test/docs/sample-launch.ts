import { blankMessage } from '../../infra/aws/channel-message.ts';
import { publicHalf } from '../../infra/aws/keyring.ts';
import type { Command, SegmentsAsked } from '../../runbooks/launch/commands.ts';
import { DEVICE_STATES } from '../../runbooks/launch/entries.ts';
import type { AudienceRef, Entry, ScaleFound, ShotTiming, Via } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { planOf } from '../../runbooks/launch/plan-changes.ts';
import { infrastructureReport } from '../../runbooks/launch/rehearsal-report.ts';
import { runbook as runbookSchema } from '../../runbooks/playbook/schema.ts';
import type { Person, Runbook } from '../../runbooks/playbook/schema.ts';
import type { GivenWords } from '../../runbooks/record/rows.ts';
import { BOT_KEY, testKey, WORKER_KEY } from '../keys.ts';
import { keyVia, Scene, segmentTotals, T0_MS } from '../properties/scene.ts';

/**
 * One launch in which every kind of entry comes about by the command that gives it: the examples of docs/entries.md are its
 * entries. Real decide, real seal, fixed times and keys, so that it is the same record at every run. One piece
 * over 300 lines: the launch is read from its beginning to its end.
 */

export const NEW_WORKER_KEY = publicHalf(testKey(3));

/** What was decided and what it became, with the launch before and after. */
export interface Played {
  command: Command;
  entry: Entry;
  before: Launch | null;
  after: Launch;
}

const audience: AudienceRef = {
  hash: '7c51b27f0d8f3f3d2a55d05e1a0d5fa3a9c4b3d6c60f2f0f6a3f6d1d9f0f8a11',
  manifestKey: 'audiences/7c51b27f0d8f3f3d2a55d05e1a0d5fa3a9c4b3d6c60f2f0f6a3f6d1d9f0f8a11/manifest.json',
  devices: 1_500,
  segments: [
    { id: 'us-ios', platform: 'ios', devices: 1_000, batches: 1, locales: { en: 1_000 } },
    { id: 'us-android', platform: 'android', devices: 500, batches: 1, locales: { en: 500 } },
  ],
  locales: { en: 1_500 },
};

const people: Person[] = [
  {
    id: 'ana',
    name: 'Ana Ortiz',
    roles: ['on-call'],
    slack: ['U0ONCALL'],
    operator_keys: [publicHalf(testKey(4))],
    devices: [
      { platform: 'ios', ref: '1f7d2a7c9d1f4f4ad4ea7a2f5e3b4cbe9e1a0f5c1d3b2a49586776a5b4c3d2e1', locale: 'en' },
    ],
  },
  {
    id: 'mia',
    name: 'Mia Chen',
    roles: ['marketer'],
    slack: ['U0MARKET1'],
    operator_keys: [publicHalf(testKey(5))],
    devices: [],
  },
  { id: 'ben', name: 'Ben Okafor', roles: ['marketer'], slack: ['U0MARKET2'], operator_keys: [], devices: [] },
];
const [ana, mia, ben] = people as [Person, Person, Person];
const zoe: Person = { ...ben, id: 'zoe', name: 'Zoe Park', roles: ['observer'], slack: ['U0OBSERVER'] };

const en = { title: 'Did you see that?', body: 'Do your lesson.' };

const runbook: Runbook = {
  ...runbookSchema.parse({
    version: 1,
    id: 'superbowl',
    title: 'Super Bowl push',
    people: [
      { ...ana, devices: [] },
      { ...mia, devices: [] },
      { ...ben, devices: [] },
    ],
    pool: { name: 'gobutton-workers', scale_target: 'workers', workers: 2 },
    regions: { home: 'us-east-1', standby: 'us-west-2' },
    campaign: { id: 'big-game', default_locale: 'en', locales: { en }, apns: { topic: 'com.example.lingo' } },
    gates: [
      { id: 'workers', title: 'Workers are ready', probe: { kind: 'workers-ready' } },
      { id: 'copy-read', title: 'The copy was read', owner: 'mia' },
    ],
    scale_targets: [{ id: 'workers', kind: 'ecs-service', cluster: 'gobutton', service: 'gobutton-workers' }],
    switches: [{ id: 'dark', title: 'Dark launch', two_people: true }],
    phases: [
      {
        id: 'ready',
        title: 'Get ready',
        steps: [
          { id: 'scale-up', title: 'Start the workers', at: 'T-4h', do: { kind: 'scale', target: 'workers', to: 2 } },
          {
            id: 'remind',
            title: 'Remind everybody',
            at: 'T-1h',
            after: ['workers'],
            deadline: 'T-30m',
            do: { kind: 'remind', say: 'one hour' },
          },
          {
            id: 'ask',
            title: 'Ask before this',
            at: 'T-30m',
            catch_up_within: '0s',
            do: { kind: 'ask', say: 'Is everybody here?' },
          },
          { id: 'banner', title: 'Banner off', at: 'T+1h', do: { kind: 'automation', document: 'lingo-banner' } },
        ],
      },
    ],
  }),
  people,
};

const found: ScaleFound = {
  desired: 0,
  min: null,
  max: null,
  targets: [
    {
      resource: 'service/gobutton/gobutton-workers',
      dimension: 'ecs:service:DesiredCount',
      min: 0,
      max: 4,
      suspended: { in: false, out: false, scheduled: false },
    },
  ],
  indexes: {},
};

const timing: ShotTiming = {
  firstWriteMs: 93,
  p50Ms: 410,
  p95Ms: 655,
  p99Ms: 702,
  lastWriteMs: 731,
  perSecond: 2_052,
  peakPerSecond: 1_377,
};

const viaOf = ({ slack: [slackId = ''] }: Person): Via => ({
  kind: 'slack',
  slackId,
  teamId: 'T0LINGO',
  channelId: 'C0WARROOM',
});

class Player {
  readonly scene = new Scene();
  readonly played: Played[] = [];

  does(command: Command, afterMs = 1_000): Entry {
    this.scene.nowMs += afterMs;
    const before = this.scene.launch;
    const entry = this.scene.does(command);
    this.played.push({ command, entry, before, after: this.scene.state });
    return entry;
  }

  get nowMs(): number {
    return this.scene.nowMs;
  }

  measured(status: 'green' | 'red', ready: number) {
    return { gate: 'workers', status, value: 2 - ready, say: `${ready} of 2 workers are ready`, atMs: this.nowMs };
  }

  asks(lift = false, segments: SegmentsAsked = 'all'): string {
    const ask = this.scene.request('ana', segments, { lift, via: viaOf(ana), measured: [this.measured('green', 2)] });
    return `F${this.does(ask).seq}`;
  }

  /** Ana asks for a moment, Mia arms. */
  arms(momentMs: number, segments: SegmentsAsked = 'all'): string {
    const ask = this.scene.request('ana', segments, {
      momentMs,
      via: viaOf(ana),
      measured: [this.measured('green', 2)],
    });
    const orderId = `F${this.does(ask).seq}`;
    const press = this.scene.press(this.scene.order(orderId), 'mia', { via: viaOf(mia), measured: [] });
    this.does({ ...press, pressedAtMs: this.nowMs + 1_000 } as Command);
    return orderId;
  }

  releases(orderId: string, afterMs: number): string {
    const { epoch: observedHaltEpoch, active: observedHalted } = this.scene.state.halt;
    const measured = [{ ...this.measured('green', 2), atMs: this.nowMs + afterMs }];
    return `S${this.does({ kind: 'release-fire', orderId, measured, observedHaltEpoch, observedHalted }, afterMs).seq}`;
  }

  presses(orderId: string): string {
    const order = this.scene.order(orderId);
    const press = this.scene.press(order, 'mia', { via: viaOf(mia), measured: [this.measured('green', 2)] });
    return `S${this.does({ ...press, pressedAtMs: this.nowMs + 1_000 } as Command).seq}`;
  }
}

const WORKED = 'What worked so that we do it again?';
const given = (seq: number, user: string, text: string, as: GivenWords) => ({
  ...blankMessage(T0_MS),
  ts: `given ${seq}`,
  user,
  text,
  given: as,
  seq,
  hash: String(seq % 10).repeat(64),
});
const ANSWER: GivenWords = { as: 'answer', question: WORKED };
/** Of the sample's chain of channel messages, what people noted and answered. */
export const SAMPLE_WORDS = [
  given(40, 'U0MARKET2', 'The goal was at minute 12.', { as: 'note' }),
  given(42, 'U0MARKET2', 'We all sat in one room.', ANSWER),
  given(43, 'U0SUPPORT', 'The status page was quick.', ANSWER),
] as const;
const placeOf = ({ seq, hash }: (typeof SAMPLE_WORDS)[number]) => ({ seq, hash });

/** The sample, from its creation to what comes after its close. */
export function playSample(): readonly Played[] {
  const player = new Player();
  player.scene.nowMs = T0_MS - 30 * 3_600_000;
  begins(player);
  rehearses(player);
  player.scene.nowMs = T0_MS - 4 * 3_600_000;
  prepares(player);
  changesPeopleAndKeys(player);
  isTakenOver(player);
  readiesTheText(player);
  fires(player);
  ends(player);
  return player.played;
}

function begins(player: Player): void {
  player.does({
    kind: 'create-launch',
    by: 'ana',
    launchId: 'superbowl-2027',
    name: 'Super Bowl',
    channelId: 'C0WARROOM',
    teamId: 'T0LINGO',
    runbook,
    runbookHash: '0d4f3b6c1f2e5a79880b3c5d7e9f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b',
    targetAtMs: T0_MS,
    compress: 1,
  });
  player.does({ kind: 'set-audience', by: 'ana', audience });
  const hash = '3b1e0c5f7a9d2e4b6c8f0a1d3e5b7c9f2a4d6e8b0c1f3a5d7e9b2c4f6a8d0e1b';
  player.does({
    kind: 'set-skip-list',
    by: 'mia',
    skipList: { hash, key: `skip-lists/${hash}.bin`, tokens: 12 },
    adds: null,
  });
}

/** The day before, without sending. */
function rehearses(player: Player): void {
  const rehearsalId = `R${player.does({ kind: 'begin-rehearsal', by: 'ana' }).seq}`;
  const order = { kind: 'order-scale', by: null, target: 'workers', step: null, rehearsal: rehearsalId } as const;
  player.does({ ...order, desired: 2, reason: `rehearsal ${rehearsalId}` });
  player.does({ kind: 'report-scale-found', target: 'workers', found });
  const aws = [{ call: 'ECS UpdateService', requestId: '5d1f3c80-2f6e-4a53-9f0b-6e1c2d7a9b44' }];
  player.does({ kind: 'report-scale', target: 'workers', desired: 2, tookMs: 184_000, stands: 2, aws }, 183_000);
  player.does({ kind: 'turn-rehearsal', by: null, rehearsalId, outcome: 'ready', why: '' }, 20_000);
  player.does({ ...order, desired: 0, reason: `rehearsal ${rehearsalId} is over`, lower: true });
  player.does({ kind: 'report-scale', target: 'workers', desired: 0, tookMs: 31_000, stands: 0 }, 31_000);
  const rehearsal = player.scene.state.rehearsals[rehearsalId];
  if (rehearsal === undefined) throw new Error('SAMPLE_IMPOSSIBLE no rehearsal');
  const report = infrastructureReport(player.scene.state, rehearsal, player.scene.entries);
  player.does({ kind: 'end-rehearsal', rehearsalId, report });
}

function prepares(player: Player): void {
  player.does({ kind: 'report-gate', measured: player.measured('red', 0) });
  player.does({ kind: 'start-step', step: 'scale-up' });
  player.does({ kind: 'report-scale-found', target: 'workers', found });
  const order = { kind: 'order-scale', target: 'workers', step: 'scale-up' } as const;
  player.does({ ...order, by: null, desired: 2, reason: 'step scale-up' });
  player.does(
    {
      kind: 'report-scale-late',
      target: 'workers',
      desired: 2,
      running: 1,
      ready: 0,
      backup: 'ask on-call to scale by hand in the console',
    },
    300_000,
  );
  player.does({ kind: 'report-scale', target: 'workers', desired: 2, tookMs: 342_000, stands: 2 }, 42_000);
  player.does({ kind: 'finish-step', step: 'scale-up', say: 'stands at 2' });
  player.does({ kind: 'report-scale-changed', target: 'workers', desired: 2, found: 1 }, 60_000);
  player.does({ kind: 'report-scale', target: 'workers', desired: 2, tookMs: 4_000, stands: 2 });
  player.does({ kind: 'put-step', step: 'ask', why: 'it came due while no bot ran' }, 13_200_000);
  player.does({
    kind: 'hold-step',
    step: 'remind',
    measured: [{ ...player.measured('red', 1), atMs: player.nowMs + 1_000 }],
  });
  player.does({ kind: 'run-step', by: 'ana', step: 'ask' });
  player.does({ kind: 'answer-step', by: 'mia', step: 'ask', answer: 0 });
  player.does({ kind: 'miss-step', step: 'remind', measured: [] });
  player.does({ kind: 'skip-step', by: 'ana', step: 'remind', reason: 'everybody is here' });
  player.does({ kind: 'move-target', by: 'ana', targetAtMs: T0_MS + 600_000, reason: 'kick-off is late' });
  player.does({ kind: 'set-switch', by: 'ana', switch: 'dark', value: true, reason: 'rehearsed last week' });
  player.does({ kind: 'approve-switch', by: 'mia', requestId: `R${player.scene.state.seq}` });
  player.does({ kind: 'turn-switch', switch: 'zombie', value: true, reason: 'step “Sale is on” of the runbook' });
  player.does({ kind: 'set-switch', by: 'ana', switch: 'pace.ios', value: 800, reason: '' });
}

function changesPeopleAndKeys(player: Player): void {
  player.does({
    kind: 'request-roster-change',
    by: 'ana',
    people: [...people, zoe],
    reason: 'Zoe watches from the stadium',
  });
  player.does({ kind: 'approve-roster-change', by: 'mia', changeId: `P${player.scene.state.seq}` });
  player.does({ kind: 'remove-person', person: 'zoe', reason: 'deactivated in Slack' });
  player.does({
    kind: 'request-key-change',
    by: 'ana',
    keys: [
      { role: 'bot', key: publicHalf(BOT_KEY) },
      { role: 'worker', key: publicHalf(WORKER_KEY) },
      { role: 'worker', key: NEW_WORKER_KEY },
    ],
    reason: 'a second pool helps out',
  });
  player.does({ kind: 'approve-key-change', by: 'mia', changeId: `K${player.scene.state.seq}` });
}

function isTakenOver(player: Player): void {
  const signed = (key: string, nonce: string): Via => keyVia(key, player.nowMs + 1_000, nonce);
  player.does({
    kind: 'take-over',
    by: 'mia',
    via: signed(publicHalf(testKey(5)), 'Yw2uB7n0Rt5kQ9xVZl3Jaw'),
    requestedBy: 'ana',
    requestVia: signed(publicHalf(testKey(4)), 'f8sC1mE4hT6pLd0gXo9Kqg'),
    to: 'us-west-2',
    reason: 'us-east-1 takes no calls since 17:40',
  });
}

function readiesTheText(player: Player): void {
  const campaign = { ...runbook.campaign, locales: { en: { ...en, body: 'Do your lesson now.' } } };
  player.does({ kind: 'set-campaign', by: 'mia', campaign });
  const { entry } = player.played.at(-1) as Played;
  if (entry.kind !== 'CampaignSet') throw new Error(`SAMPLE_OTHER_ENTRY ${entry.kind}`);
  player.does({ kind: 'request-test', by: 'mia', to: ['ana'] });
  player.does({
    kind: 'report-test',
    testId: `T${player.scene.state.seq}`,
    results: [{ person: 'ana', platform: 'ios', accepted: true, reason: '', tookMs: 84, locale: 'en' }],
  });
  player.does({
    kind: 'tick-gate',
    by: 'mia',
    gate: 'copy-read',
    green: true,
    note: 'read on two phones',
    contentHash: entry.contentHash,
  });
  player.does({
    kind: 'request-waiver',
    by: 'ana',
    gate: 'workers',
    segments: 'all',
    worst: 1,
    reason: 'one of two is enough for 1,500 devices',
    endsAtMs: T0_MS + 3_600_000,
  });
  player.does({ kind: 'grant-waiver', by: 'mia', waiverId: `W${player.scene.state.seq}` });
}

function fires(player: Player): void {
  const { scene } = player;
  player.does({ kind: 'decline-fire', by: 'mia', orderId: player.asks(), reason: 'a typo in the title' });
  const kept = player.asks();
  player.does({ kind: 'renew-order', by: 'ana', orderId: kept }, 600_000);
  player.does({ kind: 'decline-fire', by: 'mia', orderId: kept, reason: 'overtime' });
  const late = player.arms(player.nowMs + 600_000);
  const reason = 'it was to go 12 s ago, and more than 5 s late it does not go by itself';
  player.does({ kind: 'hold-fire', orderId: late, reason }, 612_000);
  player.does({ kind: 'expire-order', orderId: late }, runbook.order_expires_after + 1_000);
  const shot = player.presses(player.asks(false, ['us-ios']));
  player.does({
    kind: 'set-halt',
    by: 'ben',
    source: 'slack',
    epoch: 1,
    reason: 'wrong link',
    pressedAtMs: player.nowMs + 900,
  });
  const reasons = { Unregistered: 3 };
  const counted = (halted: number) => [segmentTotals('us-ios', 1, 1_000, { failed: 3, reasons, halted })];
  player.does({ kind: 'close-shot', shotId: shot, cause: 'halt', segments: counted(200) });
  player.does({ kind: 'correct-shot', shotId: shot, segments: counted(180).slice(0, 1), batch: 'us-ios-0' });
  player.does({ kind: 'report-timing', shotId: shot, timing });
  player.does({ kind: 'request-lift', by: 'ana', reason: 'the link was right after all' });
  player.does({ kind: 'approve-lift', by: 'mia', liftId: `L${scene.state.seq}` });
  // Halted once more, from outside, and resumed in one: the approval lifts.
  player.does({ kind: 'set-halt', by: null, source: 'ssm', epoch: 2, reason: '', pressedAtMs: player.nowMs + 900 });
  const rest = player.presses(player.asks(true, 'cut-off'));
  player.does({
    kind: 'close-shot',
    shotId: rest,
    cause: 'complete',
    segments: [segmentTotals('us-ios', 2, scene.devicesOf(scene.shot(rest), 'us-ios'))],
  });
  const last = player.releases(player.arms(player.nowMs + 60_000, ['us-android']), 58_000);
  const android = [segmentTotals('us-android', 1, 500, { uncertain: 4 })];
  player.does({ kind: 'close-shot', shotId: last, cause: 'complete', segments: android });
}

function ends(player: Player): void {
  const [noted] = SAMPLE_WORDS;
  player.does({ kind: 'note', by: 'ben', text: noted.text, item: placeOf(noted) });
  player.does({ kind: 'be-here', by: 'mia' });
  player.does({
    kind: 'measure-surge',
    by: 'ana',
    source: 'load balancer, 23:31 to 23:36',
    openRate: 0.045,
    fleets: [{ target: 'workers', perOpen: 50, perUnit: 250 }],
  });
  player.does({ kind: 'run-step', by: 'ana', step: 'banner' });
  player.does({ kind: 'finish-step', step: 'banner', say: '2 steps in 40 s, execution 4105a4fc' }, 40_000);
  player.does({ kind: 'note', by: null, text: 'A queue was made again.', said: true });
  player.does({ kind: 'note', by: null, text: 'Its queue is read again after 4 s.', said: true, over: true });
  player.does({ kind: 'checkpoint', channelSeq: 41, channelHash: '9'.repeat(64) });
  const plan = { ...planOf(runbook), delivery: { ...runbook.delivery, ios_not_after: 90_000 } };
  player.does({
    kind: 'change-runbook',
    by: 'ana',
    plan,
    runbookHash: '5d9e1f0a2b4c6d8e0f1a3b5c7d9e2f4a6b8c0d1e3f5a7b9c2d4e6f8a0b1c3d5e',
    lines: ['superbowl.yaml:112'],
    reason: 'the second ad runs in the break',
  });
  player.does({ kind: 'approve-runbook-change', by: 'mia', changeId: `B${player.scene.state.seq}` });
  player.does({ kind: 'request-roster-change', by: 'ana', people, reason: 'Zoe watches on' });
  const changeId = `P${player.scene.state.seq}`;
  player.does({ kind: 'expire-change', changeId }, runbook.order_expires_after + 1_000);
  player.does({ kind: 'stand-down', by: 'ana', reason: 'the second ad was pulled' });
  player.does({ kind: 'close-launch', by: 'ana', reason: 'all done' });
  const shot = Object.values(player.scene.state.shots).findLast(({ totals }) => totals !== null);
  const texts = (shot?.totals ?? []).map(({ segment, totals }) => ({
    segment,
    text: 'en',
    states: Object.fromEntries(
      DEVICE_STATES.map((state) => [state, totals[state]] as const).filter(([, one]) => one > 0),
    ),
  }));
  const refused = { key: 'joins/compile-8c1f0e/refused.csv', tokens: 3 };
  player.does({ kind: 'record-outcomes', by: 'ana', shots: [{ shotId: shot?.id ?? '', texts, untold: 0 }], refused });
  const question = WORKED;
  const [, one, other] = SAMPLE_WORDS;
  player.does({ kind: 'answer-question', by: 'ben', question, words: one.text, item: placeOf(one) });
  player.does({
    kind: 'answer-as-guest',
    guest: other.user,
    as: `m${other.seq}`,
    question,
    words: other.text,
    item: placeOf(other),
  });
  const action = { when: 'next', words: 'Raise the edge a day before', owner: 'mia', due: '2027-03-01' } as const;
  player.does({ kind: 'set-action', by: 'ana', actionId: null, ...action });
  player.does({ kind: 'close-action', by: 'mia', actionId: `A${player.scene.state.seq}`, words: 'It is in the plan' });
  player.does({ kind: 'turn-postmortem', by: 'ana', to: 'done', questions: [question] });
  player.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 0, step: null, reason: '', lower: true });
  player.does({ kind: 'report-scale', target: 'workers', desired: 0, tookMs: 30_000, stands: 0 });
  const set = player.played.find(({ entry }) => entry.kind === 'SwitchSet')?.entry;
  const put = [{ call: 'SSM PutParameter', requestId: 'b8f1d0a2-7c4e-4f93-8a15-2d6b90c3e771' }];
  player.does({ kind: 'report-mirror', switch: 'dark', of: set?.seq ?? 0, value: 'on', tookMs: 210, aws: put });
}
