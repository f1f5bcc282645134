import { execFile } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../../infra/local/child.ts';
import { mustGo } from '../../infra/local/scripted-commands.ts';
import { until } from '../../infra/local/scripted-person.ts';
import { startWorkspace } from '../../infra/local/slack/start.ts';
import { openedForTests } from '../run/opened-for-tests.ts';
import { secondTry } from '../run/second-try.ts';
import { startStallProxy } from '../stall-proxy.ts';
import type { StallProxy } from '../stall-proxy.ts';
import { startHoldingProxy } from './holding-proxy.ts';
import type { HoldingProxy } from './holding-proxy.ts';
import { openWarRoom, outcomeOf, isEachOnce, shown } from './war-room.ts';
import type { WarRoom } from './war-room.ts';

/** Faults in the middle of a launch, one after the other in one war room; each test fires a market of its own. */

let room: WarRoom;
let holding: HoldingProxy;
let stalling: StallProxy;
async function open(): Promise<void> {
  room = await openWarRoom({
    markets: { killed: 600, pressed: 600, gone: 4_000, stalled: 4_000, slackless: 3_000 },
    workerEndpoint: async (url) => {
      stalling = await startStallProxy(url);
      return stalling.url;
    },
  });
  holding = await startHoldingProxy(room.stack.localCloud.url);
}
openedForTests(open, async () => {
  await room.stop();
  await Promise.all([holding.close(), stalling.close()]);
});

const received = async (atLeast: number, shotId: string) =>
  until(`${atLeast} receipts`, 15_000, async () => (await room.counts(shotId)).received >= atLeast, 20);

/** What the providers counted themselves agrees with the accounts. */
async function agrees(segment: string): Promise<ReturnType<typeof outcomeOf>> {
  const shot = await room.closed(segment);
  const outcome = outcomeOf(shot);
  const counts = await room.counts(shot.id);
  expect(outcome.sum).toBe(outcome.devices);
  expect(counts.duplicates).toBe(0);
  expect(counts.distinctDevices).toBeGreaterThanOrEqual(outcome.accepted + outcome.failed);
  expect(counts.distinctDevices).toBeLessThanOrEqual(outcome.accepted + outcome.failed + outcome.uncertain);
  return outcome;
}

/** Not to be asked again and again: history is rate limited, and the bot needs it too. */
const showing = async (suffix: string) => (await room.shown()).filter((name) => name.endsWith(suffix)).length;
const curves = async () =>
  (await room.ana.messages()).flatMap(({ files }) => files ?? []).filter(({ name }) => name.endsWith('.png')).length;
/** Slow enough for what happens meanwhile; a test before may have asked for it. */
async function paced(): Promise<void> {
  if ((await room.launch()).switches['pace.ios']?.value !== 1_000) await mustGo(room.ana, 'pace ios 1000');
}
/** What there is of the shots before. */
const posted = async () => ({
  curves: await curves(),
  live: await showing('/start-live'),
  approvals: (await room.journal.entries(room.launchId)).filter(({ kind }) => kind === 'FireApproved').length,
});
const saying = async (text: string) =>
  (await room.ana.messages()).filter((message) => JSON.stringify([message.text, message.blocks]).includes(text));

/** `npm run go -- …` as an operator runs it. */
function go(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['bot/cli.ts', ...args],
      {
        cwd: projectRoot,
        env: {
          PATH: process.env['PATH'] ?? '',
          NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
          ...room.stack.env,
          LOG_LEVEL: 'warn',
        },
        timeout: 30_000,
      },
      (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err });
      },
    );
  });
}

const SECOND_TRY = secondTry('a whole launch, with faults that last a second or two');

describe('a launch under faults', { ...SECOND_TRY, timeout: 60_000 }, () => {
  test('a bot that is killed between the approval and its effects: one shot, and each message once', async () => {
    const { stack } = room;
    const before = await posted();
    await stack.parts.bot.stop();
    const doomed = await stack.parts.startBot({ AWS_ENDPOINT_URL: holding.url });
    const button = await room.ask('fire killed-ios');
    // The wake-ups never leave it, and that its post is done is never noted.
    holding.hold(/^AmazonSQS\.SendMessage|^DynamoDB_20120810\.UpdateItem (?=.*\/start-live")(?=.*SET #result)/);
    await room.ben.press(button);
    const shot = await until('the approval', 10_000, () => room.shotOf('killed-ios'));
    await until(
      'the post and the held calls',
      10_000,
      async () => holding.held >= 2 && (await room.ben.buttons('halt.press')).length > 0,
    );
    expect((await room.counts(shot.id)).received).toBe(0);
    process.kill(doomed.pid, 'SIGKILL');
    await doomed.ended;
    holding.hold(null);
    await stack.parts.startBot();
    expect(await agrees('killed-ios')).toMatchObject({ accepted: 600, uncertain: 0 });
    await until('the curve in the channel', 20_000, async () => (await curves()) === before.curves + 1);
    expect(await showing('/start-live')).toBe(before.live + 1);
    expect(await room.shown()).toSatisfy(isEachOnce);
  });

  test('two bots: commands and double presses work, nothing is fired, answered or posted twice', async () => {
    await room.stack.parts.startBot();
    const before = await posted();
    const button = await room.ask('fire pressed-ios');
    const told = (await room.ana.messages()).filter(({ ephemeralTo }) => ephemeralTo !== undefined).length;
    await Promise.all([
      room.ben.press(button),
      room.ana.press(button),
      room.ben.press(button),
      room.ana.go('status'),
      room.mia.go('stats'),
    ]);
    expect(await agrees('pressed-ios')).toMatchObject({ accepted: 600, uncertain: 0 });
    await until('its curve', 20_000, async () => (await curves()) === before.curves + 1);
    expect(await showing('/start-live')).toBe(before.live + 1);
    expect(await room.shown()).toSatisfy(isEachOnce);
    // Ana's own: the answer to her press and the one to her command.
    expect((await room.ana.messages()).filter(({ ephemeralTo }) => ephemeralTo !== undefined).length - told).toBe(2);
    expect(await posted()).toMatchObject({ approvals: before.approvals + 1 });
  });

  test('a provider that says goodbye, dies and comes back: only what was in flight is uncertain', async () => {
    await room.configure({ latencyMs: 200, latencySpreadMs: 50 });
    await paced();
    const button = await room.ask('fire gone-ios');
    await room.ben.press(button);
    const shot = await until('the approval', 10_000, () => room.shotOf('gone-ios'));
    await received(800, shot.id);
    expect((await fetch(`${room.stack.providersUrl}/goaway?provider=apns`, { method: 'POST' })).ok).toBe(true);
    await received(1_500, shot.id);
    process.kill(room.stack.parts.providers.pid, 'SIGKILL');
    await room.stack.parts.providers.ended;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await room.stack.parts.startProviders();
    const outcome = await agrees('gone-ios');
    expect(outcome.uncertain).toBeGreaterThan(0);
    // A second of the pace is five times what 200 ms hold in flight.
    expect(outcome.uncertain).toBeLessThan(1_000);
    expect(outcome).toMatchObject({ failed: 0, late: 0, halted: 0, accepted: 4_000 - outcome.uncertain });
  });

  test('workers whose DynamoDB goes silent pause within about a second; HALT meanwhile ends the shot for good', async () => {
    await paced();
    const button = await room.ask('fire stalled-ios');
    await room.ben.press(button);
    const shot = await until('the approval', 10_000, () => room.shotOf('stalled-ios'));
    await received(500, shot.id);
    const stall = async () => {
      stalling.stall(true);
      const sinceMs = Date.now();
      await new Promise((resolve) => setTimeout(resolve, 1_600));
      const counts = await room.counts(shot.id);
      expect((counts.lastAtMs ?? 0) - sinceMs).toBeLessThan(1_200);
      return counts.received;
    };
    const paused = await stall();
    expect(paused).toBeLessThan(4_000);
    stalling.stall(false);
    await received(paused + 100, shot.id);

    const stopped = await stall();
    const [halt] = (await room.mia.buttons('halt.press')).slice(-1);
    if (halt === undefined) throw new Error('no HALT button');
    await room.mia.press(halt);
    await until('the halt', 5_000, async () => (await room.launch()).halt.active);
    stalling.stall(false);
    const outcome = await agrees('stalled-ios');
    expect(outcome.halted).toBeGreaterThan(0);
    expect((await room.counts(shot.id)).received).toBe(stopped);
  });

  test('with Slack gone two operators fire and halt from the command line, and the channel catches up afterwards', async () => {
    const { workspace } = room.stack.parts;
    await paced();
    await workspace.stop();
    const as = (name: 'ana' | 'mia') => ['--launch', room.launchId, '--key', room.keys[name]];
    const lift = (await room.launch()).halt.active ? ['--lift'] : [];
    const asked = await until('the order', 15_000, async () => {
      const answer = await go('fire', 'request', ...as('mia'), '--segments', 'slackless-ios', ...lift);
      return answer.code === 0 ? answer : Promise.reject(new Error(answer.err));
    });
    expect(asked.out).toContain('slackless-ios');
    expect(await go('fire', 'approve', ...as('mia'), '--yes')).toMatchObject({
      code: 1,
      err: expect.stringContaining('SAME_PERSON') as string,
    });
    expect(await go('fire', 'approve', ...as('ana'), '--yes')).toMatchObject({
      code: 0,
      out: expect.stringContaining('GO: shot') as string,
    });
    const shot = await until('the approval', 5_000, () => room.shotOf('slackless-ios'));
    await received(300, shot.id);
    expect(await go('halt', ...as('ana'), '--reason', 'wrong link')).toMatchObject({
      code: 0,
      out: expect.stringContaining('HALTED') as string,
    });
    const outcome = await agrees('slackless-ios');
    expect(outcome.halted).toBeGreaterThan(0);
    expect(outcome.accepted).toBeGreaterThan(0);

    const back = await startWorkspace({
      dataDir: `${room.dataDir}/slack`,
      port: workspace.port,
      ...room.stack.secrets,
    });
    try {
      await until('the halt in the channel', 25_000, async () => (await saying('wrong link')).length > 0);
      expect(await shown(back.url, room.stack.secrets.botToken)).toSatisfy(isEachOnce);
    } finally {
      await back.stop();
    }
  });
});
