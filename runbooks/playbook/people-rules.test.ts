import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../infra/aws/sha256.ts';
import { keyVia, people, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { personOf } from '../launch/people.ts';
import { describeProblem } from './checked-yaml.ts';
import { loadRunbook } from './load.ts';
import { fingerprintOf, readOperatorKey } from './operator-key.ts';
import { peopleFaults } from './people-rules.ts';
import type { Person } from './schema.ts';

const superbowl = readFileSync(new URL('../library/superbowl.yaml', import.meta.url), 'utf8');
const pair = generateKeyPairSync('ed25519');
const der = pair.publicKey.export({ type: 'spki', format: 'der' });
const KEY = der.toString('base64');
const PEM = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
/** 44 bytes leave two bits of their last digit free: another text for the same bytes. */
const OTHER_BITS = KEY.replace(/(.)=$/, (_, digit: string) => `${String.fromCharCode(digit.charCodeAt(0) + 1)}=`);

const named = (name: string, more: Partial<Person> = {}): Person => ({
  id: `p${Buffer.from(name).toString('hex').slice(0, 30)}`,
  name,
  roles: ['marketer'],
  slack: [],
  operator_keys: [],
  devices: [],
  ...more,
});
const says = (...some: Person[]): string =>
  peopleFaults(some)
    .map(({ say }) => say)
    .join('\n');

describe('two people whose names look alike are refused', () => {
  test.each([
    ['Mia Chen', 'mia chen'],
    ['Mia Chen', 'Mia  Chen '],
    ['Mia Chen', 'Mia\u00A0Chen'],
    ['Mia Chen', 'MiaChen'],
    ['Mia Chen', 'Mia-Chen'],
    ['Mia Chen', 'Mia\u200BChen'],
    ['Mia Chen', 'Miа Chen'],
    ['Mia Chen', 'Μia Chen'],
    ['Mia Chen', 'Ｍｉａ Ｃｈｅｎ'],
    ['Mia Chen', 'Mía Chén'],
    ['José Díaz', 'Jose\u0301 Di\u0301az'],
    ['Ana Ortiz', 'АΝА ORΤΙΖ'],
    ['Ian Li', 'lan Li'],
    ['Al Smith', 'A1 Smith'],
    ['Mona Arnold', 'Mona Amold'],
    ['Mia Chen', '𝓜𝓲𝓪 𝓒𝓱𝓮𝓷'],
    ['Ben Okafor', 'Ben Оkаfоr'],
    ['Olu', '0lu'],
  ])('%s and %s', (one, other) => {
    expect(says(named(one), named(other))).toContain('one human is one person');
  });

  test.each([
    ['Mia Chen', 'Mia Cheng'],
    ['Ana Ortiz', 'Anna Ortiz'],
    ['Ian Smith', 'Lan Smith'],
    ['王伟', '王芳'],
    ['Нина', 'Лина'],
    ['Ben (web)', 'Ben (api)'],
  ])('%s and %s are two', (one, other) => {
    expect(says(named(one), named(other))).toBe('');
  });

  test('when the runbook is loaded, with the line, and when the roster is changed', () => {
    const loaded = loadRunbook(superbowl.replace('name: Ben Okafor', 'name: miа chen'), 'plan.yaml');
    expect(loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n')).toMatch(
      /^plan\.yaml:26:5 people\.2\.name: found "miа chen", which looks like "Mia Chen", expected names/,
    );
    expect(
      Scene.created().refuses({
        kind: 'request-roster-change',
        by: 'ana',
        people: [...people, named('Mia  Chen')],
        reason: 'x',
      }),
    ).toMatchObject({ code: 'ROSTER_INVALID', say: expect.stringContaining('looks like Mia Chen') });
  });

  test.each(['\u200B', 'Mia\nChen', 'Mia\u202EnehC', 'Mia\u0007', 'Mia \ud83d'])(
    'a name that hides something is no name: %j',
    (name) => {
      expect(says(named(name))).toMatch(/A name holds/);
    },
  );
});

describe('an operator key', () => {
  test.each([
    ['base64', KEY],
    ['a line end', `${KEY}\n`],
    ['spaces', ` ${KEY.slice(0, 20)} ${KEY.slice(20)} `],
    ['without padding', KEY.replace('=', '')],
    ['the free bits set', OTHER_BITS],
    ['base64url', KEY.replaceAll('+', '-').replaceAll('/', '_')],
    ['PEM', PEM],
    ['PEM with Windows line ends', PEM.replaceAll('\n', '\r\n')],
  ])('is one key however it is spelled: %s', (_name, text) => {
    expect(readOperatorKey(text)).toEqual({ ok: true, key: KEY });
    const ana = named('Ana', { operator_keys: [KEY] });
    expect(says(ana, named('Mia', { operator_keys: [text] }))).toContain("The operator key of Ana is also Mia's");
    expect(says({ ...ana, operator_keys: [KEY, text] })).toBe('');
  });

  test.each([
    ['tbd', 'found "tbd"'],
    ['', 'found ""'],
    ['MCowBQYDK2VwAyEA', 'another kind or length'],
    [`${KEY.slice(0, -1)}AAAA`, 'another kind or length'],
    [
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      'another kind or length',
    ],
    [
      generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      'another kind',
    ],
    ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me@host', 'a key of SSH'],
    [pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'a private key'],
    [Buffer.concat([der.subarray(0, 12), Buffer.alloc(32)]).toString('base64'), 'small order'],
    [
      Buffer.concat([der.subarray(0, 12), Buffer.from(`01${'00'.repeat(30)}80`, 'hex')]).toString('base64'),
      'small order',
    ],
  ])('is refused when it is none: %s', (text, found) => {
    const read = readOperatorKey(text);
    expect(read.ok ? '' : `found ${read.found}, expected ${read.expected}`).toContain(found);
    const loaded = loadRunbook(
      superbowl.replace('slack: [U0MARKET2]', `slack: [U0MARKET2]\n    operator_keys: [${JSON.stringify(text)}]`),
      'plan.yaml',
    );
    const problems = loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n');
    expect(problems).toMatch(/plan\.yaml:29:21 people\.2\.operator_keys\.0: found/);
    expect(problems).not.toContain('MC4CAQ');
    expect(
      Scene.created().refuses({
        kind: 'request-roster-change',
        by: 'ana',
        people: people.map((one) => (one.id === 'ben' ? { ...one, operator_keys: [text] } : one)),
        reason: 'x',
      }).code,
    ).toBe('ROSTER_INVALID');
  });

  test('of two people is refused when the runbook is loaded, whatever spelling it has', () => {
    const text = superbowl
      .replace('slack: [U0MARKET1]', `slack: [U0MARKET1]\n    operator_keys: [${KEY}]`)
      .replace('slack: [U0MARKET2]', `slack: [U0MARKET2]\n    operator_keys: ["${KEY}\\n"]`);
    const loaded = loadRunbook(text, 'plan.yaml');
    expect(loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n')).toBe(
      "plan.yaml:30:5 people.2.operator_keys: found the same operator key as mia's, expected one person for each key",
    );
  });

  test('stands in the record in one spelling, and is found in any', () => {
    const loaded = loadRunbook(
      superbowl.replace(
        'slack: [U0MARKET2]',
        `slack: [U0MARKET2]\n    operator_keys:\n      - |\n${PEM.replaceAll(/^(?=.)/gm, '        ')}`,
      ),
      'plan.yaml',
    );
    expect(loaded.ok && loaded.runbook.people[2]?.operator_keys).toEqual([KEY]);
    const scene = Scene.created();
    const change = scene.gives('RosterChangeRequested', {
      kind: 'request-roster-change',
      by: 'ana',
      people: people.map((one) => (one.id === 'ben' ? { ...one, operator_keys: [PEM] } : one)),
      reason: 'x',
    });
    expect(change.people.find(({ id }) => id === 'ben')?.operator_keys).toEqual([KEY]);
    const old = { ...scene.state, people: [{ ...named('Old'), operator_keys: [`${KEY}\n`] }] };
    expect(personOf(old, { publicKey: KEY })?.name).toBe('Old');
    expect(keyVia(KEY, 0).kind).toBe('operator');
  });

  test("of a bot or a worker is nobody's", () => {
    const scene = new Scene();
    const [machine] = scene.keyring.named;
    const twin = people.map((one) => (one.id === 'ben' ? { ...one, operator_keys: [machine?.key ?? ''] } : one));
    const command = {
      kind: 'create-launch',
      by: 'ana',
      launchId: 'x',
      name: 'x',
      channelId: 'C',
      runbookHash: '',
      targetAtMs: scene.nowMs,
      compress: 1,
    } as const;
    expect(scene.refuses({ ...command, runbook: sampleRunbook({ people: twin }) })).toMatchObject({
      code: 'ROSTER_INVALID',
      say: expect.stringContaining("The operator key of Ben Okafor is the bot's own"),
    });
    expect(
      Scene.created().refuses({
        kind: 'request-roster-change',
        by: 'ana',
        people: people.map((one) =>
          one.id === 'ben' ? { ...one, operator_keys: [scene.keyring.named[1]?.key ?? ''] } : one,
        ),
        reason: 'x',
      }).code,
    ).toBe('ROSTER_INVALID');
  });

  test('has the fingerprint that openssl and base64 give', () => {
    expect(fingerprintOf(KEY, sha256)).toBe(
      `SHA256:${createHash('sha256').update(der).digest('base64').replace(/=+$/, '')}`,
    );
  });
});
