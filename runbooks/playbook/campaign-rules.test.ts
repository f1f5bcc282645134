import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { messageProblem } from '../../infra/local/providers/fcm-message.ts';
import { holds, PROPERTY } from '../../test/properties/holds.ts';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { apnsPayload, fcmMessage } from '../launch/payload.ts';
import { campaignFaults, faultText } from './campaign-rules.ts';
import { describeProblem } from './checked-yaml.ts';
import { loadRunbook } from './load.ts';
import type { Campaign } from './schema.ts';

const superbowl = readFileSync(new URL('../library/superbowl.yaml', import.meta.url), 'utf8');
const { campaign } = sampleRunbook();
const withData = (data: Record<string, string>): Campaign => ({ ...campaign, data });
const withTopic = (topic: string): Campaign => ({ ...campaign, apns: { ...campaign.apns, topic } });
const withText = (title: string, body: string): Campaign => ({
  ...campaign,
  locales: { ...campaign.locales, en: { title, body } },
});

const button = (id: string, title = 'Play') => ({ id, title, link: 'lingo://play' });
const category = { ...campaign.apns, category: 'GAME' };
const withEn = (own: object): Campaign => ({
  ...campaign,
  locales: { ...campaign.locales, en: { title: 'Hi', body: 'Go', ...own } },
});

const REFUSED: [string, Campaign, RegExp][] = [
  ...[
    'from',
    'From',
    'message_type',
    'google.c.a.e',
    'google',
    'googleLink',
    'gcm.notification.title',
    'gcm.n.e',
    'collapse_key',
  ].map((key): [string, Campaign, RegExp] => [
    `data ${key}`,
    withData({ [key]: 'x' }),
    /which FCM keeps for itself.*expected another name/,
  ]),
  ['data aps', withData({ aps: 'x' }), /which Apple keeps/],
  ['data of our own', withData({ gobutton_shot: 'x' }), /which gobutton writes itself/],
  [
    'data deep_link beside a deep link',
    { ...withData({ deep_link: 'x' }), deep_link: 'lingo://y' },
    /which gobutton writes itself/,
  ],
  ['data without a name', withData({ '\u200B': 'x' }), /a name without anything to see/],
  ['a control character in data', withData({ x: 'a\u0007' }), /U\+0007/],
  ['half an emoji in data', withData({ x: '\ud83d' }), /half an emoji/],
  ['half an emoji in a name of data', withData({ 'x\ud83d': 'x' }), /half an emoji/],
  ...[
    'lingo',
    'com.example.',
    '.com.example',
    'com..example',
    'com.example.lingo ',
    'com.example/lingo',
    'com.exämple.lingo',
    'com_example.lingo',
    `com.${'x'.repeat(160)}`,
  ].map((topic): [string, Campaign, RegExp] => [
    `topic ${topic.slice(0, 30)}`,
    withTopic(topic),
    /expected the app's bundle id/,
  ]),
  ...['com.example.lingo.voip', 'com.example.lingo.push-type.liveactivity', 'com.example.lingo.complication'].map(
    (topic): [string, Campaign, RegExp] => [`topic ${topic}`, withTopic(topic), /the bundle id without/],
  ),
  ...[
    'http://cdn.example.com/a.jpg',
    'cdn.example.com/a.jpg',
    'HTTPS//cdn.example.com/a.jpg',
    'https://localhost/a.jpg',
    'https://ana:secret@cdn.example.com/a.jpg',
    'https://cdn.example.com/a b.jpg',
    'data:image/png;base64,AAAA',
    'game.jpg',
  ].map((image): [string, Campaign, RegExp] => [
    `image ${image}`,
    { ...campaign, image },
    /^image: found ".*", expected an https address that every phone can open/,
  ]),
  ['an image of a locale', withEn({ image: 'game.jpg' }), /^locales\.en\.image: found "game\.jpg"/],
  [
    'an image that the service extension may not add',
    { ...campaign, image: 'https://cdn.example.com/a.jpg', apns: { ...campaign.apns, mutable_content: false } },
    /^image: found an image with apns\.mutable_content: false/,
  ],
  [
    'buttons without a category',
    { ...campaign, actions: [button('play')] },
    /^actions: found buttons without apns\.cat/,
  ],
  ['buttons of a locale, too', withEn({ actions: [button('play')] }), /^locales\.en\.actions: found buttons without/],
  [
    'two buttons of one name',
    { ...campaign, actions: [button('play'), button('play', 'Later')], apns: category },
    /^actions\.1\.id: found "play" twice/,
  ],
  [
    'a button with nothing on it',
    { ...campaign, actions: [button('play', '\u200B')], apns: category },
    /^actions\.0\.title: found a button without anything to see/,
  ],
  [
    'data actions beside buttons',
    { ...withData({ actions: 'x' }), actions: [button('play')], apns: category },
    /which gobutton writes itself/,
  ],
  [
    'data deep_link beside a deep link of a locale',
    { ...withEn({ deep_link: 'lingo://y' }), data: { deep_link: 'x' } },
    /which gobutton writes itself/,
  ],
  ...(
    [
      ['subtitle', withEn({ subtitle: 'a\u0007' })],
      ['link', { ...campaign, actions: [{ ...button('play'), link: 'a\u0007' }], apns: category }],
      ['thread_id', { ...campaign, apns: { ...campaign.apns, thread_id: 'a\u0007' } }],
      ['category', { ...campaign, apns: { ...campaign.apns, category: 'a\u0007' } }],
      ['click_action', { ...campaign, fcm: { ...campaign.fcm, click_action: 'a\u0007' } }],
      ['tag', { ...campaign, fcm: { ...campaign.fcm, tag: 'a\u0007' } }],
    ] satisfies [string, Campaign][]
  ).map(([key, bad]): [string, Campaign, RegExp] => [`a control character in ${key}`, bad, /U\+0007/]),
  ['half an emoji in a text', withText('Hi', 'Go \ud83d'), /half an emoji \(the surrogate U\+D83D alone\)/],
  ['a control character in a title', withText('Hi\u0000', 'Go'), /U\+0000/],
  ['C1 in a text', withText('Hi', 'a\u0085b'), /U\+0085/],
  ['a lost character', withText('Hi', 'caf\uFFFD'), /U\+FFFD/],
  ['nothing to see at all', withText('\u200B', '\u3164\u00AD '), /a title and a text without anything to see/],
  ['a control character in the sound', { ...campaign, sound: 'a\nb\u001b' }, /U\+001B/],
  ['a control character in the channel', { ...campaign, fcm: { ...campaign.fcm, channel_id: '\u0001' } }, /U\+0001/],
];

describe('what a provider would refuse is refused', () => {
  test.each(REFUSED)('%s', (_name, bad, said) => {
    expect(campaignFaults(bad).map(faultText).join('\n')).toMatch(said);
  });

  test.each(REFUSED)('by every door: %s', (_name, bad) => {
    expect(
      new Scene().refuses({
        kind: 'create-launch',
        by: 'ana',
        launchId: 'x',
        name: 'x',
        channelId: 'C',
        runbook: sampleRunbook({ campaign: bad }),
        runbookHash: '',
        targetAtMs: Scene.created().nowMs,
        compress: 1,
      }).code,
    ).toBe('PAYLOAD_REFUSED');
    expect(Scene.created().refuses({ kind: 'set-campaign', by: 'mia', campaign: bad })).toMatchObject({
      code: 'PAYLOAD_REFUSED',
      say: expect.stringContaining('expected'),
    });
  });

  test.each([
    [
      'deep_link: "lingo://lesson/next"',
      'data: { from: tv-ad }',
      /plan\.yaml:\d+:11 campaign\.data\.from: found "from", which FCM keeps/,
    ],
    [
      'deep_link: "lingo://lesson/next"',
      'data: { google.c.a.e: "1" }',
      /campaign\.data\.google\.c\.a\.e: found "google\.c\.a\.e"/,
    ],
    ['topic: com.example.lingo', 'topic: lingo', /campaign\.apns\.topic: found "lingo", expected the app's bundle id/],
    [
      'title: "Hast du das gesehen? 👀"',
      'title: "Hast du das gesehen? \\ud83d"',
      /campaign\.locales\.de\.title: found half an emoji/,
    ],
    [
      'title: "Hast du das gesehen? 👀", body: "Mach deine Lektion. Du weißt, wer zuschaut."',
      'title: " ", body: "\\u200B"',
      /campaign\.locales\.de: found a title and a text without anything to see/,
    ],
    [
      'Mach deine Lektion.',
      'ü'.repeat(2_200),
      /campaign\.locales\.de\.body: found too much text, expected less\. The de message is \d{4} bytes on \w+; providers take at most 4096/,
    ],
    [
      'deep_link: "lingo://lesson/next"',
      'image: http://cdn.example.com/a.jpg',
      /plan\.yaml:\d+:3 campaign\.image: found "http:\/\/cdn\.example\.com\/a\.jpg", expected an https address/,
    ],
    [
      'deep_link: "lingo://lesson/next"',
      'actions: [{ id: a, title: A, link: x }, { id: b, title: B, link: x }, { id: c, title: C, link: x }, { id: d, title: D, link: x }]',
      /plan\.yaml:\d+:3 campaign\.actions: found .*expected at most 3 buttons: Android shows no more/,
    ],
    [
      'fcm: { channel_id: reminders }',
      'fcm:\n    color: #58cc02',
      /campaign\.fcm\.color: found nothing: YAML takes "#58cc02" for a comment, expected the text in quotes: "#58cc02"/,
    ],
    [
      'fcm: { channel_id: reminders }',
      'fcm: { color: green }',
      /campaign\.fcm\.color: found "green", expected a color like "#58cc02"/,
    ],
    [
      'topic: com.example.lingo',
      'topic: com.example.lingo, interruption_level: loud',
      /campaign\.apns\.interruption_level: found "loud", expected /,
    ],
    [
      'topic: com.example.lingo',
      'topic: com.example.lingo, relevance_score: 2',
      /campaign\.apns\.relevance_score: found 2, expected /,
    ],
    [
      'deep_link: "lingo://lesson/next"',
      'icon: ic-push.png',
      /campaign\.icon: found "ic-push\.png", expected the name of a drawable/,
    ],
  ])('and at its line when the runbook is loaded: %s → %s', (find, replacement, said) => {
    const loaded = loadRunbook(superbowl.replace(find, replacement), 'plan.yaml');
    expect(loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n')).toMatch(said);
  });

  test('and nothing else is', () => {
    for (const good of [
      withData({ theme: 'gold', fromApp: 'x', notification: 'x', 'com.example': '1', message: 'x' }),
      withTopic('com.Example-2.lingo'),
      withTopic('a.b'),
      withText('Zeile\nzwei\ttab', '👨‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿 مرحبا می‌خواهم'),
      withText(' ', 'Go'),
      { ...campaign, sound: '' },
      { ...campaign, deep_link: 'lingo://a?b=c#d' },
      { ...campaign, image: 'https://cdn.example.com:8443/a.jpg?w=600#x' },
      withEn({ image: '', actions: [], subtitle: 'At the game' }),
      { ...campaign, actions: [button('play'), button('later')], apns: category },
      withData({ actions: 'x', image: 'x' }),
    ])
      expect(campaignFaults(good)).toEqual([]);
  });
});

test('the example of the page is a campaign that loads, with every kind of key', () => {
  const page = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
  const [example = ''] = /^campaign:\n(?: {2}.*\n)+/m.exec(page) ?? [];
  const loaded = loadRunbook(
    superbowl.replace(/^campaign:\n(?: {2}.*\n)+/m, () => example),
    'plan.yaml',
  );
  expect(loaded.ok ? [] : loaded.problems.map(describeProblem)).toEqual([]);
  if (loaded.ok)
    expect(apnsPayload(loaded.runbook.campaign, 'de', { launchId: 'l', shotId: 's' })).toContain('spiel.jpg');
});

test('what the rule lets through is no fault for FCM, whatever name and text it has', PROPERTY, async () => {
  const name = fc.oneof(
    fc.constantFrom('from', 'message_type', 'google.', 'gcm.', 'gcm', 'google', 'x', 'aps', 'collapse_key'),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ maxLength: 12 }),
  );
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  await holds(
    'campaign-that-fcm-takes',
    fc.property(name, text, text, (key, value, body) => {
      const one: Campaign = { ...withText('Hi', body), data: { [key]: value } };
      if (key === '__proto__' || campaignFaults(one).length > 0) return;
      expect(
        messageProblem({
          message: {
            token: 'x'.repeat(140),
            ...fcmMessage(one, 'en', { launchId: 'l', shotId: 's' }, { collapseId: 'c', expiresAfterMs: 1_000 }),
          },
        }),
      ).toBeNull();
    }),
    { seed: 5, runs: 2_000 },
  );
});
