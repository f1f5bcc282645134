import { describe, expect, test } from 'vitest';
import { messageBlockProblems } from '../../infra/local/slack/block-kit/validate.ts';
import type { Json } from '../../infra/local/slack/state/model.ts';
import { apnsPayload, fcmMessage } from '../../runbooks/launch/payload.ts';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { contentTexts, previewText, sizesText } from './content.ts';
import { entryMessage } from './entry-message.ts';
import type { Message } from './message.ts';

const { campaign } = sampleRunbook();
const rich: Campaign = {
  ...campaign,
  image: 'https://cdn.example.com/game.jpg',
  badge: 2,
  actions: [{ id: 'play', title: 'Play <now>', link: 'lingo://play' }],
  locales: {
    en: { title: 'Did you see that?', subtitle: 'At the *game*', body: 'Do your lesson.' },
    'pt-BR': { title: 'Você viu?', body: 'Faça sua lição.', image: '' },
  },
  apns: { ...campaign.apns, category: 'GAME' },
};
const textOf = (blocks: readonly unknown[]): string => JSON.stringify(blocks).replaceAll(/[\u2068\u2069]/g, '');

describe('what an order shows of its content', () => {
  test('is the subtitle with its text, and all that goes out beside the texts', () => {
    const { sections, shortened } = contentTexts(rich, { en: 10, 'pt-BR': 5 });
    const said = textOf(sections);
    expect(said).toContain('*Did you see that?* _At the *game*_ Do your lesson.');
    for (const line of [
      '• image: https://cdn.example.com/game.jpg',
      '• pt-BR image: _none_',
      '• badge: 2',
      '• actions: [play] Play &lt;now&gt; → lingo://play',
      '• apns.category: GAME',
    ])
      expect(said).toContain(line);
    expect(said).not.toContain('sound: default');
    expect(shortened).toBe(false);
  });

  test('leaves out what goes to locales that nobody of the order reads, and says when something is shortened', () => {
    expect(textOf(contentTexts(rich, { en: 10 }).sections)).not.toContain('pt-BR image');
    const data = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`key${at}`, 'x'.repeat(60)]));
    const { sections, shortened } = contentTexts({ ...rich, data }, null);
    expect(textOf(sections)).toMatch(/… and \d+ more/);
    expect(shortened).toBe(true);
    expect(contentTexts({ ...rich, deep_link: `lingo://${'x'.repeat(400)}` }, null).shortened).toBe(true);
  });
});

test('the bytes of each text are those of the messages that go out, on both platforms', () => {
  const ids = { launchId: 'superbowl', shotId: 'test-T0000000000' };
  const ios = Buffer.byteLength(apnsPayload(rich, 'en', ids));
  const android = Buffer.byteLength(
    JSON.stringify(fcmMessage(rich, 'en', ids, { collapseId: 'c'.repeat(64), expiresAfterMs: 2_419_200_000 })),
  );
  expect(sizesText(rich, 'superbowl')).toContain(`\`en\` ${ios} iOS, ${android} Android`);
  expect(sizesText(rich, 'superbowl')).toContain('• The subtitle is shown on iOS; Android has none.');
  const large = { ...rich, locales: { ...rich.locales, en: { title: 'Hi', body: 'x'.repeat(4_100) } } };
  expect(sizesText(large, 'superbowl')).toMatch(/`en` :no_entry: 4,\d{3} iOS, :no_entry: 4,\d{3} Android/);
});

test('beside the pictures stands what they cut, and what no font could draw', () => {
  const said = previewText('c0ffee00aa', [
    { locale: 'en', cut: [], missing: [] },
    { locale: 'de', cut: ['title on iOS', 'text on Android'], missing: ['ᚠ'] },
  ]);
  expect(said).toContain('Content `c0ffee00`');
  expect(said).toContain('*Cut there*\n• `de` title on iOS, text on Android');
  expect(said).toContain('no font for it here: ᚠ');
  expect(previewText('c0ffee00aa', [{ locale: 'en', cut: [], missing: [] }])).not.toMatch(/Cut|Not drawn/);
});

describe('a change of the content in the room', () => {
  const posted = (scene: Scene, change: Campaign): Message => {
    const entry = scene.does({ kind: 'set-campaign', by: 'mia', campaign: change });
    const said = entryMessage(scene.state, entry);
    if (said === null) throw new Error('nothing was posted');
    return said;
  };

  test('is told before and after, place by place', () => {
    const scene = Scene.created();
    const said = posted(scene, rich);
    expect(messageBlockProblems(said.blocks as unknown as Json[])).toEqual([]);
    expect(textOf(said.blocks)).toContain('*en subtitle* is new\\n• now: At the *game*');
    expect(textOf(said.blocks)).toContain('*badge* is new\\n• now: 2');
    const again = posted(scene, {
      ...rich,
      locales: { ...rich.locales, en: { title: 'Did you see THAT?', body: 'Do your lesson.' } },
    });
    expect(textOf(again.blocks)).toContain(
      '*en title*\\n• before: Did you see that?\\n• now: Did you see THAT?\\n*en subtitle* is gone\\n• before: At the *game*',
    );
  });

  test('of more than a message holds is told as far as it goes, and where the rest is', () => {
    const locales = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [
        `en-x${String(at).padStart(3, '0')}`,
        { title: '<&>'.repeat(60), body: `Text ${at} ${'<!channel> '.repeat(90)}` },
      ]),
    );
    const scene = Scene.created();
    const said = posted(scene, { ...campaign, locales: { ...campaign.locales, ...locales } });
    expect(messageBlockProblems(said.blocks as unknown as Json[])).toEqual([]);
    expect(textOf(said.blocks)).not.toContain('<!channel>');
    expect(textOf(said.blocks)).toContain('the file of `/go timeline` has it all');
  });
});

test('before its first change a campaign has nothing to compare with', () => {
  const scene = Scene.created();
  expect(scene.state.campaignBefore).toBeUndefined();
  scene.does({ kind: 'set-campaign', by: 'mia', campaign: rich });
  expect(scene.state.campaignBefore).toEqual(campaign);
});
