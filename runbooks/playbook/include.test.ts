import { describe, expect, test } from 'vitest';
import { describeProblem } from './checked-yaml.ts';
import { filesToRead, includedPath, merge, partsOf } from './include.ts';
import { loadRunbook } from './load.ts';
import { placeKey } from './yaml-value.ts';

const OWN = `version: 1
id: sale
title: Flash sale
include: [shared/people.yaml, shared/fleets.yaml]
people:
  - { id: ben, name: Ben Okafor, roles: [marketer] }
pool: { name: sale, scale_target: workers, workers: 2 }
campaign:
  id: sale
  default_locale: en
  locales:
    en: { title: Now, body: The sale is on. }
gates: [{ id: credentials, title: Credentials are fresh, owner: ana, probe: { kind: credentials } }]
phases: [{ id: moment, title: Moment, steps: [{ id: window, title: Now, at: T, do: { kind: fire-window } }] }]
`;
const FILES = {
  'shared/people.yaml': `include: [texts.yaml]
people:
  - { id: ana, name: Ana Ortiz, roles: [on-call] }
  - { id: mia, name: Mia Chen, roles: [marketer] }
`,
  'shared/fleets.yaml': 'scale_targets:\n  - { id: workers, kind: ecs-service, cluster: c, service: w }\n',
  'shared/texts.yaml': `campaign:
  apns: { topic: com.example.app }
  locales:
    de: { title: Jetzt, body: Es geht los. }
`,
};

const load = (own = OWN, files: Record<string, string | { found: string; expected: string }> = FILES) =>
  loadRunbook(own, 'plans/sale.yaml', { included: new Map(Object.entries(files)) });
const problems = (...from: Parameters<typeof load>) => {
  const loaded = load(...from);
  return loaded.ok ? [] : loaded.problems.map(describeProblem);
};

test('what files share stands in its place, theirs before the own, as if all of it stood in one', () => {
  const loaded = load();
  if (!loaded.ok) throw new Error(problems().join('\n'));
  const { people, campaign, scale_targets: fleets } = loaded.runbook;
  expect(people.map(({ id }) => id)).toEqual(['ana', 'mia', 'ben']);
  expect(Object.keys(campaign.locales)).toEqual(['de', 'en']);
  expect(campaign.apns.topic).toBe('com.example.app');
  expect(fleets.map(({ id }) => id)).toEqual(['workers']);
  expect(loaded.runbook).not.toHaveProperty('include');
  expect(loaded.written).not.toHaveProperty('include');
});

test('files are asked for by their path from the folder, until all are known', () => {
  expect(filesToRead(OWN, new Map())).toEqual(['shared/people.yaml', 'shared/fleets.yaml']);
  const first = new Map(Object.entries(FILES).filter(([name]) => name !== 'shared/texts.yaml'));
  expect(filesToRead(OWN, first)).toEqual(['shared/texts.yaml']);
  expect(filesToRead(OWN, new Map(Object.entries(FILES)))).toEqual([]);
  expect(filesToRead('version: 1\n', new Map())).toEqual([]);
});

describe('a problem names the file that it stands in, and its line', () => {
  test.each<[string, string, Record<string, string>, string]>([
    [
      'in an included file',
      OWN,
      { ...FILES, 'shared/people.yaml': FILES['shared/people.yaml'].replace('[marketer]', '[boss]') },
      'plans/shared/people.yaml:4:40 people.1.roles.0: found "boss", expected ',
    ],
    [
      'in the runbook itself',
      OWN.replace('roles: [marketer]', 'roles: [boss]'),
      FILES,
      'plans/sale.yaml:6:42 people.2.roles.0: found "boss"',
    ],
    [
      'of an id that two files have',
      OWN.replace('id: ben,', 'id: ana,'),
      FILES,
      'plans/sale.yaml:6:7 people.2.id: found "ana" a second time',
    ],
    [
      'of a rule about what is included',
      OWN,
      { ...FILES, 'shared/fleets.yaml': FILES['shared/fleets.yaml'].replace('id: workers', 'id: others') },
      'plans/sale.yaml:7:21 pool.scale_target: found "workers", expected a scale target: others',
    ],
    [
      'of a key that is nowhere',
      OWN,
      { ...FILES, 'shared/texts.yaml': 'campaign: { locales: {} }\n' },
      'plans/sale.yaml:8:1 campaign.apns: found nothing',
    ],
    [
      'of a value that two files say',
      OWN,
      { ...FILES, 'shared/texts.yaml': `${FILES['shared/texts.yaml']}  default_locale: de\n` },
      'plans/sale.yaml:10:3 campaign.default_locale: found campaign.default_locale, which shared/texts.yaml has, too, expected it in one of them',
    ],
    [
      'of what an event has of its own',
      OWN,
      { ...FILES, 'shared/fleets.yaml': `${FILES['shared/fleets.yaml']}gates: []\n` },
      'plans/shared/fleets.yaml:3:1 gates: found "gates" in an included file, expected people, scale_targets, campaign or include',
    ],
    [
      'of an empty file',
      OWN,
      { ...FILES, 'shared/texts.yaml': '' },
      'plans/shared/texts.yaml:1:1 found nothing, expected people, scale_targets',
    ],
    [
      'of a file that holds no fields',
      OWN,
      { ...FILES, 'shared/texts.yaml': '[campaign]\n' },
      'plans/shared/texts.yaml:1:1 found no fields, expected people, scale_targets',
    ],
    ['of a file that is no YAML', OWN, { ...FILES, 'shared/texts.yaml': 'campaign: [\n' }, 'plans/shared/texts.yaml:'],
    [
      'of copy that YAML would cut',
      OWN,
      { ...FILES, 'shared/texts.yaml': FILES['shared/texts.yaml'].replace('Es geht los.', 'Es #geht los') },
      'plans/shared/texts.yaml:4:',
    ],
  ])('%s', (_, own, files, expected) => {
    const [first] = problems(own, files);
    expect(first).toContain(expected);
  });
});

describe('what can not be included is refused where it is named', () => {
  test.each<[string, string, string]>([
    [
      'a file above',
      '../people.yaml',
      `found "../people.yaml", expected a .yaml file in the runbook's folder or below it`,
    ],
    ['a file above, by a way round', 'shared/../../people.yaml', 'expected a .yaml file in'],
    ['an absolute path', '/etc/people.yaml', 'expected a .yaml file in'],
    ['an address', 'https://example.com/people.yaml', 'expected a .yaml file in'],
    ['another kind of file', 'people.json', 'expected a .yaml file in'],
    ['a file that nobody read', 'other.yaml', 'found other.yaml, which was not read'],
  ])('%s', (_, path, expected) => {
    const [first] = problems(OWN.replace('shared/fleets.yaml', JSON.stringify(path)));
    expect(first).toMatch(/^plans\/sale\.yaml:4:\d+ include\.1: /);
    expect(first).toContain(expected);
  });

  test('one that could not be read, with why', () => {
    const gone = { found: "a file that can't be read (ENOENT)", expected: 'one that can be read' };
    expect(problems(OWN, { ...FILES, 'shared/fleets.yaml': gone })).toEqual([
      "plans/sale.yaml:4:31 include.1: found shared/fleets.yaml, a file that can't be read (ENOENT), expected one that can be read",
    ]);
  });

  test('a circle, and the file itself', () => {
    const circle = FILES['shared/texts.yaml'].replace('campaign', 'include: [people.yaml]\ncampaign');
    expect(problems(OWN, { ...FILES, 'shared/texts.yaml': circle })[0]).toBe(
      'plans/shared/texts.yaml:1:11 include.0: found shared/people.yaml, which includes this file, expected no circle: what both need in a third one',
    );
    const itself = FILES['shared/texts.yaml'].replace('campaign', 'include: [texts.yaml]\ncampaign');
    expect(problems(OWN, { ...FILES, 'shared/texts.yaml': itself })[0]).toContain('no circle');
  });

  test('more files than anybody keeps in mind, and no list at all', () => {
    const names = Array.from({ length: 21 }, (_, n) => `f${n}.yaml`);
    const beside = new Map(names.map((name) => [name, 'people: []\n']));
    const behind = new Map(names.map((name, n) => [name, `include: [f${n + 1}.yaml]\n`]));
    behind.set('f20.yaml', 'people: []\n');
    const tooMany = (included: ReadonlyMap<string, string>, asked: readonly string[]) =>
      partsOf(`include: [${asked.join(', ')}]\n`, included).problems.filter(({ found }) => found.includes('files'));
    expect(tooMany(beside, names.slice(0, 20))).toEqual([]);
    expect(tooMany(beside, names)).toMatchObject([{ path: ['include', 20], found: 'more than 20 files' }]);
    expect(tooMany(behind, ['f1.yaml'])).toEqual([]);
    expect(tooMany(behind, ['f0.yaml'])).toMatchObject([{ file: 'f19.yaml', path: ['include', 0] }]);
    expect(problems(OWN.replace('[shared/people.yaml, shared/fleets.yaml]', 'shared/people.yaml'))[0]).toBe(
      'plans/sale.yaml:4:1 include: found "shared/people.yaml", expected a list of files, like [shared/people.yaml]',
    );
    expect(problems(OWN.replace('shared/fleets.yaml', '5'))[0]).toContain('found 5, expected a file');
  });
});

test('two files that share a third one have it once', () => {
  const files = { ...FILES, 'shared/fleets.yaml': `include: [texts.yaml]\n${FILES['shared/fleets.yaml']}` };
  expect(problems(OWN, files)).toEqual([]);
});

test.each([
  ['a text where another has fields', 'campaign: now\n', 'campaign'],
  ['a text where another has a list', 'campaign: now\npeople: ana\n', 'campaign, people'],
  ['fields where another has a list', 'people: { id: ana }\n', 'people'],
])('%s is refused, and neither counts as the other', (_, shared, paths) => {
  const own = 'include: [a.yaml]\ncampaign: { id: sale }\npeople: [{ id: ben }]\n';
  const { parts } = partsOf(own, new Map([['a.yaml', shared]]));
  for (const order of [parts, parts.toReversed()]) {
    const merged = merge(order);
    expect(
      merged.problems
        .map(({ path }) => path.join('.'))
        .toSorted()
        .join(', '),
    ).toBe(paths);
    expect(merged.value).toEqual({
      ...(order[1]?.read.value as object),
      ...(order[0]?.read.value as object),
      include: undefined,
    });
  }
});

test('what an included file may not say is refused once, and is in nothing', () => {
  const { parts } = partsOf('include: [a.yaml]\ngates: []\n', new Map([['a.yaml', 'gates: 5\npeople: []\n']]));
  const merged = merge(parts);
  expect(merged.problems).toMatchObject([{ file: 'a.yaml', path: ['gates'] }]);
  expect(merged.value).toEqual({ people: [], gates: [] });
});

test('of a list in several files the place is that of the last, and each item keeps its own', () => {
  const own = 'include: [a.yaml]\ncampaign: { list: [two], other: { deep: [three] } }\n';
  const shared = 'campaign: { list: [one], other: { kept: here } }\n';
  const { places } = merge(partsOf(own, new Map([['a.yaml', shared]])).parts);
  const fileOf = (...path: (string | number)[]) => places.get(placeKey(path))?.file;
  expect([fileOf('campaign', 'list'), fileOf('campaign', 'list', 0), fileOf('campaign', 'list', 1)]).toEqual([
    null,
    'a.yaml',
    null,
  ]);
  expect([fileOf('campaign', 'other', 'deep', 0), fileOf('campaign', 'other', 'kept')]).toEqual([null, 'a.yaml']);
});

test.each([
  [null, 'a.yaml', 'a.yaml'],
  [null, './b/./a.yml', 'b/a.yml'],
  ['b/c.yaml', 'a.yaml', 'b/a.yaml'],
  ['b/c.yaml', '../a.yaml', 'a.yaml'],
  ['b/c.yaml', '../../a.yaml', null],
  ['b/c/d.yaml', 'a.yaml', 'b/c/a.yaml'],
  [null, 'a.yaml.txt', null],
  [null, `${'a'.repeat(195)}.yaml`, `${'a'.repeat(195)}.yaml`],
  [null, `${'a'.repeat(196)}.yaml`, null],
  [null, 'a//b.yaml', null],
  [null, '..', null],
  [null, String.raw`b\a.yaml`, null],
])('from %j the path %j is %j', (from, written, expected) => {
  expect(includedPath(from, written)).toBe(expected);
});

test('a name that every object has by itself is taken once, like any other', () => {
  const own = OWN.replace('  locales:', '  data: { constructor: x }\n  locales:');
  const texts = FILES['shared/texts.yaml'].replace('  locales:', '  data: { sale: now }\n  locales:');
  const loaded = load(own, { ...FILES, 'shared/texts.yaml': texts });
  if (!loaded.ok) throw new Error(loaded.problems.map(describeProblem).join('\n'));
  expect(loaded.runbook.campaign.data).toEqual({ sale: 'now', constructor: 'x' });
});
