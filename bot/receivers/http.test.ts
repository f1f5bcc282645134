import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../infra/local/slack/for-tests.ts';
import { FORM, pressBody, readyLaunch, signedPost, startRig, textOf } from '../../test/bot-rig.ts';
import type { Rig } from '../../test/bot-rig.ts';
import { secondTry } from '../../test/run/second-try.ts';

describe('what Slack posts to the bot', () => {
  let rig: Rig;
  let halt: Record<string, string>;
  beforeAll(async () => {
    rig = await startRig({ mode: 'http' });
    halt = { launchId: (await readyLaunch(rig)).id };
  });
  afterAll(() => rig.stop());

  const isHalted = async () =>
    (await rig.cloud.switches.read(halt['launchId'] ?? '', { consistent: true }))?.halted ?? false;
  const press = () => pressBody('U0MARKET1', 'halt.press', halt);

  it('is refused unsigned, with another secret, too old, or dated in the future, and does nothing', async () => {
    expect((await signedPost(rig, press(), FORM, { signature: null })).status).toBe(401);
    expect((await signedPost(rig, press(), FORM, { secret: 'another-secret' })).status).toBe(401);
    expect((await signedPost(rig, press(), FORM, { atMs: rig.nowMs() - 361_000 })).status).toBe(401);
    expect((await signedPost(rig, press(), FORM, { atMs: rig.nowMs() + 600_000 })).status).toBe(401);
    expect(await isHalted()).toBe(false);
  });

  it('is taken once: the same signed bytes again are refused, also when both come together', async () => {
    const body = press();
    const atMs = rig.nowMs();
    const answers = await Promise.all([signedPost(rig, body, FORM, { atMs }), signedPost(rig, body, FORM, { atMs })]);
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, 401]);
    expect((await signedPost(rig, body, FORM, { atMs })).status).toBe(401);
    await until('the halt', isHalted);
  });

  it('is refused when it is larger than any payload of Slack, and the next request is served', async () => {
    const large = await signedPost(rig, `payload=${'x'.repeat(1_200_000)}`, FORM).then(
      (answer) => answer.status,
      () => 'cut',
    );
    expect([413, 'cut']).toContain(large);
    expect((await signedPost(rig, press(), FORM)).status).toBe(200);
  });

  it('is not served beside its path and method; /health says how things stand', async () => {
    const at = `http://127.0.0.1:${rig.bot.port}`;
    expect((await fetch(`${at}/slack/events`)).status).toBe(404);
    expect((await fetch(`${at}/anything`)).status).toBe(404);
    const health = await fetch(`${at}/health`);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ ok: true, slack: 'connected', mode: 'http' });
  });
});

describe('with the cloud gone', () => {
  it(
    'a GO press is acknowledged at once, fires nothing, and the person is told without internals',
    secondTry('an answer within Slack’s time on this machine'),
    async () => {
      const rig = await startRig({ mode: 'http' });
      try {
        const { id } = await readyLaunch(rig);
        await rig.ask(rig.ana, 'fire');
        const order = Object.values((await rig.launch()).orders).at(-1);
        await rig.cutCloud();
        const { status, tookMs } = await signedPost(
          rig,
          pressBody('U0MARKET2', 'fire.go', {
            launchId: id,
            orderId: order?.id ?? '',
            shownHash: order?.shownHash ?? '',
          }),
          FORM,
        );
        expect(status).toBe(200);
        expect(tookMs).toBeLessThan(1_000);
        const told = await until(
          'an answer',
          async () => (await rig.ben.messages()).find((message) => message.ephemeralTo !== undefined),
          15_000,
        );
        expect(textOf(told)).toContain('nothing was sent');
        expect(textOf(told)).not.toMatch(/ECONN|127\.0\.0\.1|Error|at .*\.ts/);
      } finally {
        await rig.stop();
      }
    },
  );
});
