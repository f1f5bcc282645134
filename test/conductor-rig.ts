import { pino } from 'pino';
import { createConductor } from '../bot/conductor/conductor.ts';
import type { Conductor } from '../bot/conductor/conductor.ts';
import type { Timings } from '../bot/conductor/timings.ts';
import type { OutsideConfig } from '../bot/outside/outside-config.ts';
import { createSlackPort } from '../bot/slack/slack-port.ts';
import type { SlackPort } from '../bot/slack/slack-port.ts';
import { fixedToken } from '../bot/slack/slack-token.ts';
import { claimKey } from '../contract/orders.ts';
import type { WorkerReport } from '../contract/report.ts';
import type { CloudConfig } from '../infra/aws/cloud-config.ts';
import type { Cloud } from '../infra/aws/cloud.ts';
import { createCloud, ensureTables } from '../infra/aws/create-cloud.ts';
import { createJournal } from '../infra/aws/journal.ts';
import type { Journal } from '../infra/aws/journal.ts';
import { startLocalCloud } from '../infra/local/cloud/start.ts';
import type { LocalCloud, LocalCloudOptions } from '../infra/local/cloud/start.ts';
import { person, SECRETS, startTestWorkspace, until as untilSeen } from '../infra/local/slack/for-tests.ts';
import type { RoomMessage } from '../infra/local/slack/for-tests.ts';
import type { Workspace } from '../infra/local/slack/start.ts';
import type { Command } from '../runbooks/launch/commands.ts';
import type { DeviceState, Entry, EntryKind, EntryOf } from '../runbooks/launch/entries.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import type { Runbook } from '../runbooks/playbook/schema.ts';
import { stateCode, toAccount } from '../settle/account-codec.ts';
import { botKeyring, workerKeyring } from './keys.ts';
import { putManifest } from './one-batch-manifest.ts';
import { audience, LAUNCH_ID, measuredAt, sampleRunbook, setsLeft, slackVia } from './properties/scene.ts';
import { every } from './ticks.ts';

/** The conductor's surroundings, real ones: local cloud, local Slack, a launch in the record. Time is the system's. */

const POOL = 'gobutton-workers';
export const GROUP = 'backends';

/** Short enough for a test, in the same proportions; but most shots here have no workers, and none shall stand still for that. */
const QUICK: Partial<Timings> = {
  leaseMs: 2_500,
  claimMs: 2_000,
  urgentGraceMs: 200,
  retryMinMs: 50,
  retryMaxMs: 500,
  finalFiguresMs: 100,
  indexMs: 200,
  rollMs: 200,
  gatesMs: 200,
  lossMs: 200,
  stillMs: 600_000,
  gateSettleMs: 0,
  scaleMs: 200,
  scaleChangesMs: 200,
  fleetsMs: 200,
  boardMs: 300,
  liveMs: 300,
  liveDownMs: 200,
  parametersMs: 200,
  shotMs: 200,
  foundHaltMs: 300,
};

export class Rig {
  readonly launchId = LAUNCH_ID;
  readonly cloud: Cloud;
  readonly journal: Journal;
  readonly slack: SlackPort;
  readonly workspace: Workspace;
  /** What our own commands need of the environment. */
  readonly env: Record<string, string>;
  readonly localCloud: LocalCloud;
  readonly #conductors: Conductor[] = [];

  constructor(parts: { cloud: Cloud; workspace: Workspace; localCloud: LocalCloud }) {
    this.cloud = parts.cloud;
    this.workspace = parts.workspace;
    this.localCloud = parts.localCloud;
    this.env = {
      AWS_ENDPOINT_URL: parts.localCloud.url,
      AWS_REGION: 'us-east-1',
      GOBUTTON_BUCKET: 'gobutton',
      LOG_LEVEL: 'silent',
    };
    this.journal = createJournal({ record: parts.cloud.record, staff: parts.cloud.staff, keyring: botKeyring() });
    this.slack = createSlackPort({
      token: fixedToken(SECRETS.botToken),
      apiUrl: parts.workspace.apiUrl,
      log: pino({ level: 'silent' }),
    });
  }

  /** Another bot instance: its own journal cache, its own holder. Stopped with the rig. */
  conductor(
    holder: string,
    options: {
      timings?: Partial<Timings>;
      cloud?: Cloud;
      slack?: SlackPort | null;
      hasEnded?: (holder: string) => boolean;
      outside?: OutsideConfig;
      /** Absent: every second. */ tickMs?: number;
    } = {},
  ): { conductor: Conductor; journal: Journal } {
    const { cloud = this.cloud, slack = this.slack, timings, tickMs, ...rest } = options;
    const journal = createJournal({ record: cloud.record, staff: cloud.staff, keyring: botKeyring() });
    const conductor = createConductor({
      cloud,
      journal,
      slack,
      config: {
        holder,
        timings: { ...QUICK, ...timings },
        ...(tickMs === undefined ? {} : { everySecond: every(tickMs) }),
        ...rest,
      },
      log: pino({ level: process.env['RIG_LOG'] ?? 'silent' }),
    });
    this.#conductors.push(conductor);
    return { conductor, journal };
  }

  /** As a worker of the deployment says it of itself. */
  async reports(...all: WorkerReport[]): Promise<void> {
    for (const report of all) await this.cloud.live.putReport(report, workerKeyring().signer);
  }

  /** Appends, and performs nothing: what is left by an instance that dies right after its append. */
  async append(command: Command): Promise<Entry> {
    const submitted = await this.journal.append(this.launchId, command);
    if (!submitted.ok) throw new Error(`REFUSED ${submitted.code}: ${submitted.say}`);
    return submitted.entry;
  }

  async create(options: { runbook?: Runbook; targetAtMs?: number; ready?: boolean } = {}): Promise<void> {
    await this.append({
      kind: 'create-launch',
      by: 'ana',
      launchId: this.launchId,
      name: 'Super Bowl',
      channelId: 'C0WARROOM',
      runbook: options.runbook ?? sampleRunbook(),
      runbookHash: 'r',
      targetAtMs: options.targetAtMs ?? Date.now() + 86_400_000,
      compress: 1,
    });
    await this.cloud.live.putLaunch({
      launchId: this.launchId,
      name: 'Super Bowl',
      channelId: 'C0WARROOM',
      pool: POOL,
      createdAtMs: Date.now(),
      closed: false,
    });
    if (options.ready === false) return;
    await this.append({ kind: 'set-audience', by: 'ana', audience });
    await this.append({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  }

  async request(segments: string[] | 'all' = 'all', lift = false): Promise<EntryOf<'FireRequested'>> {
    return this.appendAs('FireRequested', {
      kind: 'request-fire',
      by: 'ana',
      segments,
      measured: measuredAt(Date.now()),
      via: slackVia('ana'),
      lift,
      sets: setsLeft(await this.launch()),
    });
  }

  /** What workers would have left in the claims of a segment's first attempt: so many of each state. A further order looks there. */
  async leaves(segment: string, states: Partial<Record<DeviceState, number>>): Promise<void> {
    await putManifest(this.cloud);
    const count = audience.segments.find(({ id }) => id === segment)?.devices ?? 0;
    const codes = new Uint8Array(count).fill(stateCode('accepted'));
    let from = 0;
    for (const [state, devices] of Object.entries(states))
      codes.fill(stateCode(state as DeviceState), from, (from += devices));
    await this.cloud.claims.close(claimKey(this.launchId, segment, 1, `${segment}-0`), toAccount(codes, {}), null);
  }

  approval(order: EntryOf<'FireRequested'>): Command {
    const nowMs = Date.now();
    return {
      kind: 'approve-fire',
      by: 'mia',
      orderId: order.orderId,
      shownHash: order.shownHash,
      pressedAtMs: nowMs,
      measured: measuredAt(nowMs),
      via: slackVia('mia'),
      observedHaltEpoch: 0,
      observedHalted: false,
    };
  }

  async appendAs<K extends EntryKind>(kind: K, command: Command): Promise<EntryOf<K>> {
    const entry = await this.append(command);
    if (!isKind(entry, kind)) throw new Error(`UNEXPECTED_ENTRY ${entry.kind}`);
    return entry;
  }

  async launch(): Promise<Launch> {
    const launch = await this.journal.launch(this.launchId);
    if (launch === null) throw new Error('RIG_NO_LAUNCH');
    return launch;
  }

  async entries<K extends EntryKind>(kind: K): Promise<EntryOf<K>[]> {
    return (await this.journal.entries(this.launchId)).filter((entry) => isKind(entry, kind));
  }

  async messages(containing = ''): Promise<RoomMessage[]> {
    return (await person(this.workspace, 'U0ONCALL').messages()).filter((message) =>
      `${message.text}${message.html}`.includes(containing),
    );
  }

  /** Waits until the channel holds such a message. */
  async seen(containing: string, deadlineMs = 20_000): Promise<RoomMessage> {
    return until(`a message with “${containing}”`, async () => (await this.messages(containing))[0], deadlineMs);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#conductors.map((conductor) => conductor.stop()));
    await this.workspace.stop();
    this.cloud.close();
    await this.localCloud.stop(0);
  }
}

function isKind<K extends EntryKind>(entry: Entry, kind: K): entry is EntryOf<K> {
  return entry.kind === kind;
}

/** `families`: what RunTask may start; the first one compiles audiences. */
export async function startRig(
  options: Partial<Pick<LocalCloudOptions, 'groups' | 'services' | 'families' | 'automations'>> = {},
): Promise<Rig> {
  const [family] = options.families ?? [];
  const localCloud = await startLocalCloud({
    dataDir: null,
    services: [],
    groups: [{ name: GROUP, startDelayMs: 300 }],
    ...options,
  });
  const config: CloudConfig = {
    endpoint: localCloud.url,
    region: 'us-east-1',
    tablePrefix: 'gobutton',
    bucket: 'gobutton',
    audienceTask: family === undefined ? null : { ...family, subnets: ['subnet-1'], groups: [], publicAddress: false },
  };
  await ensureTables(config);
  const workspace = await startTestWorkspace({ rateLimits: false });
  const cloud = createCloud(config);
  await cloud.queues.ensurePool(POOL);
  return new Rig({ cloud, workspace, localCloud });
}

/** As for everything (`for-tests.ts`); a read that the store has not answered in time, on a machine that stands still, is made again. */
export function until<T>(what: string, look: () => T | Promise<T>, deadlineMs?: number): Promise<NonNullable<T>> {
  const patient = async () => {
    try {
      return await look();
    } catch (error) {
      if (error instanceof Error && (AWAY.has(error.name) || codeOf(error).endsWith('_UNAVAILABLE'))) return null;
      throw error;
    }
  };
  return untilSeen<T | null>(what, patient, deadlineMs) as Promise<NonNullable<T>>;
}

/** As the SDK calls it, when a time limit ends a call. */
const AWAY: ReadonlySet<string> = new Set(['AbortError', 'TimeoutError']);
const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '');
