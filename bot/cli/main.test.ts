import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { queueNames } from '../../contract/queue-names.ts';
import type { Queues } from '../../infra/aws/queues.ts';
import { startRig } from '../../test/conductor-rig.ts';
import type { Rig } from '../../test/conductor-rig.ts';
import { workerKeyring } from '../../test/keys.ts';
import { people, sampleRunbook, segmentTotals } from '../../test/properties/scene.ts';
import { authorityFor } from '../../workers/send/authority.ts';
import { forget } from './forget.ts';
import { main } from './main.ts';
import { readKey } from './operator-key.ts';
import { approveFire } from './press.ts';
import type { Session } from './session.ts';

let rig: Rig;
let folder: string;
beforeEach(async () => {
  rig = await startRig();
  folder = await mkdtemp(join(tmpdir(), 'gobutton-cli-'));
});
afterEach(async () => {
  await rig.stop();
  await rm(folder, { recursive: true });
});

async function go(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(args, rig.env, { write: (text) => (out += text) }, { write: (text) => (err += text) });
  return { code, out, err };
}

const keyFile = (name: string) => join(folder, `${name}.pem`);
const withKey = (name: string) => ['--launch', rig.launchId, '--key', keyFile(name)];

/** A launch whose gates a person ticks, and whose roster has keys for Ana and Mia. */
async function readyLaunch(): Promise<void> {
  const keys: Record<string, string> = {};
  for (const name of ['ana', 'mia', 'eve']) {
    const { out } = await go('keygen', '--out', keyFile(name));
    keys[name] = out.trim().split('\n').at(-1) ?? '';
  }
  const roster = people.map((person) => ({
    ...person,
    operator_keys: ['ana', 'mia'].includes(person.id) ? [keys[person.id]] : [],
  }));
  const { campaign } = sampleRunbook();
  const locales = { de: { title: 'Nobody reads this', body: 'Niemand' }, ...campaign.locales };
  await rig.create({
    runbook: sampleRunbook({
      campaign: { ...campaign, locales },
      people: roster,
      gates: [
        { id: 'copy-read', title: 'The copy was read' },
        { id: 'queues', title: 'Queues are empty', probe: { kind: 'queue-empty', queue: 'batches' } },
      ],
    }),
  });
}

test.each([
  ['halt', '\u2014launch', 'superbowl-2027'],
  ['halt', '--lanch', 'superbowl-2027'],
  ['stop', '--launch', 'superbowl-2027', '--reason', 'wrong', 'link'],
  ['halt', '--launch=superbowl-2027', '--key='],
  ['halt', 'superbowl-2027', 'now'],
  ['halt', '--launch', 'superbowl-2027', '--launch', 'superbowl-2027'],
])('a halt that is not understood says at once what to type: %s %s', async (...args) => {
  const { code, err } = await go(...args);
  expect(code).toBe(2);
  expect(err).toContain('NOTHING WAS HALTED; type: npm run go -- halt --launch superbowl-2027 (USAGE)');
});

test.each([['halt'], ['halt', 'it', 'now'], ['halt', 'now', '--lanch'], ['halt', 'a', 'b'], ['halt', '--launch']])(
  'nor is a launch guessed: %s %s',
  async (...args) => {
    expect((await go(...args)).err).toContain('NOTHING WAS HALTED; type: npm run go -- halt --launch ID (USAGE)');
  },
);

test('a word alone behind halt is the launch, and one that is none is said to be', async () => {
  expect(await go('halt', '\u001b[2J')).toMatchObject({
    code: 1,
    err: expect.stringContaining('NOTHING IS HALTED: there is no launch \\u{1b}[2J') as string,
  });
});

test('a halt typed without the two dashes that npm needs is one where npm lets it through, and else told the line', async () => {
  const { env } = rig;
  const typed = async (args: string[], kept: Record<string, string>) => {
    let err = '';
    const code = await main(
      args,
      { ...env, npm_lifecycle_event: 'go', ...kept },
      { write: () => {} },
      { write: (text) => (err += text) },
    );
    return { code, err };
  };
  // `npm run go halt --launch ID`: npm passes ID on as a word.
  const through = await typed(['halt', 'no-such-launch'], { npm_config_launch: 'true' });
  expect(through.err).not.toContain('npm has kept');
  // `npm run go halt --launch=ID` and `npm run go halt --launch ID --reason "too loud"`.
  for (const [args, kept] of [
    [['halt'], { npm_config_launch: 'superbowl-2027' }],
    [['halt', 'superbowl-2027', 'too loud'], { npm_config_launch: 'true', npm_config_reason: 'true' }],
  ] as const) {
    const { code, err } = await typed([...args], kept);
    expect(code).toBe(2);
    expect(err).toContain('without two dashes in front, so that npm has kept it for itself');
    expect(err).toContain('NOTHING WAS HALTED; type: npm run go -- halt --launch superbowl-2027 (USAGE)');
  }
});

test('what people wrote does not drive the terminal; a timeline that goes into a file keeps it as it was', async () => {
  await readyLaunch();
  await rig.cloud.switches.apply(rig.launchId, 0, { pace: { ios: 0, android: 0 }, zombie: false, custom: {} });
  await rig.journal.append(rig.launchId, (launch) => ({
    kind: 'request-roster-change',
    by: 'ana',
    people: (launch?.people ?? []).filter(({ id }) => id !== 'olu'),
    reason: 'shift',
  }));
  expect((await go('status', '--launch', rig.launchId)).out).toMatch(
    /waits {5}P\d+ change of the roster, asked for by ana, until \d{4}-.* UTC/,
  );
  await go('halt', '--launch', rig.launchId, '--reason', 'red\u001b[2J\u202eevil');
  expect((await go('status', '--launch', rig.launchId)).out).toContain('red\\u{1b}[2J\\u{202e}evil');
  expect((await go('status', '--launch', 'x\u001b[2J')).err).toContain('x\\u{1b}[2J');
});

test('two operators fire with Slack and the bot gone, and what they sign is what the dispatcher demands', async () => {
  await readyLaunch();
  expect((await stat(keyFile('ana'))).mode & 0o077).toBe(0);
  const asked = await go('fire', 'request', ...withKey('ana'), '--segments', 'us-ios,br-ios');
  expect(asked).toMatchObject({ code: 0, err: '' });
  expect(asked.out).toContain('Did you see that?');
  expect(await go('fire', 'approve', ...withKey('ana'), '--yes')).toMatchObject({
    code: 1,
    err: expect.stringContaining('SAME_PERSON') as string,
  });
  expect(await go('fire', 'approve', ...withKey('eve'), '--yes')).toMatchObject({
    code: 1,
    err: expect.stringContaining('NOT_ON_ROSTER') as string,
  });
  expect(await go('fire', 'approve', ...withKey('mia'))).toMatchObject({
    code: 1,
    out: expect.stringContaining('segments us-ios, br-ios') as string,
    err: expect.stringContaining('NOT_CONFIRMED') as string,
  });
  expect(await rig.entries('FireApproved')).toEqual([]);
  const fired = await go('fire', 'approve', ...withKey('mia'), '--yes');
  expect(fired).toMatchObject({ code: 0, out: expect.stringContaining('GO: shot') as string });

  const [approved] = await rig.entries('FireApproved');
  expect(
    authorityFor(rig.launchId, approved?.shotId ?? '', await rig.journal.entries(rig.launchId), workerKeyring(), null),
  ).toMatchObject({ ok: true });
  const orders = await rig.cloud.queues.receive(queueNames('gobutton-workers').segments, {
    max: 10,
    waitSeconds: 1,
    visibilitySeconds: 60,
  });
  expect(orders.map(({ body }) => (JSON.parse(body) as { segment: string }).segment).toSorted()).toEqual([
    'br-ios',
    'us-ios',
  ]);
  expect((await go('stats', '--launch', rig.launchId)).out).toMatch(/0 of 700 accepted \(0%\).*700 still to come/);
});

test('a shot in which a platform was missed says so, with the command that sends to exactly those', async () => {
  await rig.create();
  const approved = await rig.append(rig.approval(await rig.request(['us-ios', 'us-android'])));
  if (approved.kind !== 'FireApproved') throw new Error(approved.kind);
  await rig.append({
    kind: 'close-shot',
    shotId: approved.shotId,
    cause: 'complete',
    segments: [segmentTotals('us-ios', 1, 500, { late: 480 }), segmentTotals('us-android', 1, 300)],
  });
  const { out } = await go('stats', '--launch', rig.launchId);
  expect(out).toContain('closed (complete), NOT REACHED: us-ios (480 of 500 not sent)');
  expect(out).toContain(
    `480 devices can still be sent to, exactly those by: npm run go -- fire request --segments us-ios --launch ${rig.launchId} --key your.pem`,
  );
});

test('shows whose key is whose by fingerprint, the one that keygen printed', async () => {
  const { out } = await go('keygen', '--out', keyFile('zoe'));
  const [, fingerprint = ''] = /(SHA256:[A-Za-z0-9+/]{43})\n/.exec(out) ?? [];
  await rig.create({
    runbook: sampleRunbook({
      people: people.map((person) => ({
        ...person,
        operator_keys: person.id === 'mia' ? [out.trim().split('\n').at(-1)] : [],
      })),
    }),
  });
  const shown = (await go('people', '--launch', rig.launchId)).out;
  expect(shown).toContain('ana          Ana Ortiz: on-call; Slack U0ONCALL');
  expect(shown.split('\n').findIndex((line) => line === `${' '.repeat(12)} operator key ${fingerprint}`)).toBe(
    shown.split('\n').findIndex((line) => line.startsWith('mia ')) + 1,
  );
});

test('a red gate refuses the request in words, and `gates` shows it', async () => {
  await readyLaunch();
  await rig.cloud.queues.send(queueNames('gobutton-workers').batches.android, ['{}']);
  expect((await go('gates', '--launch', rig.launchId)).out).toContain('red           queues: 1 messages waiting');
  expect(await go('fire', 'request', ...withKey('ana'), '--segments', 'all')).toMatchObject({
    code: 1,
    err: expect.stringContaining('GATES_RED') as string,
  });
});

test('segments are named as in Slack, and what is not understood to the last word is refused', async () => {
  await readyLaunch();
  expect((await go('fire', 'request', ...withKey('ana'), '--segments', 'US')).out).toContain(
    'segments us-ios, us-android',
  );
  for (const named of ['us ios', 'all but us', 'mars-ios', ','])
    expect(await go('fire', 'request', ...withKey('mia'), '--segments', named)).toMatchObject({
      code: 1,
      err: expect.stringContaining('SEGMENT_UNKNOWN') as string,
    });
  expect(await rig.entries('FireRequested')).toHaveLength(1);
});

test('an order shows the texts that somebody gets, with how many get each', async () => {
  await readyLaunch();
  const { out } = await go('fire', 'request', ...withKey('ana'), '--segments', 'all');
  expect(out).toMatch(/ en 800: Did you see that\? \| Do your lesson\.\n +pt-BR 200: /);
  expect(out).not.toContain('Nobody reads this');
});

test('a reader that has read enough ends nothing', () => {
  // `true` is gone long before the first line is written.
  const { stderr, status } = spawnSync(
    'bash',
    ['-c', '"$0" bot/cli.ts help | true; exit "${PIPESTATUS[0]}"', process.execPath],
    { cwd: join(import.meta.dirname, '../..'), encoding: 'utf8' },
  );
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
});

test('a slip of the finger is never taken for a command that fires or lifts; a halt is understood', async () => {
  await readyLaunch();
  for (const typed of [['fire', 'requst'], ['lift', 'aprove'], ['fir'], ['cancel']]) {
    const { code, err } = await go(...typed, '--launch', rig.launchId);
    expect(code).toBe(2);
    expect(err).not.toContain('Did you mean');
    expect(err).toContain('To stop all sending: npm run go -- halt --launch ID');
  }
  expect(await go('HALT!', '--launch', rig.launchId)).toMatchObject({
    code: 0,
    out: expect.stringContaining('HALTED') as string,
  });
});

test('halt needs no key, is recorded and mirrored, and two people lift it', async () => {
  await readyLaunch();
  await writeFile(keyFile('broken'), 'no key');
  const halted = await go('halt', ...withKey('broken'), '--reason', 'wrong link');
  expect(halted).toMatchObject({ code: 0, err: '' });
  expect(halted.out).toContain('Halting without it.');
  expect(halted.out).toContain('It is in the record.');
  expect(await rig.entries('HaltSet')).toMatchObject([{ by: { system: 'cli' }, reason: 'wrong link' }]);
  expect((await rig.cloud.parameters.get(`/gobutton/gobutton/${rig.launchId}/halt`))?.value).toBe('on');
  expect((await go('status', '--launch', rig.launchId)).out).toContain('HALTED');
  expect((await go('lift', 'request', ...withKey('ana'), '--reason', 'link is right again')).code).toBe(0);
  expect(await go('lift', 'approve', ...withKey('ana'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('SAME_PERSON') as string,
  });
  expect((await go('lift', 'approve', ...withKey('mia'))).code).toBe(0);
  expect(await rig.cloud.switches.read(rig.launchId)).toMatchObject({ halted: false, haltEpoch: 1 });
  const { out } = await go('timeline', '--launch', rig.launchId);
  expect(out).toContain('wrong link');
  expect(out).toContain('hash chain verified');
});

test('a resume without names asks for what the halt cut off, and one for all for what never went out too', async () => {
  await readyLaunch();
  const order = await rig.request(['us-ios']);
  const { shotId } = await rig.appendAs('FireApproved', rig.approval(order));
  await go('halt', ...withKey('mia'));
  expect(await go('fire', 'request', ...withKey('ana'), '--lift')).toMatchObject({
    code: 1,
    err: expect.stringContaining('still being counted') as string,
  });
  await rig.leaves('us-ios', { halted: 120 });
  await rig.append({
    kind: 'close-shot',
    shotId,
    cause: 'halt',
    segments: [segmentTotals('us-ios', 1, 500, { halted: 120 })],
  });
  expect((await go('fire', 'request', ...withKey('ana'), '--lift')).out).toContain(
    'segments us-ios (attempt 2, 120 devices)',
  );
  expect((await go('fire', 'request', ...withKey('ana'), '--lift', '--segments', 'all')).out).toContain(
    'segments us-android, br-ios',
  );
  expect((await rig.entries('FireRequested')).slice(1)).toMatchObject([
    { devices: 120, lifts: 1 },
    { devices: 500, lifts: 1 },
  ]);
});

test('status names a switch that stands otherwise in Parameter Store', async () => {
  await rig.create();
  expect((await go('status', '--launch', rig.launchId)).out).not.toContain('ssm');
  await rig.cloud.parameters.put(`/gobutton/gobutton/${rig.launchId}/pace.ios`, '500');
  await rig.cloud.parameters.put(`/gobutton/gobutton/${rig.launchId}/zombie`, 'false');
  const { out } = await go('status', '--launch', rig.launchId);
  expect(out).toContain('pace.ios is 500 in Parameter Store and 0 here');
  expect(out).not.toContain('zombie');
});

test('status says when the item that workers poll is missing', async () => {
  await rig.create();
  expect((await go('status', '--launch', rig.launchId)).out).toContain('the switch item is MISSING, so workers pause');
  await rig.cloud.switches.halt(rig.launchId);
  expect((await go('status', '--launch', rig.launchId)).out).toContain('workers read HALTED (epoch 1)');
});

test('a halt takes its launch without the option, and none that is not there', async () => {
  await readyLaunch();
  expect(await go('halt', 'nowhere')).toMatchObject({ code: 1, err: expect.stringContaining('NO_LAUNCH') as string });
  expect(await rig.entries('HaltSet')).toEqual([]);
  expect(await go('halt', rig.launchId)).toMatchObject({ code: 0, err: '' });
  expect(await rig.entries('HaltSet')).toHaveLength(1);
});

test('a halt with a key names its person', async () => {
  await readyLaunch();
  expect((await go('halt', ...withKey('mia'))).code).toBe(0);
  expect(await rig.entries('HaltSet')).toMatchObject([{ by: { person: 'mia' } }]);
});

test('`record verify` says what holds, by its own, by the switch item and by a head from the channel', async () => {
  await readyLaunch();
  const first = await go('record', 'verify', '--launch', rig.launchId);
  // The launch by itself will do for what only reads, once, and nowhere else.
  expect((await go('record', 'verify', rig.launchId)).out.replace(/verified in .*/, '')).toBe(
    first.out.replace(/verified in .*/, ''),
  );
  expect((await go('status', rig.launchId)).out).toBe((await go('status', '--launch', rig.launchId)).out);
  for (const words of [
    ['status', rig.launchId, 'more'],
    ['launches', rig.launchId],
    ['keygen', rig.launchId],
    ['fire', 'approve', rig.launchId],
    ['record', 'verify', rig.launchId, 'more'],
    ['record', 'verify', rig.launchId, '--launch', rig.launchId],
    ['record', 'launches', rig.launchId],
    ['halt', rig.launchId, 'now'],
    ['forget', rig.launchId],
  ])
    expect(await go(...words)).toMatchObject({
      code: 2,
      err: expect.stringContaining('expected no word more') as string,
    });
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out).toMatch(/signed +every entry/);
  expect(first.out).toContain('NOT COMPARED');
  expect((await go('halt', ...withKey('ana'))).code).toBe(0);
  const entries = await rig.journal.entries(rig.launchId);
  const last = entries.at(-1);
  expect(
    (
      await go(
        'record',
        'verify',
        '--launch',
        rig.launchId,
        '--head',
        `${last?.seq ?? 0}:${last?.hash.slice(0, 16) ?? ''}`,
      )
    ).out,
  ).toMatch(/the switch item's is in it[^]*yours is in it/);
  expect(
    await go('record', 'verify', '--launch', rig.launchId, '--head', `${last?.seq ?? 0}:${'0'.repeat(16)}`),
  ).toMatchObject({ code: 1, err: expect.stringContaining('was replaced') as string });
  expect(
    await go('record', 'verify', '--launch', rig.launchId, '--head', `${(last?.seq ?? 0) + 5}:${'0'.repeat(16)}`),
  ).toMatchObject({ code: 1, err: expect.stringContaining('was cut off') as string });
  expect(await go('record', 'verify', '--launch', rig.launchId, '--head', 'x')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--head') as string,
  });
});

test('two operators change the keys of the record; one alone can not', async () => {
  await readyLaunch();
  const { out } = await go('keygen', '--out', keyFile('new-worker'));
  const newKey = out.trim().split('\n').at(-1) ?? '';
  const botKey = (await rig.launch()).keys.find(({ role }) => role === 'bot')?.key ?? '';
  expect(
    (await go('keys', 'request', ...withKey('ana'), '--bot', botKey, '--worker', newKey, '--reason', 'lost a host'))
      .code,
  ).toBe(0);
  expect(await go('keys', 'approve', ...withKey('ana'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('SAME_PERSON') as string,
  });
  expect((await go('keys', 'approve', ...withKey('mia'))).code).toBe(0);
  expect((await go('record', 'verify', '--launch', rig.launchId)).code).toBe(0);
  // Processes that were not told of the new key stop believing this record, on purpose.
  await expect(rig.journal.launch(rig.launchId)).rejects.toMatchObject({ code: 'RECORD_BROKEN' });
});

test('wrong command lines and environments are answered in words', async () => {
  expect(await go('lauches')).toMatchObject({
    code: 2,
    err: expect.stringContaining('Did you mean `launches`?') as string,
  });
  for (const [near, ...typed] of [
    ['record verify', 'record', 'verfy', 'superbowl'],
    ['status', 'statuz', 'superbowl'],
  ] as const)
    expect((await go(...typed)).err).toContain(`Did you mean \`${near}\`?`);
  expect(await go('status')).toMatchObject({
    code: 2,
    err: expect.stringContaining(
      'status needs --launch: npm run go -- status --launch ID. `npm run go -- launches` lists them',
    ) as string,
  });
  expect(await go('status', '--launch', 'nowhere')).toMatchObject({
    code: 1,
    err: expect.stringContaining('NO_LAUNCH') as string,
  });
  expect(await go('status', '--nonsense')).toMatchObject({ code: 2 });
  expect((await go()).out).toContain('npm run go -- halt');
  const err: string[] = [];
  expect(await main(['launches'], {}, { write: () => true }, { write: (text) => err.push(text) })).toBe(2);
  expect(err.join('')).toMatch(
    /--env-file=.gobutton\/local.env[^]*AWS_REGION: found nothing[^]*GOBUTTON_BUCKET: found nothing/,
  );
  await go('keygen', '--out', keyFile('once'));
  expect(await go('keygen', '--out', keyFile('once'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('KEY_NOT_WRITTEN') as string,
  });
});

test('halting a launch that does not exist says that nothing is halted', async () => {
  await readyLaunch();
  const typo = await go('halt', '--launch', `${rig.launchId}-2`, '--reason', 'wrong link');
  expect(typo).toMatchObject({ code: 1, err: expect.stringContaining('NOTHING IS HALTED') as string });
  expect(await rig.cloud.switches.read('nowhere', { consistent: true })).toBeNull();
  expect(typo.out).not.toContain('It is in the record.');
});

test('halting a closed launch says that there was nothing to halt', async () => {
  await readyLaunch();
  await rig.append({ kind: 'close-launch', by: 'ana', reason: 'done' });
  const halted = await go('halt', '--launch', rig.launchId);
  expect(halted).toMatchObject({ code: 1, err: expect.stringContaining('NOTHING WAS HALTED') as string });
  expect(halted.out).not.toContain('HALTED');
});

test('what the cloud refuses at first is done before the command line says GO', async () => {
  await readyLaunch();
  let refusals = 2;
  const queues: Queues = {
    ...rig.cloud.queues,
    sendFifo: (...call) =>
      refusals-- > 0 ? Promise.reject(new Error('SQS is away')) : rig.cloud.queues.sendFifo(...call),
  };
  const cloud = { ...rig.cloud, queues };
  const session: Session = {
    cloud,
    ...rig.conductor('cli', { cloud, slack: null }),
    log: pino({ level: 'silent' }),
    out: () => undefined,
    nowMs: () => Date.now(),
  };
  const order = await rig.request(['us-ios']);
  await approveFire(session, rig.launchId, { orderId: order.orderId, key: await readKey(keyFile('mia')), sure: true });
  expect(
    await rig.cloud.queues.receive(queueNames('gobutton-workers').segments, {
      max: 10,
      waitSeconds: 1,
      visibilitySeconds: 60,
    }),
  ).toHaveLength(1);
});

const SAID = {
  ts: '1.1',
  user: 'U1',
  text: 'call me: 0171-555',
  atMs: 1,
  edits: null,
  deleted: false,
  permalink: null,
  files: [],
};

test('a forget that ends in between has its row in the chain, shows nothing any more, and is finished by the next one', async () => {
  await readyLaunch();
  const { record, objects } = rig.cloud;
  await record.appendMessage(rig.launchId, { seq: 0, hash: '' }, SAID);
  const launch = await rig.launch();
  const away = { ...rig.cloud, words: { ...rig.cloud.words, forget: () => Promise.reject(new Error('killed')) } };
  const session: Session = {
    cloud: away,
    ...rig.conductor('cli', { slack: null }),
    log: pino({ level: 'silent' }),
    out: () => undefined,
    nowMs: () => Date.now(),
  };
  await expect(forget(session, rig.launchId, { yes: true }, null)).rejects.toThrow('killed');
  const keys = await rig.cloud.words.keys(rig.launchId);
  expect(keys).toHaveLength(1);
  const cut = [{ text: '', forgotten: true }, { forgot: { messages: 1, tokens: 1, keys } }];
  expect(await record.messagesAfter(rig.launchId, 0)).toMatchObject(cut);
  expect((await rig.cloud.staff.of(launch)).map(({ token }) => token)).toEqual(['face0123']);
  const { out } = await go('forget', '--launch', rig.launchId, '--yes');
  expect(out).toContain('Deleted 1 device token of');
  expect(await objects.list(`launches/${rig.launchId}/words/`)).toEqual([]);
  expect((await rig.cloud.staff.of(launch)).map(({ token }) => token)).toEqual([null]);
  expect(await record.messagesAfter(rig.launchId, 0)).toMatchObject([...cut, { forgot: { messages: 0, tokens: 1 } }]);
  expect((await go('record', 'verify', '--launch', rig.launchId)).code).toBe(0);
});

test('forget deletes device tokens, words and files of people, of an open launch only with --yes, and the chain holds', async () => {
  await readyLaunch();
  const { record, objects } = rig.cloud;
  await record.appendMessage(rig.launchId, { seq: 0, hash: '' }, SAID);
  await objects.put(`launches/${rig.launchId}/files/abc`, Buffer.from('a picture'));
  const launch = await rig.launch();
  const tokens = async () => (await rig.cloud.staff.of(launch)).map(({ token }) => token);
  expect(await tokens()).toEqual(['face0123']);
  expect(await go('forget', '--launch', rig.launchId)).toMatchObject({
    code: 1,
    err: expect.stringContaining('LAUNCH_OPEN'),
  });
  expect(await tokens()).toEqual(['face0123']);
  expect(await record.messagesAfter(rig.launchId, 0)).toMatchObject([{ text: 'call me: 0171-555' }]);
  const { out } = await go('forget', '--launch', rig.launchId, '--yes');
  expect(out).toContain('Deleted 1 device token of');
  expect(out).toContain('Deleted 1 message of its channel and 1 file that hung on them');
  expect(out).toContain('Stays, as it is what was decided and by whom');
  expect(await tokens()).toEqual([null]);
  expect(await objects.list(`launches/${rig.launchId}/files/`)).toEqual([]);
  expect(await record.messagesAfter(rig.launchId, 0)).toMatchObject([
    { text: '', forgotten: true },
    { forgot: { messages: 1, files: 1, tokens: 1 } },
  ]);
  const told = await go('timeline', '--launch', rig.launchId);
  expect(told.out).toContain('what was written here was deleted');
  expect(told.out).toContain('the command line | deleted what people wrote in the channel until then (1 message)');
  expect(told.out).not.toContain('0171-555');
  expect((await go('record', 'verify', '--launch', rig.launchId)).code).toBe(0);
  expect((await go('forget', '--launch', rig.launchId, '--yes')).out).toContain('nothing to delete');
  expect((await go('people', '--launch', rig.launchId)).code).toBe(0);
  // What a slip of the finger is taken for deletes nothing.
  expect((await go('forgt', '--launch', rig.launchId)).err).not.toContain('Did you mean');
});

test('an option that forget does not know deletes nothing, and a halt in a hurry is none the less one', async () => {
  await readyLaunch();
  await rig.cloud.record.appendMessage(rig.launchId, { seq: 0, hash: '' }, SAID);
  for (const [said, ...slip] of [
    [
      'found --mesage, which forget does not take, expected of --launch, --reason, --key, --yes, --message, --person; did you mean --message?',
      '--mesage',
      'm1',
    ],
    ['found --order, which forget does not take', '--order', 'm1'],
    ['--message: found no value after it', '--message='],
    ['--message: found it 2 times (m1, m2), expected it once', '--message', 'm1', '--message', 'm2'],
    ['found "m1" with forget, expected no word more', 'm1'],
  ] as const)
    expect(await go('forget', '--launch', rig.launchId, ...slip, '--yes')).toEqual({
      code: 2,
      out: '',
      err: expect.stringContaining(said) as string,
    });
  expect(await rig.cloud.record.messagesAfter(rig.launchId, 0)).toMatchObject([{ text: 'call me: 0171-555' }]);
  expect((await rig.cloud.staff.of(await rig.launch())).map(({ token }) => token)).toEqual(['face0123']);
  expect(await go('halt', '--launch', rig.launchId, '--yes')).toMatchObject({ code: 0, err: '' });
  expect(await go('stop', 'it', 'NOW!', '--launch', rig.launchId)).toMatchObject({ code: 0, err: '' });
});
