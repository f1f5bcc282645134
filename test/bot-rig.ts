import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { startBot } from '../bot/start-bot.ts';
import type { Bot, BotOptions } from '../bot/start-bot.ts';
import type { CloudConfig } from '../infra/aws/cloud-config.ts';
import type { Cloud } from '../infra/aws/cloud.ts';
import { createCloud } from '../infra/aws/create-cloud.ts';
import { createJournal } from '../infra/aws/journal.ts';
import type { Journal } from '../infra/aws/journal.ts';
import { localCloudForTests } from '../infra/local/cloud/for-tests.ts';
import { person, SECRETS, startTestWorkspace, until } from '../infra/local/slack/for-tests.ts';
import type { RoomMessage } from '../infra/local/slack/for-tests.ts';
import type { Workspace, WorkspaceOptions } from '../infra/local/slack/start.ts';
import type { AudienceRef } from '../runbooks/launch/entries.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import { loadRunbook } from '../runbooks/playbook/load.ts';
import { botKeyring } from './keys.ts';

/*
 * One piece over 300 lines: a runbook, the bot that runs it, and how a test types, presses and signs in its room.
 */

/** A runbook whose gates need no workers: one measured and hard, one ticked by a person, one that is red until it is waived. */
export const RUNBOOK = `
version: 1
id: drill
title: Fire drill
people:
  - { id: ana, name: Ana Ortiz, roles: [on-call], slack: [U0ONCALL], devices: [{ platform: ios, token: face0a0a00000000000000000000000000000000000000000000000000000001 }] }
  - { id: mia, name: Mia Chen, roles: [marketer], slack: [U0MARKET1] }
  - { id: ben, name: Ben Okafor, roles: [marketer], slack: [U0MARKET2] }
  - { id: olu, name: Olu Adeyemi, roles: [observer], slack: [U0OBSERVER] }
pool: { name: drill-workers, scale_target: workers, workers: 1 }
campaign:
  id: drill
  default_locale: en
  locales:
    en: { title: "Drill <now> & here", body: "This is only a drill." }
    de: { title: Übung, body: Dies ist nur eine Übung. }
  apns: { topic: com.example.drill }
order_expires_after: 10m
gates:
  - { id: payload, title: Payload fits, hard: true, probe: { kind: payload-size } }
  - { id: copy-read, title: Somebody has read the copy, owner: mia }
scale_targets:
  - { id: workers, kind: ecs-service, cluster: gobutton, service: drill-workers, title: Send workers }
switches:
  - { id: banner, title: In-app banner, two_people: true }
phases:
  - id: day
    title: The day
    steps:
      - { id: hello, title: War room opens, at: T-8h, do: { kind: remind, say: Hello. } }
      - { id: later, title: Wrap up, at: T+8h, do: { kind: remind, say: Bye. } }
`;

export const AUDIENCE: AudienceRef = {
  hash: 'a'.repeat(64),
  manifestKey: `audiences/${'a'.repeat(64)}/manifest.json`,
  devices: 3_000,
  segments: [
    { id: 'us-ios', platform: 'ios', devices: 2_000, batches: 2 },
    { id: 'us-android', platform: 'android', devices: 1_000, batches: 1 },
  ],
  locales: { en: 2_500, de: 500 },
};

export type Someone = ReturnType<typeof person>;

export interface Rig {
  workspace: Workspace;
  cloud: Cloud;
  config: CloudConfig;
  journal: Journal;
  bot: Bot;
  runbooksDir: string;
  ana: Someone;
  mia: Someone;
  ben: Someone;
  olu: Someone;
  nowMs(): number;
  /** Moves the clock of bot and workspace ahead. */
  later(ms: number): void;
  /** Types and gives the answer that only this person sees, as text of all its blocks. */
  ask(who: Someone, text: string): Promise<string>;
  /** Presses the newest button with this action id that the person sees, and gives the private answer. */
  press(who: Someone, actionId: string, value?: string): Promise<string>;
  /** HTTP mode: a signed press, whether the button is still there or not, and its private answer. */
  pressAnyway(
    who: Someone,
    slackId: string,
    actionId: string,
    value: Record<string, string>,
    from?: { teamId?: string; channelId?: string },
  ): Promise<string>;
  launch(): Promise<Launch>;
  /** A launch as `/go create` makes it, without asking Slack. */
  createInRecord(channelId?: string): Promise<{ launchId: string }>;
  /** From now on nothing of AWS answers. */
  cutCloud(): Promise<void>;
  stop(): Promise<void>;
}

export interface RigOptions {
  mode?: 'socket' | 'http';
  workspace?: Partial<WorkspaceOptions>;
  log?: Logger;
  /** Of a stand-in of the ECS agent; absent: the bot is no task. */
  agentUri?: string;
  /** Where browsers are said to reach the bot; absent: nowhere. */
  publicUrl?: string;
  /** As the bot's. */
  stopWithinMs?: number;
  reread?: BotOptions['reread'];
  /** What the bot has in place of the cloud's address: a proxy before it, say. */
  cloudAt?: (url: string) => Promise<string>;
  /** Before the bot starts. */
  before?: (workspace: Workspace) => void;
}

/** The real bot against the real local workspace and the real local cloud, with short clocks. */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const mode = options.mode ?? 'socket';
  const local = await localCloudForTests();
  let aheadMs = 0;
  let isCut = false;
  const nowMs = () => Date.now() + aheadMs;
  const workspace = await startTestWorkspace({ rateLimits: false, nowMs, ...options.workspace });
  options.before?.(workspace);
  const runbooksDir = await mkdtemp(join(tmpdir(), 'gobutton-runbooks-'));
  await writeFile(join(runbooksDir, 'drill.yaml'), RUNBOOK);
  const behind =
    options.cloudAt === undefined ? null : createCloud({ ...local.config, endpoint: await options.cloudAt(local.url) });
  const cloud = behind ?? local.cloud;
  const journal = createJournal({ record: cloud.record, staff: local.cloud.staff, keyring: botKeyring(), nowMs });
  const bot = await startBot({
    config: {
      slack: {
        apiUrl: workspace.apiUrl,
        receive: mode === 'socket' ? { mode, connections: 2 } : { mode },
        secrets: {
          botToken: SECRETS.botToken,
          appToken: mode === 'socket' ? SECRETS.appToken : null,
          signingSecret: mode === 'http' ? SECRETS.signingSecret : null,
        },
        secretName: null,
      },
      host: '127.0.0.1',
      port: 0,
      publicUrl: options.publicUrl ?? null,
      cloud: local.config,
      runbooksDir,
      outside: { pagerDuty: null, webhooks: {} },
      version: null,
      overQuotas: null,
      metadataUri: null,
      agentUri: options.agentUri ?? null,
      tracing: null,
      logLevel: 'silent',
      keyring: journal.keyring,
    },
    cloud,
    journal,
    holder: 'rig',
    log: options.log ?? pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
    nowMs,
    timings: { boardMs: 200, gatesMs: 200, stillMs: 600_000 },
    ...(options.stopWithinMs === undefined ? {} : { stopWithinMs: options.stopWithinMs }),
    ...(options.reread === undefined ? {} : { reread: options.reread }),
  });
  if (mode === 'http') workspace.setRequestUrl(`http://127.0.0.1:${bot.port}/slack/events`);
  await bot.connected;

  const privateMessages = async (who: Someone) =>
    (await who.messages()).filter((message) => message.ephemeralTo !== undefined);
  const nextAnswer = async (who: Someone, act: () => Promise<{ ok: boolean; error?: string }>) => {
    const before = new Set((await privateMessages(who)).map((message) => message.ts));
    const outcome = await act();
    if (!outcome.ok) throw new Error(`the workspace says ${outcome.error ?? JSON.stringify(outcome)}`);
    const message = await until('a private answer', async () =>
      (await privateMessages(who)).find((one) => !before.has(one.ts)),
    );
    return textOf(message);
  };
  return {
    workspace,
    cloud: local.cloud,
    config: local.config,
    journal,
    bot,
    runbooksDir,
    nowMs,
    ana: person(workspace, 'U0ONCALL'),
    mia: person(workspace, 'U0MARKET1'),
    ben: person(workspace, 'U0MARKET2'),
    olu: person(workspace, 'U0OBSERVER'),
    later: (ms) => {
      aheadMs += ms;
    },
    ask: (who, text) => nextAnswer(who, () => who.go(text)),
    async press(who, actionId, value) {
      const button = await until(`a button ${actionId}`, async () =>
        buttonsOf(await who.messages(), actionId).findLast((one) => value === undefined || one.value.includes(value)),
      );
      return nextAnswer(who, () => who.press(button.ts, actionId, { block_id: button.blockId, value: button.value }));
    },
    pressAnyway: (who, slackId, actionId, value, from) =>
      nextAnswer(who, async () => {
        const { status } = await signedPost({ bot, nowMs }, pressBody(slackId, actionId, value, from), FORM);
        return status === 200 ? { ok: true } : { ok: false, error: String(status) };
      }),
    async launch() {
      const [item] = await local.cloud.live.launches();
      const launch = item === undefined ? null : await journal.launch(item.launchId);
      if (launch === null) throw new Error('there is no launch');
      return launch;
    },
    async createInRecord(channelId = 'C0WARROOM') {
      const loaded = loadRunbook(RUNBOOK, 'drill.yaml');
      if (!loaded.ok) throw new Error('RIG_RUNBOOK');
      const launchId = 'drill-in-record';
      await bot.conductor.willCreate({
        launchId,
        name: 'Fire drill',
        channelId,
        pool: loaded.runbook.pool.name,
        createdAtMs: nowMs(),
        closed: false,
      });
      const created = await bot.conductor.execute(launchId, {
        kind: 'create-launch',
        by: 'ana',
        launchId,
        name: 'Fire drill',
        channelId,
        runbook: loaded.runbook,
        runbookHash: 'r',
        targetAtMs: nowMs() + 3_600_000,
        compress: 1,
      });
      if (!created.ok) throw new Error(created.say);
      return { launchId };
    },
    async cutCloud() {
      isCut = true;
      await local.localCloud.stop();
    },
    async stop() {
      await bot.stop();
      behind?.close();
      await workspace.stop();
      if (!isCut) await local.stop();
      await rm(runbooksDir, { recursive: true, force: true });
    },
  };
}

/** A created launch with an audience and its manual gate ticked: one `fire` away from an order. */
export async function readyLaunch(rig: Rig): Promise<Launch> {
  await rig.ask(rig.ana, 'create drill in 1h');
  const { id } = await rig.launch();
  for (const command of [
    { kind: 'set-audience', by: 'ana', audience: AUDIENCE },
    { kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' },
  ] as const) {
    const answer = await rig.bot.conductor.execute(id, command);
    if (!answer.ok) throw new Error(answer.say);
  }
  return rig.launch();
}

export interface FoundButton {
  ts: string;
  blockId: string;
  value: string;
  label: string;
}

export function buttonsOf(messages: readonly RoomMessage[], actionId: string): FoundButton[] {
  return messages.flatMap((message) =>
    message.blocks.flatMap((block) => {
      const elements = [
        ...((block['elements'] as Record<string, unknown>[] | undefined) ?? []),
        ...(block['accessory'] === undefined ? [] : [block['accessory'] as Record<string, unknown>]),
      ];
      return elements
        .filter((element) => element['action_id'] === actionId)
        .map((element) => ({
          ts: message.ts,
          blockId: String(block['block_id']),
          value: String(element['value']),
          label: String((element['text'] as { text: string } | undefined)?.text),
        }));
    }),
  );
}

/** The text of a message with all its blocks. */
export function textOf(message: RoomMessage): string {
  const texts = (value: unknown): string[] => {
    if (Array.isArray(value)) return value.flatMap(texts);
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, one]) =>
      key === 'text' && typeof one === 'string' ? [one] : texts(one),
    );
  };
  return [message.text, ...texts(message.blocks)].join('\n');
}

export interface Signed {
  secret?: string;
  atMs?: number;
  signature?: string | null;
}

/** Posts to the bot as Slack does in HTTP mode, signed; a form body for interactions and commands, JSON for events. */
export async function signedPost(
  rig: Pick<Rig, 'bot' | 'nowMs'>,
  body: string,
  contentType: string,
  signed: Signed = {},
): Promise<{ status: number; tookMs: number; text: string }> {
  const timestamp = String(Math.floor((signed.atMs ?? rig.nowMs()) / 1_000));
  const signature =
    signed.signature === undefined
      ? `v0=${createHmac('sha256', signed.secret ?? SECRETS.signingSecret)
          .update(`v0:${timestamp}:${body}`)
          .digest('hex')}`
      : signed.signature;
  const startMs = performance.now();
  const answer = await fetch(`http://127.0.0.1:${rig.bot.port}/slack/events`, {
    method: 'POST',
    body,
    signal: AbortSignal.timeout(10_000),
    headers: {
      'content-type': contentType,
      'x-slack-request-timestamp': timestamp,
      ...(signature === null ? {} : { 'x-slack-signature': signature }),
    },
  });
  return { status: answer.status, tookMs: performance.now() - startMs, text: await answer.text() };
}

export const FORM = 'application/x-www-form-urlencoded';

let triggers = 0;

/** A press on a button, as Slack posts it: also on one that has left the screen meanwhile. Its answer is an ephemeral post. */
export function pressBody(
  slackId: string,
  actionId: string,
  value: Record<string, string>,
  from: { teamId?: string; channelId?: string } = {},
): string {
  triggers += 1;
  const payload = {
    type: 'block_actions',
    api_app_id: 'A0GOBUTTON',
    token: 't',
    team: { id: 'T0GOBUTTON', domain: 'gobutton' },
    enterprise: null,
    is_enterprise_install: false,
    user: { id: slackId, username: 'x', name: 'x', team_id: from.teamId ?? 'T0GOBUTTON' },
    trigger_id: `${triggers}.signed`,
    container: {
      type: 'message',
      message_ts: '1.000001',
      channel_id: from.channelId ?? 'C0WARROOM',
      is_ephemeral: false,
    },
    channel: { id: from.channelId ?? 'C0WARROOM', name: 'superbowl-war-room' },
    state: { values: {} },
    actions: [
      {
        type: 'button',
        action_id: actionId,
        block_id: 'b',
        value: JSON.stringify(value),
        action_ts: '1.0',
        text: { type: 'plain_text', text: 'x' },
      },
    ],
  };
  return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
}

export function eventBody(event: Record<string, unknown>): string {
  triggers += 1;
  return JSON.stringify({
    token: 't',
    team_id: 'T0GOBUTTON',
    api_app_id: 'A0GOBUTTON',
    event,
    type: 'event_callback',
    event_id: `Ev${triggers}`,
    event_time: 1,
    authorizations: [
      { enterprise_id: null, team_id: 'T0GOBUTTON', user_id: 'U0GOBUTTON', is_bot: true, is_enterprise_install: false },
    ],
  });
}
