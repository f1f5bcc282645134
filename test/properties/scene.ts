import { sealEntry } from '../../infra/aws/seal.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import type { Command, Decision, RefusalCode, SegmentsAsked } from '../../runbooks/launch/commands.ts';
import { decide } from '../../runbooks/launch/decide.ts';
import type {
  AudienceRef,
  Entry,
  EntryKind,
  EntryOf,
  FrozenSet,
  Measured,
  SegmentTotals,
  Totals,
  Via,
} from '../../runbooks/launch/entries.ts';
import { evolve } from '../../runbooks/launch/evolve.ts';
import type { FireOrder, Launch, Shot } from '../../runbooks/launch/launch.ts';
import { nextAttempt, remainingDevices } from '../../runbooks/launch/remaining.ts';
import { runbook as runbookSchema } from '../../runbooks/playbook/schema.ts';
import type { Person, Runbook } from '../../runbooks/playbook/schema.ts';
import { botKeyring } from '../keys.ts';

/** A small launch with fixed people, times and gates, for tests of the core: real decide, real evolve, real hashes. One piece over 300 lines: its people, gates and audience name each other. */

export const T0_MS = Date.UTC(2027, 1, 14, 23, 30);
export const LAUNCH_ID = 'superbowl-2027';

/** One person, two accounts and a key: the roster knows that they are the same human. */
export const ANA = {
  id: 'ana',
  slack: 'U0ONCALL',
  secondSlack: 'U0ANALAPTOP',
  key: 'MCowBQYDK2VwAyEAJNS5b1jabUqFEjE7vQKijr8MqV3sbkyG73jOfwHniKw=',
};

export const people: Person[] = [
  {
    id: 'ana',
    name: 'Ana Ortiz',
    roles: ['on-call'],
    slack: [ANA.slack, ANA.secondSlack],
    operator_keys: [ANA.key],
    devices: [{ platform: 'ios', token: 'face0123', locale: 'en' }],
  },
  {
    id: 'mia',
    name: 'Mia Chen',
    roles: ['marketer'],
    slack: ['U0MARKET1'],
    operator_keys: ['MCowBQYDK2VwAyEApq4HrVVsX5NIzAnBbtF6Q35lrMceaJwbGfhy8dqzycE='],
    devices: [],
  },
  { id: 'ben', name: 'Ben Okafor', roles: ['marketer'], slack: ['U0MARKET2'], operator_keys: [], devices: [] },
  { id: 'olu', name: 'Olu Adeyemi', roles: ['observer'], slack: ['U0OBSERVER'], operator_keys: [], devices: [] },
];

export function sampleRunbook(overrides: Record<string, unknown> = {}): Runbook {
  return runbookSchema.parse({
    version: 1,
    id: 'superbowl',
    title: 'Super Bowl push',
    people,
    pool: { name: 'gobutton-workers', scale_target: 'workers', workers: 2 },
    campaign: {
      id: 'big-game',
      default_locale: 'en',
      locales: {
        en: { title: 'Did you see that?', body: 'Do your lesson.' },
        'pt-BR': { title: 'Você viu?', body: 'Faça sua lição.' },
      },
      apns: { topic: 'com.example.lingo' },
    },
    gates: [
      { id: 'credentials', title: 'Credentials are fresh', hard: true, probe: { kind: 'credentials' } },
      { id: 'workers', title: 'Workers are ready', probe: { kind: 'workers-ready' } },
      { id: 'queues', title: 'Queues are empty', probe: { kind: 'queue-empty', queue: 'batches' } },
      { id: 'copy-read', title: 'The copy was read', owner: 'mia' },
    ],
    scale_targets: [{ id: 'workers', kind: 'ecs-service', cluster: 'gobutton', service: 'gobutton-workers' }],
    switches: [
      { id: 'sale', title: 'Sale banner' },
      { id: 'dark', title: 'Dark launch', two_people: true },
    ],
    phases: [
      {
        id: 'ready',
        title: 'Get ready',
        steps: [
          { id: 'scale-up', title: 'Start the workers', at: 'T-4h', do: { kind: 'scale', target: 'workers', to: 2 } },
          { id: 'remind', title: 'Remind everybody', at: 'T-1h', do: { kind: 'remind', say: 'one hour' } },
          { id: 'ask', title: 'Ask before this', at: 'T-30m', catch_up_within: '0s', do: { kind: 'checklist' } },
        ],
      },
      {
        id: 'go',
        title: 'Go',
        steps: [{ id: 'window', title: 'The window opens', at: 'T', do: { kind: 'fire-window' } }],
      },
    ],
    ...overrides,
  });
}

export const audience: AudienceRef = {
  hash: 'a'.repeat(64),
  manifestKey: `audiences/${'a'.repeat(64)}/manifest.json`,
  devices: 1_000,
  segments: [
    { id: 'us-ios', platform: 'ios', devices: 500, batches: 1 },
    { id: 'us-android', platform: 'android', devices: 300, batches: 1 },
    { id: 'br-ios', platform: 'ios', devices: 200, batches: 1 },
  ],
  locales: { en: 800, 'pt-BR': 200 },
};

export function slackVia(person: string): Via {
  return { kind: 'slack', slackId: people.find(({ id }) => id === person)?.slack[0] ?? 'UNOBODY' };
}

export function keyVia(publicKey: string, nowMs: number, nonce = 'n'.repeat(22)): Via {
  return {
    kind: 'operator',
    publicKey,
    signature: `${'A'.repeat(86)}==`,
    nonce,
    signedAtMs: nowMs - 1_000,
    expiresAtMs: nowMs + 60_000,
  };
}

/** Every automatic gate green, but for those named. */
export function measuredAt(atMs: number, red: Partial<Record<string, Partial<Measured>>> = {}): Measured[] {
  return ['credentials', 'workers', 'queues'].map((gate) => ({
    gate,
    status: 'green',
    value: 0,
    say: 'fine',
    atMs,
    ...red[gate],
  }));
}

/** Those too that every launch has, whatever its runbook says: as the leader keeps them. */
export const keptAt = (atMs: number, red: Partial<Record<string, Partial<Measured>>> = {}): Measured[] => [
  ...measuredAt(atMs, red),
  ...['clocks-agree', 'providers-met', 'one-version'].map((gate): Measured => ({
    gate,
    status: 'green',
    value: 0,
    say: 'fine',
    atMs,
  })),
];

export function totals(parts: Partial<Totals>): Totals {
  return { accepted: 0, failed: 0, uncertain: 0, halted: 0, late: 0, skipped: 0, reasons: {}, ...parts };
}

/** Totals in which everything that `rest` leaves was accepted. */
export function segmentTotals(
  segment: string,
  attempt: number,
  devices: number,
  rest: Partial<Totals> = {},
): SegmentTotals {
  const { reasons: _, reachable: __, ...states } = totals(rest);
  const taken = Object.values(states).reduce((sum, count) => sum + count, 0);
  return { segment, attempt, devices, totals: totals({ ...rest, accepted: (rest.accepted ?? 0) + devices - taken }) };
}

/** Who is left, as the claims of a launch would say whose totals the record has right. */
export function setsLeft(launch: Launch): FrozenSet[] {
  return (launch.audience?.segments ?? []).flatMap(({ id: segment }) => {
    const attempt = nextAttempt(launch, segment);
    return attempt === 1
      ? []
      : [
          {
            segment,
            attempt,
            devices: remainingDevices(launch, segment),
            hash: `left-${segment}-${attempt}`,
            seq: launch.seq,
          },
        ];
  });
}

/** A launch under a clock that only the test moves. */
export class Scene {
  launch: Launch | null = null;
  nowMs = T0_MS - 3_600_000;
  readonly entries: Entry[] = [];
  readonly keyring = botKeyring();

  /** A launch with its audience, everything green and ticked, one minute before its target. */
  static ready(runbook: Runbook = sampleRunbook()): Scene {
    const scene = Scene.created(runbook);
    scene.does({ kind: 'set-audience', by: 'ana', audience });
    scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
    return scene;
  }

  static created(runbook: Runbook = sampleRunbook()): Scene {
    const scene = new Scene();
    scene.does({
      kind: 'create-launch',
      by: 'ana',
      launchId: LAUNCH_ID,
      name: 'Super Bowl',
      channelId: 'C0WARROOM',
      runbook,
      runbookHash: 'r',
      targetAtMs: T0_MS,
      compress: 1,
    });
    return scene;
  }

  get state(): Launch {
    if (this.launch === null) throw new Error('SCENE_NO_LAUNCH');
    return this.launch;
  }

  decide(command: Command): Decision {
    return decide(this.launch, command, { nowMs: this.nowMs, sha256, keys: this.keyring.named });
  }

  /** Decides, expects acceptance, folds the entry. */
  does(command: Command): Entry {
    const decision = this.decide(command);
    if (!decision.ok) throw new Error(`SCENE_REFUSED ${command.kind}: ${decision.code} ${decision.say}`);
    const head = { seq: this.launch?.seq ?? 0, hash: this.launch?.headHash ?? '' };
    const entry = sealEntry(LAUNCH_ID, head, decision.entry, {
      token: `token-${head.seq + 1}`,
      signer: this.keyring.signer,
    });
    this.launch = evolve(this.launch, entry);
    this.entries.push(entry);
    return entry;
  }

  gives<K extends EntryKind>(kind: K, command: Command): EntryOf<K> {
    const entry = this.does(command);
    if (entry.kind !== kind) throw new Error(`SCENE_OTHER_ENTRY ${entry.kind}, expected ${kind}`);
    return entry as EntryOf<K>;
  }

  /** Decides, expects a refusal, changes nothing. */
  refuses(command: Command): { code: RefusalCode; say: string } {
    const decision = this.decide(command);
    if (decision.ok) throw new Error(`SCENE_ACCEPTED ${command.kind}: ${decision.entry.kind}`);
    return { code: decision.code, say: decision.say };
  }

  request(
    by = 'ana',
    segments: SegmentsAsked = 'all',
    more: Partial<Extract<Command, { kind: 'request-fire' }>> = {},
  ): Command {
    return {
      kind: 'request-fire',
      by,
      segments,
      measured: measuredAt(this.nowMs),
      via: slackVia(by),
      lift: false,
      sets: setsLeft(this.state),
      ...more,
    };
  }

  press(order: FireOrder, by = 'mia', more: Partial<Extract<Command, { kind: 'approve-fire' }>> = {}): Command {
    return {
      kind: 'approve-fire',
      by,
      orderId: order.id,
      shownHash: order.shownHash,
      pressedAtMs: this.nowMs,
      measured: measuredAt(this.nowMs),
      via: slackVia(by),
      observedHaltEpoch: this.state.halt.epoch,
      observedHalted: this.state.halt.active,
      ...more,
    };
  }

  /** Ana asks; the order waits. */
  asked(segments: SegmentsAsked = 'all', more: Partial<Extract<Command, { kind: 'request-fire' }>> = {}): FireOrder {
    const { orderId } = this.gives('FireRequested', this.request('ana', segments, more));
    return this.order(orderId);
  }

  /** Ana asks, Mia presses; the shot runs. */
  fired(segments: SegmentsAsked = 'all', more: Partial<Extract<Command, { kind: 'request-fire' }>> = {}): Shot {
    const { shotId } = this.gives('FireApproved', this.press(this.asked(segments, more)));
    return this.shot(shotId);
  }

  order(id: string): FireOrder {
    const order = this.state.orders[id];
    if (order === undefined) throw new Error(`SCENE_NO_ORDER ${id}`);
    return order;
  }

  shot(id: string): Shot {
    const shot = this.state.shots[id];
    if (shot === undefined) throw new Error(`SCENE_NO_SHOT ${id}`);
    return shot;
  }

  halt(by: string | null = 'ben', epoch = this.state.halt.epoch + 1): void {
    this.does({ kind: 'set-halt', by, source: 'slack', epoch, reason: 'wrong link', pressedAtMs: this.nowMs });
  }

  /** Closes with everything accepted but `rest`, per segment. */
  closes(shot: Shot, rest: Record<string, Partial<Totals>> = {}): void {
    const segments = shot.segments.map(({ segment, attempt }) => {
      const { variants } = shot.audience.segments.find(({ id }) => id === segment) ?? {};
      const whole = segmentTotals(segment, attempt, this.devicesOf(shot, segment), rest[segment]);
      if (variants === undefined) return whole;
      const apart = Object.entries(variants).map(([variant, devices]) => {
        const { totals: states } = segmentTotals(segment, attempt, devices);
        return { variant, devices, totals: states };
      });
      return { ...whole, variants: apart };
    });
    this.does({ kind: 'close-shot', shotId: shot.id, cause: shot.haltedAtMs === null ? 'complete' : 'halt', segments });
  }

  devicesOf(shot: Shot, segment: string): number {
    return (
      this.state.attempts[segment]?.find(({ shotId }) => shotId === shot.id)?.devices ??
      remainingDevices(this.state, segment)
    );
  }
}
