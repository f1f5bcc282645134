import { describe, expect, test } from 'vitest';
import { audience, people, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import type { Command } from './commands.ts';
import { gateLines } from './gates.ts';
import { copiesOf, copiesUnseen, phonesOf } from './test-copies.ts';

const unseen = (one: Scene) =>
  copiesUnseen(one.state).map(({ text: name, platform }) => (platform === null ? name : `${name} ${platform}`));

const phone = (platform: 'ios' | 'android', locale: string, token: string) => ({ platform, locale, token });
const DEVICES: Record<string, unknown[]> = {
  ana: [phone('ios', 'en-GB', 'face0a1a')],
  ben: [phone('android', 'pt_BR', 'face0b1b'), phone('ios', 'fr', 'face0b2b')],
};
const text = (title: string) => ({ title, body: title });
const runbook = sampleRunbook({
  people: people.map((one) => ({ ...one, devices: DEVICES[one.id] ?? [] })),
  campaign: {
    id: 'big-game',
    default_locale: 'en',
    locales: { en: text('en'), 'pt-BR': text('pt'), de: text('de'), ja: text('ja') },
    apns: { topic: 'com.example.lingo' },
  },
  gates: [{ id: 'read', title: 'The copy was read', after: 'test-copies' }],
});
/** Nobody of it reads Japanese. */
const read = {
  ...audience,
  locales: { en: 700, 'pt-BR': 200, de: 100 },
};

/** Each platform reads other texts. */
const perPlatform = {
  ...read,
  segments: audience.segments.map((segment) => ({
    ...segment,
    locales: segment.platform === 'ios' ? { en: segment.devices - 1, de: 1 } : { en: segment.devices - 1, 'pt-BR': 1 },
  })),
};

function scene(): Scene {
  const one = Scene.created(runbook);
  one.does({ kind: 'set-audience', by: 'ana', audience: read });
  return one;
}
const ask = (more: Partial<Extract<Command, { kind: 'request-test' }>> = {}): Command => ({
  kind: 'request-test',
  by: 'ana',
  to: ['ana', 'ben'],
  ...more,
});
/** The copies of a request, as the worker makes them. */
function copies(one: Scene, command: Command): string[] {
  const entry = one.gives('TestRequested', command);
  const asked = one.state.tests[entry.testId];
  if (asked === undefined) throw new Error('NOT_ASKED');
  return copiesOf(one.state, asked, phonesOf(one.state)).map(
    ({ person, platform, locale, isExtra }) => `${person} ${platform} ${locale}${isExtra ? ' extra' : ''}`,
  );
}

describe('test copies', () => {
  test('are of the text that each phone would get; a language that the campaign lacks gets the default', () => {
    expect(copies(scene(), ask())).toEqual(['ana ios en', 'ben android pt-BR', 'ben ios en']);
  });

  test('of named texts go to the phones that have them, and those that no phone has to the asker', () => {
    expect(copies(scene(), ask({ locales: ['pt-BR', 'de', 'ja'] }))).toEqual([
      'ben android pt-BR',
      'ana ios de extra',
      'ana ios ja extra',
    ]);
    // Mia has no phone: the first who has.
    expect(copies(scene(), ask({ by: 'mia', to: ['mia', 'ben'].slice(1), locales: ['de'] }))).toEqual([
      'ben android de extra',
      'ben ios de extra',
    ]);
  });

  test('of all that the audience reads reach each platform that reads it, where somebody has a phone of it', () => {
    const one = Scene.created(runbook);
    one.does({ kind: 'set-audience', by: 'ana', audience: perPlatform });
    const all = ask({ locales: ['en', 'pt-BR', 'de'] });
    expect(copies(one, all)).toEqual([
      'ana ios en',
      'ben android pt-BR',
      'ben ios en',
      'ana ios de extra',
      'ben android en extra',
    ]);
    // Asked for on one platform, nothing goes to the other.
    expect(copies(one, ask({ locales: ['en', 'pt-BR', 'de'], platform: 'ios' }))).not.toContain('ben android en extra');
  });

  test('of one platform go to phones of that platform alone', () => {
    expect(copies(scene(), ask({ platform: 'android' }))).toEqual(['ben android pt-BR']);
    expect(copies(scene(), ask({ platform: 'android', locales: ['en', 'pt-BR'] }))).toEqual([
      'ben android pt-BR',
      'ben android en extra',
    ]);
    expect(scene().refuses(ask({ to: ['ana'], platform: 'android' }))).toMatchObject({
      code: 'NO_DEVICES',
      say: expect.stringContaining('is an Android phone'),
    });
  });

  test('of a text that the campaign does not have are refused', () => {
    expect(scene().refuses(ask({ locales: ['en', 'xx'] }))).toMatchObject({
      code: 'LOCALE_UNKNOWN',
      say: 'The campaign has no text for xx; it has en, pt-BR, de and ja.',
    });
  });
});

describe('a gate that comes after test copies', () => {
  const tick: Command = { kind: 'tick-gate', by: 'mia', gate: 'read', green: true, note: '' };
  const done = (
    one: Scene,
    results: { locale?: string; accepted?: boolean; person?: string; platform?: 'ios' | 'android' }[],
  ) => {
    const { testId } = one.gives('TestRequested', ask());
    one.does({
      kind: 'report-test',
      testId,
      results: results.map((more) => ({
        person: 'ana',
        platform: 'ios',
        accepted: true,
        reason: '',
        tookMs: 1,
        ...more,
      })),
    });
  };

  test('is ticked once a copy in every language that the audience reads has reached a phone', () => {
    const one = scene();
    expect(one.refuses(tick).say).toContain('No copy of this text in en, pt-BR and de has reached a phone');
    done(one, [{ locale: 'en' }, { locale: 'pt-BR' }, { locale: 'de', accepted: false }]);
    expect(one.refuses(tick)).toMatchObject({
      code: 'TEST_MISSING',
      say: expect.stringContaining('No copy of this text in de has'),
    });
    done(one, [{ locale: 'de' }]);
    expect(unseen(one)).toEqual([]);
    expect(one.gives('GateTicked', tick).green).toBe(true);
  });

  test('of a text that was changed since, copies say nothing', () => {
    const one = scene();
    done(one, [{ locale: 'en' }, { locale: 'pt-BR' }, { locale: 'de' }]);
    one.does({ kind: 'set-campaign', by: 'mia', campaign: { ...one.state.campaign, deep_link: 'lingo://x' } });
    expect(unseen(one)).toEqual(['en', 'pt-BR', 'de']);
  });

  test('without an audience asks for one copy; what an older worker reported counts for the phones of that person', () => {
    const one = Scene.created(runbook);
    expect(unseen(one)).toEqual(['en']);
    done(one, [{ person: 'ana' }]);
    expect(unseen(one)).toEqual([]);
    one.does({ kind: 'set-audience', by: 'ana', audience: read });
    expect(unseen(one)).toEqual(['pt-BR', 'de']);
  });

  test('asks for each text on each platform that reads it, as far as the roster has phones of it', () => {
    const one = Scene.created(runbook);
    one.does({ kind: 'set-audience', by: 'ana', audience: perPlatform });
    expect(unseen(one)).toEqual(['en ios', 'de ios', 'en android', 'pt-BR android']);
    expect(one.refuses(tick).say).toContain('No copy of this text in en (iPhone), de (iPhone), en (Android phone)');
    done(one, [{ locale: 'en' }, { locale: 'pt-BR' }, { locale: 'de' }]);
    expect(unseen(one)).toEqual(['en android', 'pt-BR android']);
    done(one, [
      { locale: 'en', platform: 'android' },
      { locale: 'pt-BR', platform: 'android', accepted: false },
    ]);
    expect(unseen(one)).toEqual(['pt-BR android']);
    done(one, [{ locale: 'pt-BR', platform: 'android' }]);
    expect(one.gives('GateTicked', tick).green).toBe(true);
  });

  test('says beside the tick that a platform has no phone on the roster, and asks for none there', () => {
    const iPhones = {
      ...runbook,
      people: runbook.people.map((person) => ({
        ...person,
        devices: person.devices.filter(({ platform }) => platform === 'ios'),
      })),
    };
    const one = Scene.created(iPhones);
    one.does({ kind: 'set-audience', by: 'ana', audience: perPlatform });
    // Android alone reads Portuguese: somebody has to have read its words, on whatever phone.
    expect(unseen(one)).toEqual(['en ios', 'de ios', 'pt-BR']);
    done(one, [{ locale: 'en' }, { locale: 'de' }]);
    expect(one.refuses(tick)).toMatchObject({ code: 'TEST_MISSING', say: expect.stringContaining('in pt-BR has') });
    expect(copies(one, ask({ locales: ['en', 'de', 'pt-BR'] }))).toContain('ana ios pt-BR extra');
    done(one, [{ locale: 'pt-BR' }]);
    one.does(tick);
    expect(gateLines(one.state, [], one.nowMs, 'all').find(({ id }) => id === 'read')?.say).toContain(
      'no Android phone is on the roster, so nobody has seen it there',
    );
  });
});
