import { readFile } from 'node:fs/promises';
import { ApnsClient } from 'apns2';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { TOKEN_DELETED } from '../../infra/aws/staff-devices.ts';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { serviceAccountIn, startStage } from '../../test/worker-stage.ts';
import type { Stage, StagedLaunch } from '../../test/worker-stage.ts';
import { fixedSecrets } from '../credentials/provider-secrets.ts';
import { createApnsClient } from './apns-seam.ts';
import { createFcmClient } from './fcm-seam.ts';
import { testSender } from './test-sender.ts';

let stage: Stage;
let launch: StagedLaunch;
beforeAll(async () => {
  stage = await startStage();
  launch = await stage.newLaunch({ ios: 10, android: 10 });
});
afterAll(async () => {
  await stage.stop();
});

describe('test copies', () => {
  test('go through apns2 and firebase-admin to the phones of the named people, as the shot would look', async () => {
    await launch.worker();
    const asked = await stage.journal.append(launch.id, { kind: 'request-test', by: 'mia', to: ['ana', 'mia'] });
    if (!asked.ok || asked.entry.kind !== 'TestRequested') throw new Error('not asked');
    const { testId } = asked.entry;
    const order = { v: 1, launchId: launch.id, testId };
    await stage.cloud.queues.sendFifo(`${launch.pool}-segments.fifo`, [
      { body: JSON.stringify(order), group: testId, dedup: testId },
    ]);
    const results = await vi.waitFor(
      async () => {
        const found = (await stage.journal.launch(launch.id))?.tests[testId]?.results;
        if (found == null) throw new Error('no result yet');
        return found;
      },
      { timeout: 20_000 },
    );
    expect(results.map(({ person, platform, accepted, reason }) => ({ person, platform, accepted, reason }))).toEqual([
      { person: 'ana', platform: 'ios', accepted: true, reason: '' },
      { person: 'mia', platform: 'android', accepted: true, reason: '' },
    ]);
    expect(stage.providers.judge.counts(launch.id, `test-${testId}`)).toMatchObject({
      received: 2,
      distinctDevices: 2,
    });
    expect(stage.providers.phones.all()).toMatchObject([{}, {}]);
    expect(JSON.stringify(stage.providers.phones.all())).toContain('Mundo');
  });

  test('have image, buttons, badge and all else of the shot, in the words that the providers take', async () => {
    const before = await stage.journal.launch(launch.id);
    if (before === null) throw new Error('no launch');
    const campaign: Campaign = {
      ...before.campaign,
      image: 'https://cdn.example.com/game.jpg',
      icon: 'ic_push',
      badge: 3,
      actions: [{ id: 'play', title: 'Play now', link: 'lingo://play' }],
      locales: { ...before.campaign.locales, en: { title: 'Hi', subtitle: 'At the game', body: 'Now' } },
      apns: { ...before.campaign.apns, category: 'GAME', thread_id: 'game', interruption_level: 'passive' },
      fcm: {
        ...before.campaign.fcm,
        color: '#58cc02',
        click_action: 'OPEN',
        tag: 'game',
        notification_priority: 'low',
        visibility: 'secret',
        apple: true,
      },
    };
    const config = launch.config();
    const send = testSender(config, fixedSecrets(config, pino({ level: 'silent' })), stage.cloud.staff);
    const results = await send({ ...before, campaign }, 'T98', ['ana', 'mia']);
    expect(results.map(({ accepted, reason }) => [accepted, reason])).toEqual([
      [true, ''],
      [true, ''],
    ]);
    const shown = stage.providers.phones
      .all()
      .flatMap(({ platform, notifications }) => notifications.slice(0, 1).map((one) => ({ platform, ...one })));
    const both = { image: 'https://cdn.example.com/game.jpg', badge: 3, buttons: ['Play now'] };
    expect(shown).toMatchObject([
      { platform: 'ios', subtitle: 'At the game', ...both },
      { platform: 'android', subtitle: '', collapseId: 'game', ...both },
    ]);
  });

  test('a halt stops copies that were asked for before it; those asked for during it go out, from a worker that made itself ready during it', async () => {
    const other = await stage.newLaunch({ ios: 10, android: 10 });
    const ask = async () => {
      const asked = await stage.journal.append(other.id, { kind: 'request-test', by: 'mia', to: ['ana', 'mia'] });
      if (!asked.ok || asked.entry.kind !== 'TestRequested') throw new Error('not asked');
      const { testId } = asked.entry;
      await stage.cloud.queues.sendFifo(`${other.pool}-segments.fifo`, [
        { body: JSON.stringify({ v: 1, launchId: other.id, testId }), group: testId, dedup: testId },
      ]);
      return testId;
    };
    const outcome = (testId: string) =>
      vi.waitFor(
        async () => {
          const found = (await stage.journal.launch(other.id))?.tests[testId]?.results;
          if (found == null) throw new Error('no result yet');
          return found.map(({ accepted, reason }) => [accepted, reason]);
        },
        { timeout: 20_000 },
      );
    const before = await ask();
    await other.halt();
    const worker = await other.worker();
    expect(worker.report().lanes.map(({ primed, connections }) => primed === connections)).toEqual([true, true]);
    expect(await outcome(before)).toEqual([
      [false, 'halted, not sent: ask for it again'],
      [false, 'halted, not sent: ask for it again'],
    ]);
    const during = await ask();
    expect(await outcome(during)).toEqual([
      [true, ''],
      [true, ''],
    ]);
    expect([before, during].map((testId) => stage.providers.judge.counts(other.id, `test-${testId}`).received)).toEqual(
      [0, 2],
    );
    expect(stage.providers.judge.counts(other.id, null).received).toBe(0);
  });

  test('what the provider refuses is told by its own reason, and the others still get theirs', async () => {
    const before = await stage.journal.launch(launch.id);
    if (before === null) throw new Error('no launch');
    const people = [
      {
        id: 'ana',
        name: 'Ana',
        roles: ['on-call' as const],
        slack: [],
        operator_keys: [],
        devices: [{ platform: 'ios' as const, token: `badd00${'0'.repeat(58)}`, locale: 'en' }],
      },
      {
        id: 'mia',
        name: 'Mia',
        roles: ['marketer' as const],
        slack: [],
        operator_keys: [],
        devices: [
          { platform: 'android' as const, token: `dead00MiaPixelStaffPhone:APA91b${'M'.repeat(134)}`, locale: 'xx' },
          { platform: 'android' as const, token: `cccccMiaPixelStaffPhone:APA91b${'M'.repeat(134)}`, locale: 'es_MX' },
        ],
      },
    ];
    const config = launch.config();
    const send = testSender(config, fixedSecrets(config, pino({ level: 'silent' })), stage.cloud.staff);
    const results = await send({ ...before, people }, 'T99', ['ana', 'mia']);
    expect(results.map(({ accepted, reason }) => [accepted, reason])).toEqual([
      [false, 'BadDeviceToken'],
      [false, 'messaging/registration-token-not-registered'],
      [true, ''],
    ]);
  });

  test('with the device tokens deleted, copies and priming say so, and what people fire goes out and halts', async () => {
    const other = await stage.newLaunch({ ios: 300, android: 10 });
    const [before, forgotten] = [await other.worker(), await stage.cloud.staff.forget(other.id)];
    expect(forgotten).toBe(2);
    const asked = await stage.journal.append(other.id, { kind: 'request-test', by: 'mia', to: ['ana', 'mia'] });
    if (!asked.ok || asked.entry.kind !== 'TestRequested') throw new Error('not asked');
    const { testId } = asked.entry;
    await stage.cloud.queues.sendFifo(`${other.pool}-segments.fifo`, [
      { body: JSON.stringify({ v: 1, launchId: other.id, testId }), group: testId, dedup: testId },
    ]);
    const results = await vi.waitFor(
      async () => (await stage.journal.launch(other.id))?.tests[testId]?.results ?? expect.fail('no result yet'),
      { timeout: 20_000 },
    );
    expect(results).toMatchObject([
      { person: 'ana', accepted: false, reason: TOKEN_DELETED },
      { person: 'mia', accepted: false, reason: TOKEN_DELETED },
    ]);
    await before.stop();
    const worker = await other.worker();
    expect(worker.report().lanes.map(({ primed }) => primed)).toEqual([0, 0]);
    expect(worker.report().say).toContain(
      "tokens of this launch's people were deleted, so connections to APNs can't be primed",
    );
    const shot = await other.closed((await other.fire({ segments: ['android'] })).id);
    expect(shot.totals).toMatchObject([{ totals: { accepted: 10 } }]);
    await other.halt();
    const { shots, halt } = (await stage.journal.launch(other.id)) ?? expect.fail('no launch');
    expect([halt.active, Object.keys(shots).length]).toEqual([true, 1]);
  });

  test('without local addresses the packages are left as they are', async () => {
    const { credentials } = stage.providers;
    const keyPem = await readFile(credentials.apnsKeyFile, 'utf8');
    const seam = createApnsClient({ teamId: 'T'.repeat(10), keyId: 'K'.repeat(10), keyPem, localUrl: null, ca: null });
    const plain = new ApnsClient({ team: 'T'.repeat(10), keyId: 'K'.repeat(10), signingKey: keyPem });
    expect(seam.client.constructor).toBe(plain.client.constructor);
    expect(seam.host).toBe('api.push.apple.com');
    const fcm = createFcmClient({
      account: await serviceAccountIn(credentials.serviceAccountFile),
      localUrl: null,
      tokenUrl: null,
      ca: null,
    });
    expect(fcm.messaging.app.options.httpAgent).toBeUndefined();
    expect(fcm.messaging.app.options.credential?.constructor.name).toBe('ServiceAccountCredential');
    await Promise.all([seam.destroy(), plain.destroy(), fcm.close()]);
  });
});
