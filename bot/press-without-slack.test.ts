import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { person, until } from '../infra/local/slack/for-tests.ts';
import type { Fault } from '../infra/local/slack/web-api/faults.ts';
import { buttonsOf, readyLaunch, startRig, textOf } from '../test/bot-rig.ts';
import type { Rig, RigOptions, Someone } from '../test/bot-rig.ts';
import { inAll } from '../test/in-all.ts';
import { A_WAIT, secondTry } from '../test/run/second-try.ts';

/** A press depends on nothing but the record: whatever becomes of Slack's Web API, GO and HALT take effect as fast as ever. */

let rig: Rig | null = null;
afterEach(async () => {
  await rig?.stop();
  rig = null;
});

const FAULTS: Record<string, Fault> = {
  hangs: { kind: 'hang' },
  'answers 503': { kind: 'status', status: 503 },
  'refuses the token': { kind: 'error', error: 'invalid_auth' },
  'has troubles of its own': { kind: 'error', error: 'fatal_error' },
  'limits everything': { kind: 'limited', retryAfterS: 30 },
  'limits without saying for how long': { kind: 'limited', retryAfterS: null },
  'cuts every call': { kind: 'cut' },
};
const [, ...OTHERS] = Object.keys(FAULTS);
/** As fast as ever, on a machine that is busy with other tests. */
const AT_ONCE_MS = 1_500;

async function started(options: RigOptions): Promise<Rig> {
  rig = await startRig(options);
  return rig;
}

const isHalted = async (one: Rig, id: string) =>
  (await one.cloud.switches.read(id, { consistent: true }))?.halted ?? false;
const privateTexts = async (who: Someone) =>
  (await who.messages()).filter((message) => message.ephemeralTo !== undefined).map(textOf);
/** What the bot told this person directly. */
async function directTexts(one: Rig, slackId: string): Promise<string[]> {
  const { channels } = await person(one.workspace, slackId).get<{ channels: { id: string; im_with: string | null }[] }>(
    'state',
  );
  const own = channels.find(({ im_with: who }) => who === slackId);
  return own === undefined
    ? []
    : (
        await person(one.workspace, slackId).get<{ messages: { text: string; blocks: Record<string, unknown>[] }[] }>(
          `channels/${own.id}/messages`,
        )
      ).messages.map((message) => JSON.stringify(message));
}

async function openOrder(one: Rig) {
  const { id } = await readyLaunch(one);
  await one.ask(one.ana, 'fire');
  const go = await until('a GO button', async () => buttonsOf(await one.ben.messages(), 'fire.go')[0]);
  const halt = await until('a HALT button', async () => buttonsOf(await one.ben.messages(), 'halt.press')[0]);
  return { id, go, halt };
}

describe.each(['socket', 'http'] as const)('with a Web API that fails, over %s', (mode) => {
  it.each(
    mode === 'socket'
      ? Object.keys(FAULTS)
      : ['hangs', ...inAll('over Socket Mode each fault stands beside it', OTHERS)],
  )(
    'it %s: GO fires and a typed HALT halts at once, and both people are told by the answer address',
    secondTry(A_WAIT),
    async (name) => {
      const one = await started({ mode });
      const { id, go } = await openOrder(one);
      one.workspace.faults.set('*', FAULTS[name] ?? null);

      const pressedAtMs = Date.now();
      expect(await one.ben.press(go.ts, 'fire.go', { block_id: go.blockId, value: go.value })).toMatchObject({
        ok: true,
      });
      const shot = await until('a shot', async () => Object.values((await one.launch()).shots)[0], AT_ONCE_MS);
      expect(shot.pressedAtMs - pressedAtMs).toBeLessThan(AT_ONCE_MS);
      await until(
        'the answer',
        async () => (await privateTexts(one.ben)).some((text) => text.includes('your press fired')),
        AT_ONCE_MS,
      );

      expect(await one.mia.go('halt wrong copy')).toMatchObject({ ok: true });
      await until('the halt', () => isHalted(one, id), AT_ONCE_MS);
      await until(
        'the answer',
        async () => (await privateTexts(one.mia)).some((text) => text.includes('Halted')),
        2_000,
      );
      expect((await one.launch()).halt).toMatchObject({ active: true });
      expect(one.workspace.faults.calls('auth.test')).toBeLessThanOrEqual(1);
    },
  );

  it(
    'the HALT button halts at once, and while nothing at all of Slack answers the person is told directly later, once',
    secondTry(A_WAIT),
    async () => {
      const one = await started({ mode });
      const { id, halt } = await openOrder(one);
      one.workspace.faults.set('*', { kind: 'status', status: 503 });
      one.workspace.faults.set('response_url', { kind: 'status', status: 503 });
      if (mode === 'socket') one.workspace.faults.set('apps.connections.open', { kind: 'none' });
      expect(await one.ben.press(halt.ts, 'halt.press', { block_id: halt.blockId, value: halt.value })).toMatchObject({
        ok: true,
      });
      await until('the halt', () => isHalted(one, id), AT_ONCE_MS);
      await until('both ways tried', () => one.workspace.faults.calls('chat.postEphemeral') > 0);
      expect(await privateTexts(one.ben)).toEqual([]);
      one.workspace.faults.set('*', null);
      const [told] = await until(
        'a direct message',
        async () => {
          const texts = await directTexts(one, 'U0MARKET2');
          return texts.length > 0 ? texts : null;
        },
        10_000,
      );
      expect(told).toContain('Halted');
      expect(told).toContain('Slack took no answer at');
      await pause(1_500);
      expect(await directTexts(one, 'U0MARKET2')).toHaveLength(1);
      expect(await privateTexts(one.ben)).toEqual([]);
    },
  );

  it('it fails at the start already: the bot starts, and takes a HALT', secondTry(A_WAIT), async () => {
    const one = await started({
      mode,
      before: (workspace) => {
        workspace.faults.set('*', { kind: 'hang' });
        if (mode === 'socket') workspace.faults.set('apps.connections.open', { kind: 'none' });
      },
    });
    const { launchId: id } = await one.createInRecord();
    expect(await one.mia.go('halt')).toMatchObject({ ok: true });
    await until('the halt', () => isHalted(one, id), AT_ONCE_MS);
    expect(one.workspace.faults.calls('auth.test')).toBeGreaterThan(0);
  });
});

it("a direct answer that came through without an answer of Slack's is not sent twice", async () => {
  const one = await started({ mode: 'http' });
  const { halt } = await openOrder(one);
  one.workspace.faults.set('response_url', { kind: 'status', status: 503 });
  one.workspace.faults.set('chat.postEphemeral', { kind: 'error', error: 'user_not_in_channel' });
  one.workspace.faults.set('chat.postMessage', { kind: 'mute' });
  await one.ben.press(halt.ts, 'halt.press', { block_id: halt.blockId, value: halt.value });
  await until('a direct message', async () => (await directTexts(one, 'U0MARKET2')).length > 0);
  // The call is given up after 5 s, and whoever would send it again does so a second later.
  await pause(5_000);
  one.workspace.faults.set('*', null);
  await pause(2_500);
  expect(await directTexts(one, 'U0MARKET2')).toHaveLength(1);
});
