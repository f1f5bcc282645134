import { describe, expect, test } from 'vitest';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { COPY_GATE, copyDoubts, doubtsText } from './copy-doubts.ts';
import { gateLines } from './gates.ts';

const { campaign } = sampleRunbook();
const withText = (body: string, title = 'Hi') => ({
  ...campaign,
  locales: { ...campaign.locales, en: { title, body } },
});
const found = (body: string) =>
  copyDoubts(withText(body))
    .map((doubt) => doubt.found)
    .join(' ');

describe('text that looks unfinished is found', () => {
  test.each([
    ['Hi {{first_name}}!', '“{{first_name}}”'],
    ['Hi {{ first_name | default: "you" }}', '“{{ first_name'],
    ['Hi {{first_na', '“{{first_na”'],
    ['Hi {{{x}}}', '“{{{x}}}”'],
    ['Hi ${name}', '“${name}”'],
    ['Hi #{name}', '“#{name}”'],
    ['Hi %{name}', '“%{name}”'],
    ['Hi *|FNAME|*', '“*|FNAME|*”'],
    ['Hi [[name]]', '“[[name]]”'],
    ['Hi __NAME__', '“__NAME__”'],
    ['Hi $first_name', '“$first_name”'],
    ['Hi {name}', '“{name}”'],
    ['Hi {0}', '“{0}”'],
    ['Hi {}', '“{}”'],
    ['Hi {first name}', '“{first name}”'],
    ['Hi <name>', '“<name>”'],
    ['Hi <%= name %>', '“<%= name %>”'],
    ['<b>Now</b>', '“<b>”'],
    ['Go<br/>now', '“<br/>”'],
    ['<first name>', '“<first name>”'],
    ['Hi <NAME>', '“<NAME>”'],
    ['Hi [NAME]', '“[NAME]”'],
    ['Hi [FIRST_NAME]', '“[FIRST_NAME]”'],
    ['Hi [your name]', '“[your name]”'],
    ['Go to [Insert link here]', '[Insert link here]'],
    ['Hi %@', '“%@”'],
    ['Hi %s!', '“%s”'],
    ['%d left', '“%d”'],
    ['Hi %1$s', '“%1$s”'],
    ['Hi %1$@', '“%1$@”'],
    ['Hi %(name)s', '“%(name)s”'],
    ['%.2f left', '“%.2f”'],
    ['%ld points', '“%ld”'],
    ['TODO', '“TODO”'],
    ['FIXME later', '“FIXME”'],
    ['XXX', '“XXX”'],
    ['TBD', '“TBD”'],
    ['Lorem ipsum dolor', '“Lorem ipsum”'],
    ['undefined', '“undefined”'],
    ['Hi undefined!', '“undefined”'],
    ['null', '“null”'],
    ['[object Object]', '“[object Object]”'],
    ['Rock &amp; roll', '“&amp;”'],
    ['It&#39;s on', '“&#39;”'],
    ['Now\\nor never', '“\\n”'],
    ['cafÃ© time', '“Ã©”'],
    ['Itâ€™s on', '“â€™”'],
    [' ', 'nothing to see'],
    ['\u200B', 'nothing to see'],
    ['\u00AD\u3164', 'nothing to see'],
    ['\u{E0041}\u{E0042}', 'nothing to see'],
    ['\u2800', 'nothing to see'],
    ['\u0301', 'nothing to see'],
    ['Hi \u{E0041}\u{E0042}', 'U+E0041'],
    ['Hi \u202Eereht', 'U+202E'],
    ['Hi \uE000', 'U+E000'],
    ['Hi\u3164there', 'U+3164'],
  ])('%j', (body, said) => {
    expect(found(body)).toContain(said);
    expect(found(body)).toBe(
      copyDoubts(withText('Go', body))
        .map((doubt) => doubt.found)
        .join(' '),
    );
  });

  test.each([
    'Do your lesson. You know who is watching. 👀',
    '50% off',
    '50 % de descuento',
    '%50 indirim',
    '100%ig gut',
    'It is 5 < 6 and 7 > 6',
    'Save $5 today',
    'Todo listo',
    '¡Todo!',
    'xxx Mia',
    'We <3 you',
    'Drill <now> & here',
    'C’est l’heure',
    'Watch #BigGame @lingo',
    'Ja! 20% auf alles',
    'مرحبا می‌خواهم',
    '👨‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿',
    'สวัสดี\u200Bครับ',
    'Zeile\nzwei',
    'Nr. 1 (new)',
    'A & B',
    '見ましたか？',
    'Ação já',
    'Você está à frente',
    'Size XXXL',
    'email: a_b@c.de',
    '1/2 {',
    'a_b_c',
  ])('and what is finished is not: %j', (body) => {
    expect(found(body)).toBe('');
  });

  test('with its place, in links and data too, and in few words', () => {
    const doubts = copyDoubts({
      ...withText('Hi %@', 'TODO'),
      deep_link: 'lingo://u/{{id}}?x=%s',
      data: { theme: '${theme}', json: '{"a":1}', format: '%s' },
    });
    expect(doubtsText(doubts)).toBe(
      'en title has “TODO”; en body has “%@”; deep link has “{{id}}”; data.theme has “${theme}”',
    );
    expect(doubtsText([...doubts, ...doubts], 2)).toBe('en title has “TODO”; en body has “%@”; and 6 more');
  });
});

describe('a person must judge it', () => {
  const doubtful = () => Scene.ready(sampleRunbook({ campaign: withText('Hi {{first_name}}!') }));
  const line = (scene: Scene) => gateLines(scene.state, [], scene.nowMs, 'all').find(({ id }) => id === COPY_GATE.id);

  test('before fire may be asked for: the gate names what was found and where', () => {
    const scene = doubtful();
    expect(line(scene)).toMatchObject({
      status: 'unknown',
      manual: true,
      hard: false,
      say: 'en body has “{{first_name}}”; nobody has judged it yet',
    });
    expect(scene.refuses(scene.request())).toMatchObject({
      code: 'GATES_RED',
      say: expect.stringContaining('en body has “{{first_name}}”'),
    });
    // A waiver is for a time, not for a text: it would let the next one through.
    expect(
      scene.refuses({
        kind: 'request-waiver',
        by: 'ana',
        gate: COPY_GATE.id,
        segments: 'all',
        worst: null,
        reason: 'x',
        endsAtMs: scene.nowMs + 1_000,
      }),
    ).toMatchObject({ code: 'GATE_IS_HARD', say: expect.stringContaining('takes no waiver') });
    scene.does({ kind: 'tick-gate', by: 'mia', gate: COPY_GATE.id, green: true, note: '' });
    expect(line(scene)).toMatchObject({
      status: 'green',
      say: expect.stringContaining('en body has “{{first_name}}”; ticked by Mia Chen'),
    });
    expect(scene.decide(scene.request()).ok).toBe(true);
  });

  test('again for every other content, and not at all once the text is finished', () => {
    const scene = doubtful();
    scene.does({ kind: 'tick-gate', by: 'mia', gate: COPY_GATE.id, green: true, note: '' });
    const seen = scene.state.contentHash;
    scene.does({ kind: 'set-campaign', by: 'mia', campaign: withText('Hi {{last_name}}!') });
    expect(line(scene)?.status).toBe('unknown');
    // The button of before is about the text of before.
    const tick = { kind: 'tick-gate', by: 'mia', gate: COPY_GATE.id, green: true, note: '' } as const;
    expect(scene.refuses({ ...tick, contentHash: seen }).code).toBe('CONTENT_CHANGED');
    expect(scene.decide({ ...tick, contentHash: scene.state.contentHash }).ok).toBe(true);
    scene.does({ kind: 'set-campaign', by: 'mia', campaign: withText('Hi!') });
    expect(line(scene)).toBeUndefined();
    expect(scene.refuses({ kind: 'tick-gate', by: 'mia', gate: COPY_GATE.id, green: true, note: '' })).toMatchObject({
      code: 'GATE_UNKNOWN',
    });
    scene.does({ kind: 'set-campaign', by: 'mia', campaign: withText('TODO') });
    expect(line(scene)?.status).toBe('unknown');
  });
});

test('subtitles, buttons and addresses of each locale are looked at too', () => {
  const doubts = copyDoubts({
    ...campaign,
    image: 'https://cdn.example.com/{{id}}.jpg',
    actions: [{ id: 'play', title: 'Play {name}', link: 'lingo://${id}' }],
    locales: {
      en: {
        title: 'Hi',
        subtitle: 'TODO',
        body: 'Go',
        deep_link: 'lingo://{{id}}',
        actions: [{ id: 'later', title: '%s', link: 'lingo://later?x=%20{y}' }],
      },
    },
  });
  expect(doubts.map(({ where, found: what }) => `${where}: ${what}`)).toEqual([
    'en subtitle: “TODO”',
    'en button later: “%s”',
    'button play: “{name}”',
    'image: “{{id}}”',
    'link of button play: “${id}”',
    'en deep link: “{{id}}”',
  ]);
});
