import { describe, expect, test } from 'vitest';
import { sha256 } from '../../infra/aws/sha256.ts';
import { messageProblem } from '../../infra/local/providers/fcm-message.ts';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { campaignFaults } from '../playbook/campaign-rules.ts';
import type { Campaign } from '../playbook/schema.ts';
import { canonicalJson } from './canonical-json.ts';
import { apnsHeaders, apnsPayload, fcmMessage, payloadProblems, tooLargeText } from './payload.ts';
import { proofText } from './proof.ts';
import { collapseIdOf, contentHash, shownFor, shownHash } from './shown.ts';

const campaign = { ...sampleRunbook().campaign, deep_link: 'lingo://next', data: { aps: 'x', gobutton: 'y' } };
const ids = { launchId: 'superbowl-2027', shotId: 'S5' };

describe('the message', () => {
  test('for APNs names launch and shot at the top, and extra data touches neither that nor aps', () => {
    expect(JSON.parse(apnsPayload(campaign, 'pt-BR', ids))).toEqual({
      aps: { alert: { title: 'Você viu?', body: 'Faça sua lição.' }, sound: 'default' },
      gobutton: { launch: 'superbowl-2027', shot: 'S5' },
      deep_link: 'lingo://next',
      data: { aps: 'x', gobutton: 'y' },
    });
    expect(apnsHeaders(campaign, { collapseId: 'c', expiresAfterMs: 4_500, fromMs: 1_000_200 })).toEqual({
      'apns-topic': 'com.example.lingo',
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-collapse-id': 'c',
      'apns-expiration': '1005',
    });
    expect(apnsHeaders(campaign, { collapseId: 'c', expiresAfterMs: 0, fromMs: 1_000_200 })['apns-expiration']).toBe(
      '0',
    );
  });

  test('for FCM carries launch and shot as strings, and one tag for all attempts', () => {
    const message = fcmMessage({ ...campaign, data: { gobutton_shot: 'forged' } }, 'en', ids, {
      collapseId: 'c1',
      expiresAfterMs: 4_500,
    });
    expect(message.data).toEqual({ gobutton_launch: 'superbowl-2027', gobutton_shot: 'S5', deep_link: 'lingo://next' });
    expect(message.android).toMatchObject({
      priority: 'HIGH',
      ttl: '4s',
      collapse_key: 'c1',
      notification: { tag: 'c1' },
    });
    expect(fcmMessage(campaign, 'en', ids, { collapseId: 'c1', expiresAfterMs: 9e12 }).android.ttl).toBe('2419200s');
  });

  const rich: Campaign = {
    ...campaign,
    image: 'https://cdn.example.com/game.jpg',
    icon: 'ic_push',
    badge: 2,
    actions: [{ id: 'play', title: 'Play now', link: 'lingo://play' }],
    locales: {
      en: { title: 'Hi', subtitle: 'At the game', body: 'Now' },
      de: {
        title: 'Hallo',
        body: 'Jetzt',
        image: 'https://cdn.example.com/spiel.jpg',
        icon: 'ic_de',
        deep_link: 'lingo://de',
        actions: [{ id: 'play', title: 'Spielen', link: 'lingo://de/play' }],
        sound: 'gong',
        badge: 0,
      },
      ja: { title: 'a', body: 'b', image: '', deep_link: '', actions: [], sound: '', icon: '' },
    },
    apns: {
      topic: 'com.example.lingo',
      priority: 10,
      interruption_level: 'time-sensitive',
      relevance_score: 0.5,
      thread_id: 'game',
      category: 'GAME',
    },
    fcm: {
      priority: 'high',
      channel_id: 'news',
      color: '#58cc02',
      click_action: 'OPEN',
      tag: 'game',
      notification_priority: 'max',
      visibility: 'public',
    },
  };

  test("for APNs has Apple's keys in aps, and what the app reads beside it", () => {
    expect(JSON.parse(apnsPayload(rich, 'en', ids))).toEqual({
      aps: {
        alert: { title: 'Hi', subtitle: 'At the game', body: 'Now' },
        sound: 'default',
        badge: 2,
        'thread-id': 'game',
        category: 'GAME',
        'interruption-level': 'time-sensitive',
        'relevance-score': 0.5,
        'mutable-content': 1,
      },
      gobutton: { launch: 'superbowl-2027', shot: 'S5' },
      deep_link: 'lingo://next',
      image: 'https://cdn.example.com/game.jpg',
      actions: [{ id: 'play', title: 'Play now', link: 'lingo://play' }],
      data: { aps: 'x', gobutton: 'y' },
    });
    const asked = { ...campaign, apns: { ...campaign.apns, mutable_content: true } };
    expect(JSON.parse(apnsPayload(asked, 'en', ids))).toMatchObject({ aps: { 'mutable-content': 1 } });
  });

  test("for FCM has Google's keys, buttons as text in data, and no subtitle, of which Android has none", () => {
    const { data, android, notification } = fcmMessage(rich, 'en', ids, { collapseId: 'c1', expiresAfterMs: 0 });
    expect(notification).toEqual({ title: 'Hi', body: 'Now' });
    expect(data['actions']).toBe('[{"id":"play","title":"Play now","link":"lingo://play"}]');
    expect(android.notification).toEqual({
      tag: 'game',
      channel_id: 'news',
      sound: 'default',
      image: 'https://cdn.example.com/game.jpg',
      icon: 'ic_push',
      color: '#58cc02',
      click_action: 'OPEN',
      notification_priority: 'PRIORITY_MAX',
      visibility: 'PUBLIC',
      notification_count: 2,
    });
  });

  test('for FCM has a part for Apple where iPhones are registered there: headers, what APNs shows, and the image where FCM looks for it', () => {
    const keeping = { collapseId: 'c1', expiresAfterMs: 4_500, fromMs: 1_000_200 };
    const { apns } = fcmMessage({ ...rich, fcm: { priority: 'high', apple: true } }, 'en', ids, keeping);
    expect(apns).toEqual({
      headers: {
        'apns-push-type': 'alert',
        'apns-priority': '10',
        'apns-collapse-id': 'c1',
        'apns-expiration': '1005',
      },
      // The same as by APNs itself, which has the keys of data beside it.
      payload: { aps: (JSON.parse(apnsPayload(rich, 'en', ids)) as { aps: object }).aps },
      fcm_options: { image: 'https://cdn.example.com/game.jpg' },
    });
    // Title and text come from `notification`; nothing at all to say is no empty aps, which FCM refuses.
    const bare = { ...campaign, sound: '', fcm: { priority: 'high' as const, apple: true } };
    const silent = fcmMessage(bare, 'en', ids, keeping);
    expect(silent.apns).not.toHaveProperty('payload');
    expect(messageProblem({ message: { token: 'x'.repeat(140), ...silent, data: {} } })).toBeNull();
    expect(fcmMessage({ ...bare, sound: 'gong' }, 'en', ids, keeping).apns?.payload).toEqual({
      aps: { sound: 'gong' },
    });
    expect(fcmMessage(rich, 'en', ids, keeping)).not.toHaveProperty('apns');
    expect(fcmMessage(bare, 'en', ids, { collapseId: 'c1', expiresAfterMs: 4_500 }).apns?.headers).not.toHaveProperty(
      'apns-expiration',
    );
  });

  test("takes the locale's own before the campaign's, and an empty one as none", () => {
    expect(JSON.parse(apnsPayload(rich, 'de', ids))).toMatchObject({
      aps: { sound: 'gong', badge: 0 },
      image: 'https://cdn.example.com/spiel.jpg',
      deep_link: 'lingo://de',
      actions: [{ title: 'Spielen' }],
    });
    const de = fcmMessage(rich, 'de', ids, { collapseId: 'c1', expiresAfterMs: 0 });
    expect(de.android.notification).toMatchObject({ sound: 'gong', icon: 'ic_de' });
    expect(de.android.notification).not.toHaveProperty('notification_count');
    expect(de.data['deep_link']).toBe('lingo://de');
    const ja = JSON.parse(apnsPayload(rich, 'ja', ids)) as { aps: object };
    for (const key of ['image', 'deep_link', 'actions']) expect(ja).not.toHaveProperty(key);
    for (const key of ['sound', 'mutable-content']) expect(ja.aps).not.toHaveProperty(key);
    for (const key of ['image', 'icon', 'sound'])
      expect(
        fcmMessage(rich, 'ja', ids, { collapseId: 'c1', expiresAfterMs: 0 }).android.notification,
      ).not.toHaveProperty(key);
  });

  test('is taken by the provider as it is, in every locale', () => {
    for (const locale of Object.keys(rich.locales))
      for (const apple of [true, false])
        expect(
          messageProblem({
            message: {
              token: 'x'.repeat(140),
              ...fcmMessage({ ...rich, fcm: { ...rich.fcm, apple } }, locale, ids, {
                collapseId: 'c1',
                expiresAfterMs: 0,
              }),
            },
          }),
        ).toBeNull();
    expect(campaignFaults({ ...rich, data: {} })).toEqual([]);
  });

  test('leaves out what the campaign does not have', () => {
    const { deep_link: _link, ...bare } = { ...campaign, sound: '', data: {} };
    expect(JSON.parse(apnsPayload(bare, 'en', ids))).toEqual({
      aps: { alert: { title: 'Did you see that?', body: 'Do your lesson.' } },
      gobutton: { launch: 'superbowl-2027', shot: 'S5' },
    });
    expect(
      fcmMessage({ ...bare, fcm: { priority: 'normal' } }, 'en', ids, { collapseId: 'c1', expiresAfterMs: 999 }),
    ).toEqual({
      notification: { title: 'Did you see that?', body: 'Do your lesson.' },
      data: { gobutton_launch: 'superbowl-2027', gobutton_shot: 'S5' },
      android: { priority: 'NORMAL', ttl: '0s', collapse_key: 'c1', notification: { tag: 'c1' } },
    });
    const fcm = { priority: 'high' as const, channel_id: 'news' };
    expect(
      fcmMessage({ ...campaign, fcm }, 'en', ids, { collapseId: 'c1', expiresAfterMs: 0 }).android.notification,
    ).toEqual({
      tag: 'c1',
      channel_id: 'news',
      sound: 'default',
    });
  });

  test('without a text for the locale is an error, not an empty push', () => {
    expect(() => apnsPayload(campaign, 'fr', ids)).toThrow(expect.objectContaining({ code: 'LOCALE_UNKNOWN' }));
  });

  test('is measured in UTF-8 bytes, per locale and platform', () => {
    const sized = (body: string) => ({
      ...campaign,
      locales: { en: { title: 't', body: 'b' }, ja: { title: 't', body } },
    });
    expect(payloadProblems(sized('あ'.repeat(1_000)), 'x')).toEqual([]);
    const problems = payloadProblems(sized('あ'.repeat(1_360)), 'x');
    expect(problems.map(({ text, platform }) => `${text} ${platform}`)).toEqual(['ja ios', 'ja android']);
    for (const { bytes } of problems) expect(bytes).toBeGreaterThan(4_096);
    expect(problems.map(tooLargeText)[0]).toMatch(
      /^The ja message is 4\d{3} bytes on ios; providers take at most 4096$/,
    );
  });

  test('may be as large as providers take, and not a byte larger', () => {
    const sized = (length: number) => ({ ...campaign, locales: { en: { title: 't', body: 'b'.repeat(length) } } });
    const fits = (length: number) => payloadProblems(sized(length), 'x').map(({ bytes }) => bytes);
    const [ios = 0] = fits(4_200);
    const [, android = 0] = fits(4_200);
    // With room for the longest id of a shot.
    const longest = { launchId: 'x', shotId: 'test-T0000000000' };
    expect(ios).toBe(Buffer.byteLength(apnsPayload(sized(4_200), 'en', longest)));
    expect(fits(4_200 - (ios - 4_096))).toEqual(android - (ios - 4_096) > 4_096 ? [android - (ios - 4_096)] : []);
    expect(fits(4_200 - (android - 4_096))).toEqual([]);
    expect(fits(4_200 - (android - 4_097))).toEqual([4_097]);
  });
});

describe('what is shown', () => {
  test('has another hash as soon as anything of it differs', () => {
    const { state } = Scene.ready();
    const shown = shownFor(state, [{ segment: 'us-ios', attempt: 1 }]);
    const hash = shownHash(shown, sha256);
    const variants = [
      { ...shown, launchId: 'x' },
      { ...shown, segments: [{ segment: 'us-ios', attempt: 2 }] },
      { ...shown, segments: [] },
      { ...shown, contentHash: 'x' },
      { ...shown, audienceHash: 'x' },
      { ...shown, skipListHash: 'x' },
      { ...shown, collapseId: 'x' },
      { ...shown, notAfterMs: { ios: 1, android: 600_000 } },
      { ...shown, expiresAfterMs: 0 },
      { ...shown, priority: { apns: 5 as const, fcm: 'high' as const } },
      { ...shown, uncertain: 'resend' as const },
    ];
    expect(new Set([hash, ...variants.map((variant) => shownHash(variant, sha256))]).size).toBe(variants.length + 1);
    expect(shownHash(JSON.parse(JSON.stringify(shown)) as typeof shown, sha256)).toBe(hash);
    // As it was before campaigns could have images and buttons: what they do not have is no part of the hash.
    expect(contentHash(sampleRunbook().campaign, sha256)).toBe(
      '13bde2a6266acfbaeab9fcff4728eed0a5ae760e53be3d68e1c8cc72d4c92b05',
    );
    expect(contentHash({ ...state.campaign, sound: 'tada' }, sha256)).not.toBe(state.contentHash);
    expect(() => shownFor(Scene.created().state, [])).toThrow(expect.objectContaining({ code: 'NO_AUDIENCE' }));
  });

  test('has a collapse id of at most 64 bytes that tells long names apart', () => {
    expect(collapseIdOf('superbowl-2027', { id: 'big-game' })).toBe('superbowl-2027.big-game');
    const long = (end: string) => collapseIdOf(`${'l'.repeat(50)}`, { id: `${'c'.repeat(30)}${end}` });
    expect(long('a')).toHaveLength(64);
    expect(long('a')).not.toBe(long('b'));
  });
});

describe('canonical JSON', () => {
  test('is the same whatever the order of keys, and leaves out what is undefined', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'é"' }], a: true, x: undefined })).toBe(
      '{"a":true,"b":[1,{"c":"é\\"","d":null}]}',
    );
    expect(canonicalJson({ 10: 1, 9: 2, a: 3 })).toBe('{"10":1,"9":2,"a":3}');
  });

  test('refuses what JSON would change silently', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, undefined, [undefined], Array(1), 1n, () => 1]) {
      expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'NOT_CANONICAL' }));
    }
  });
});

test('a proof covers every field that it is given for', () => {
  const fields = {
    purpose: 'approve' as const,
    launchId: 'l',
    orderId: 'F4',
    segments: [{ segment: 'us-ios', attempt: 1 }],
    shownHash: 'h',
    notAfterMs: { ios: 1, android: 2 },
    expiresAtMs: 3,
    nonce: 'n',
  };
  const others = [
    { purpose: 'request' as const },
    { launchId: 'm' },
    { orderId: 'F5' },
    { segments: [{ segment: 'us-ios', attempt: 2 }] },
    { shownHash: 'i' },
    { notAfterMs: { ios: 2, android: 2 } },
    { expiresAtMs: 4 },
    { nonce: 'o' },
  ];
  expect(new Set([fields, ...others.map((other) => ({ ...fields, ...other }))].map(proofText)).size).toBe(
    others.length + 1,
  );
  expect(proofText(fields)).toBe(
    'gobutton operator proof v1\n{"expiresAtMs":3,"launchId":"l","nonce":"n","notAfterMs":{"android":2,"ios":1},"orderId":"F4","purpose":"approve","segments":[{"attempt":1,"segment":"us-ios"}],"shownHash":"h"}',
  );
});
