import { expect, test } from 'vitest';
import { id as idRule } from '../../runbooks/playbook/fields/values.ts';
import { freeId, idOf } from './ids.ts';
import { peopleOf } from './questions.ts';

test('letters of any script are read as Latin ones, and what has none is called otherwise', () => {
  const said = {
    'Super Bowl push!': 'super-bowl-push',
    林美玲: 'lin-mei-ling',
    김민수: 'gim-min-su',
    さくら: 'sakura',
    'Дмитрий Щукин': 'dmitriy-shchukin',
    'محمد علي': 'mhmd-ly',
    'Łukasz Żak': 'lukasz-zak',
    'O’Neil Ørsted': 'o-neil-orsted',
    'Jose\u0301': 'jose',
    ＡＢＣ: 'abc',
    '🎉 Sale': 'sale',
    '☃': 'otherwise',
    '': 'otherwise',
  };
  expect(Object.fromEntries(Object.keys(said).map((text) => [text, idOf(text, 40, 'otherwise')]))).toEqual(said);
});

test('an id stays one by the rule of the runbook, however long the name is', () => {
  for (const text of ['林'.repeat(60), 'ß'.repeat(60), `${'x'.repeat(39)}é`, 'a '.repeat(40)])
    expect(idRule.safeParse(idOf(text, 40, 'person')).success).toBe(true);
  const taken = new Set<string>();
  const ids = Array.from({ length: 12 }, () => freeId(idOf('林'.repeat(60), 40, 'person'), taken));
  expect(new Set(ids).size).toBe(12);
  expect(ids.every((one) => idRule.safeParse(one).success)).toBe(true);
});

test('people keep their names as typed, and each has an id of their own; without a letter it is that of their Slack account', () => {
  const people = peopleOf([
    '林美玲, marketer, U0LIN',
    '林美玲，on-call',
    'Ана Иванова, on-call',
    'Ana Ortiz, marketer',
    '☃, observer, U0SNOW',
    '☃, observer',
  ]);
  expect(people.map(({ id, name, slack }) => [id, name, slack])).toEqual([
    ['lin-mei-ling', '林美玲', ['U0LIN']],
    ['lin-mei-ling-2', '林美玲', []],
    ['ana', 'Ана Иванова', []],
    ['ana-ortiz', 'Ana Ortiz', []],
    ['u0snow', '☃', ['U0SNOW']],
    ['person', '☃', []],
  ]);
});
