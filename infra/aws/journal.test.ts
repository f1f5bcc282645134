import { describe, expect, test } from 'vitest';
import type { Command } from '../../runbooks/launch/commands.ts';
import { ENTRY_VERSION } from '../../runbooks/launch/entries.ts';
import type { Entry, NewEntry } from '../../runbooks/launch/entries.ts';
import { fold } from '../../runbooks/launch/evolve.ts';
import { signedText } from '../../runbooks/launch/signers.ts';
import { decidedPart } from '../../runbooks/launch/vouch.ts';
import { botKeyring, personKeyring, testKey, workerKeyring } from '../../test/keys.ts';
import { MemoryRecord } from '../../test/properties/memory-record.ts';
import type { AppendFault } from '../../test/properties/memory-record.ts';
import { memoryStaff } from '../../test/properties/memory-staff.ts';
import {
  audience,
  LAUNCH_ID,
  measuredAt,
  people,
  sampleRunbook,
  slackVia,
  T0_MS,
} from '../../test/properties/scene.ts';
import { createJournal } from './journal.ts';
import type { Journal } from './journal.ts';
import { looseKeyring } from './keyring.ts';
import { channelPartition } from './record-store.ts';
import { entryHash, sealEntry } from './seal.ts';
import { createStoreClock } from './store-clock.ts';
import { verifyWithRules } from './verify-record.ts';

const create: Command = {
  kind: 'create-launch',
  by: 'ana',
  launchId: LAUNCH_ID,
  name: 'Super Bowl',
  channelId: 'C',
  runbook: sampleRunbook(),
  runbookHash: '',
  targetAtMs: T0_MS,
  compress: 1,
};
const note = (text: string): Command => ({ kind: 'note', by: 'ana', text });

/** Several bots over one record; each has its own clock, a millisecond apart. */
function bots(count = 1): { record: MemoryRecord; journals: [Journal, ...Journal[]]; clock: { nowMs: number } } {
  const record = new MemoryRecord();
  const staff = memoryStaff();
  const clock = { nowMs: T0_MS - 60_000 };
  const make = (index: number) =>
    createJournal({ record, staff, keyring: botKeyring(), nowMs: () => clock.nowMs + index });
  return { record, clock, journals: [make(0), ...Array.from({ length: count - 1 }, (_, index) => make(index + 1))] };
}

function faults(...list: (AppendFault | null)[]): () => AppendFault | null {
  return () => list.shift() ?? null;
}

test('the chain of a channel is no launch, and no broken one', async () => {
  const { record, journals } = bots();
  const message = { seq: 1, hash: 'h', ts: '1.1', text: 'hi' } as unknown as Entry;
  const asked: string[] = [];
  record.readAfter = async (launchId) => {
    asked.push(launchId);
    return [message];
  };
  expect(await journals[0].launch(channelPartition(LAUNCH_ID))).toBeNull();
  expect(asked).toEqual([]);
  await expect(journals[0].launch(LAUNCH_ID)).rejects.toMatchObject({ code: 'RECORD_BROKEN' });
});

test('no entry has half an emoji, wherever a text was cut; so whoever reads an export reads all of it', async () => {
  const { record, journals } = bots();
  const half = '👍'.slice(0, 1);
  await journals[0].append(LAUNCH_ID, { ...create, name: `Bowl ${half}` });
  await journals[0].append(LAUNCH_ID, () => note(`to ${half}`));
  const entries = await record.readAfter(LAUNCH_ID, 0);
  expect(entries).toMatchObject([{ name: 'Bowl \uFFFD' }, { text: 'to \uFFFD' }]);
  expect(JSON.stringify(entries)).not.toMatch(/\\ud[89a-f]/);
  expect(await journals[0].verify(entries)).toMatchObject({ ok: true });
});

test('a stale cache costs a read, never a wrong refusal or a second entry', async () => {
  const {
    record,
    journals: [first, second],
  } = bots(2);
  await first.append(LAUNCH_ID, create);
  expect(second?.peek(LAUNCH_ID)).toBeNull();
  // The second bot has never read this record.
  const noted = await second?.append(LAUNCH_ID, note('from two'));
  expect(noted).toMatchObject({ ok: true, entry: { seq: 2 } });
  // The first one still holds sequence 1: its append loses, it reads, decides again, and wins.
  expect(await first.append(LAUNCH_ID, note('from one'))).toMatchObject({
    ok: true,
    entry: { seq: 3 },
    launch: { seq: 3 },
  });
  expect(await second?.append(LAUNCH_ID, create)).toMatchObject({ ok: false, code: 'LAUNCH_EXISTS' });
  expect(await first.verify(record.all(LAUNCH_ID))).toEqual({ ok: true, signed: true });
});

test('news are only what is new: the end of the record is looked at again by the next full look, and by the next entry', async () => {
  const {
    record,
    journals: [first],
  } = bots();
  await first.append(LAUNCH_ID, create);
  await first.append(LAUNCH_ID, note('one'));
  const asked: number[] = [];
  let cutAt = Number.POSITIVE_INFINITY;
  const watched: MemoryRecord = Object.create(record, {
    readAfter: {
      value: async (launchId: string, afterSeq: number) => {
        asked.push(afterSeq);
        return (await record.readAfter(launchId, afterSeq)).filter(({ seq }) => seq < cutAt);
      },
    },
  }) as MemoryRecord;
  const reader = createJournal({ record: watched, keyring: workerKeyring() });
  expect(await reader.news(LAUNCH_ID)).toMatchObject({ seq: 2 });
  await first.append(LAUNCH_ID, note('two'));
  expect(await reader.news(LAUNCH_ID)).toMatchObject({ seq: 3 });
  cutAt = 3;
  expect(await reader.news(LAUNCH_ID)).toMatchObject({ seq: 3 });
  await expect(reader.launch(LAUNCH_ID)).rejects.toThrow('it was cut off: entry 3');
  expect(asked).toEqual([0, 2, 3, 2]);
});

test('two marketers on two bots pressing GO together give one shot', async () => {
  const {
    record,
    clock,
    journals: [first, second],
  } = bots(2);
  await first.append(LAUNCH_ID, create);
  await first.append(LAUNCH_ID, { kind: 'set-audience', by: 'ana', audience });
  await first.append(LAUNCH_ID, { kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  const measured = measuredAt(clock.nowMs);
  const asked = await first.append(LAUNCH_ID, {
    kind: 'request-fire',
    by: 'ana',
    segments: 'all',
    measured,
    via: slackVia('ana'),
    lift: false,
  });
  if (!asked.ok || asked.entry.kind !== 'FireRequested' || second === undefined) throw new Error('unexpected');
  await second.launch(LAUNCH_ID);
  const { orderId, shownHash } = asked.entry;
  const press = (by: string): Command => ({
    kind: 'approve-fire',
    by,
    orderId,
    shownHash,
    pressedAtMs: clock.nowMs,
    measured,
    via: slackVia(by),
    observedHaltEpoch: 0,
    observedHalted: false,
  });
  const results = await Promise.all([
    first.append(LAUNCH_ID, press('mia')),
    second.append(LAUNCH_ID, press('ben')),
    first.append(LAUNCH_ID, press('mia')),
    second.append(LAUNCH_ID, press('ben')),
  ]);
  expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  expect(results.filter((one) => !one.ok).map((one) => !one.ok && one.code)).toEqual([
    'ORDER_NOT_OPEN',
    'ORDER_NOT_OPEN',
    'ORDER_NOT_OPEN',
  ]);
  expect(record.all(LAUNCH_ID).filter(({ kind }) => kind === 'FireApproved')).toHaveLength(1);
});

describe('one person with a key of their own', () => {
  const ana = personKeyring(testKey(11)).signer;
  const withKey = {
    ...create,
    runbook: sampleRunbook({
      people: people.map((person) => (person.id === 'ana' ? { ...person, operator_keys: [ana?.key ?? ''] } : person)),
    }),
  };

  /** What she writes by hand is chained, hashed and signed as it should be. */
  async function write(record: MemoryRecord, entry: object): Promise<void> {
    const { seq = 0, hash = '' } = record.all(LAUNCH_ID).at(-1) ?? {};
    await record.append(LAUNCH_ID, { seq, hash }, { atMs: T0_MS, by: { person: 'ana' }, ...entry } as NewEntry, {
      signer: ana,
    });
  }

  test("may ask for a lift and can't be the second one who approves it: no process believes it", async () => {
    const {
      record,
      journals: [bot, other],
    } = bots(2);
    await bot.append(LAUNCH_ID, withKey);
    await bot.append(LAUNCH_ID, {
      kind: 'set-halt',
      by: 'mia',
      source: 'slack',
      epoch: 1,
      reason: '',
      pressedAtMs: T0_MS,
    });
    await write(record, { kind: 'LiftRequested', liftId: 'L3', epoch: 1, reason: '', expiresAtMs: T0_MS + 900_000 });
    expect(await bot.launch(LAUNCH_ID)).toMatchObject({ seq: 3, halt: { active: true } });
    await write(record, { kind: 'HaltLifted', liftId: 'L3', epoch: 1 });
    for (const one of [bot, other])
      await expect(one?.launch(LAUNCH_ID)).rejects.toMatchObject({
        code: 'RECORD_BROKEN',
        message: expect.stringMatching(/entry 4.*SAME_PERSON/),
      });
    expect(bot.peek(LAUNCH_ID)?.halt.active).toBe(true);
  });

  test("can't change whose keys count", async () => {
    const {
      record,
      journals: [bot],
    } = bots();
    await bot.append(LAUNCH_ID, withKey);
    await write(record, { kind: 'KeyChangeRequested', changeId: 'K2', keys: botKeyring().named, reason: 'new keys' });
    await write(record, { kind: 'KeysChanged', changeId: 'K2' });
    await expect(bot.launch(LAUNCH_ID)).rejects.toMatchObject({
      code: 'RECORD_BROKEN',
      message: expect.stringMatching(/entry 3.*SAME_PERSON/),
    });
  });
});

test.each([
  [
    'that counts more than there are',
    'closer',
    { accepted: 0, failed: 0, uncertain: 0, halted: 5_000, late: 0, skipped: 0, reasons: {} },
    'TOTALS_WRONG',
  ],
  [
    "in another's name",
    'conductor',
    { accepted: 500, failed: 0, uncertain: 0, halted: 0, late: 0, skipped: 0, reasons: {} },
    'not what the rules give',
  ],
])("a close %s, signed with a worker's key, is not believed", async (_, system, totals, why) => {
  const {
    record,
    clock,
    journals: [bot],
  } = bots();
  await bot.append(LAUNCH_ID, create);
  await bot.append(LAUNCH_ID, { kind: 'set-audience', by: 'ana', audience });
  await bot.append(LAUNCH_ID, { kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  const measured = measuredAt(clock.nowMs);
  const asked = await bot.append(LAUNCH_ID, {
    kind: 'request-fire',
    by: 'ana',
    segments: ['us-ios'],
    measured,
    via: slackVia('ana'),
    lift: false,
  });
  if (!asked.ok || asked.entry.kind !== 'FireRequested') throw new Error('unexpected');
  const { orderId, shownHash } = asked.entry;
  const fired = await bot.append(LAUNCH_ID, {
    kind: 'approve-fire',
    by: 'mia',
    orderId,
    shownHash,
    pressedAtMs: clock.nowMs,
    measured,
    via: slackVia('mia'),
    observedHaltEpoch: 0,
    observedHalted: false,
  });
  if (!fired.ok || fired.entry.kind !== 'FireApproved') throw new Error('unexpected');
  const { seq, hash, shotId } = fired.entry;
  const close = {
    kind: 'ShotClosed',
    shotId,
    cause: 'complete',
    segments: [{ segment: 'us-ios', attempt: 1, devices: 500, totals }],
    atMs: clock.nowMs,
    by: { system },
  };
  await record.append(LAUNCH_ID, { seq, hash }, close as unknown as NewEntry, { signer: workerKeyring().signer });
  await expect(bot.launch(LAUNCH_ID)).rejects.toMatchObject({
    code: 'RECORD_BROKEN',
    message: expect.stringContaining(why),
  });
});

test.each([
  ['a text for an epoch', { epoch: '7' }],
  ['a time that is none', { pressedAtMs: null }],
  ['a reason that is no text', { reason: { toString: 1 } }],
  ['an epoch far beyond', { epoch: 1e15 }],
  ['a person', { by: { person: 'ana' } }],
])('a halt without a signature and with %s is not believed; one that is well made is', async (_, values) => {
  const halt = {
    kind: 'HaltSet',
    epoch: 1,
    reason: 'from the command line',
    pressedAtMs: T0_MS,
    atMs: T0_MS,
    by: { system: 'cli' },
  };
  const {
    record,
    journals: [bot],
  } = bots();
  await bot.append(LAUNCH_ID, create);
  const head = record.all(LAUNCH_ID).at(-1);
  await record.append(LAUNCH_ID, { seq: 1, hash: head?.hash ?? '' }, { ...halt, ...values } as NewEntry);
  await expect(bot.launch(LAUNCH_ID)).rejects.toMatchObject({ code: 'RECORD_BROKEN' });
  const well = bots();
  await well.journals[0].append(LAUNCH_ID, create);
  await well.record.append(LAUNCH_ID, { seq: 1, hash: well.record.all(LAUNCH_ID)[0]?.hash ?? '' }, halt as NewEntry);
  expect(await well.journals[0].launch(LAUNCH_ID)).toMatchObject({ halt: { active: true, epoch: 1 } });
});

describe('an append without an answer', () => {
  test.each<[string, (AppendFault | null)[], number]>([
    ['was written after all', ['lost'], 1],
    ['was not written', ['failed'], 2],
    ['is written later, after the next try was decided', ['late'], 2],
    ['fails three times and then is written without an answer', ['failed', 'failed', 'failed', null], 4],
  ])('that %s gives one entry and a success', async (_, list, appends) => {
    const {
      record,
      clock,
      journals: [journal],
    } = bots();
    await journal.append(LAUNCH_ID, create);
    record.appends = 0;
    record.faultOfAppend = faults(...list);
    const before = clock.nowMs;
    const submitted = await journal.append(LAUNCH_ID, (_launch, nowMs) => {
      clock.nowMs += 1;
      return note(`at ${nowMs - before}`);
    });
    expect(submitted).toMatchObject({ ok: true, entry: { seq: 2 } });
    expect(record.all(LAUNCH_ID)).toHaveLength(2);
    expect(record.appends).toBeLessThanOrEqual(appends);
    expect(journal.peek(LAUNCH_ID)).toEqual(fold(record.all(LAUNCH_ID)));
  });

  test('is found when a reader beside it has taken the entry in first', async () => {
    const {
      record,
      journals: [journal],
    } = bots();
    await journal.append(LAUNCH_ID, create);
    record.faultOfAppend = faults('lost');
    const submitting = journal.append(LAUNCH_ID, note('once'));
    const reading = (async () => {
      for (let i = 0; i < 20; i += 1) await journal.launch(LAUNCH_ID);
    })();
    expect(await submitting).toMatchObject({ ok: true, entry: { seq: 2 } });
    await reading;
    expect(record.all(LAUNCH_ID)).toHaveLength(2);
  });

  test('again and again ends in RECORD_UNAVAILABLE with its cause, and the next submit goes on', async () => {
    const {
      record,
      journals: [journal],
    } = bots();
    await journal.append(LAUNCH_ID, create);
    record.faultOfAppend = () => 'failed';
    await expect(journal.append(LAUNCH_ID, note('x'))).rejects.toMatchObject({
      code: 'RECORD_UNAVAILABLE',
      cause: expect.objectContaining({ message: 'MEMORY_APPEND_FAILED' }),
    });
    record.faultOfAppend = () => null;
    expect(await journal.append(LAUNCH_ID, note('y'))).toMatchObject({ ok: true, entry: { seq: 2 } });
  });

  test('with nothing to read either is RECORD_UNAVAILABLE at once', async () => {
    const {
      record,
      journals: [journal],
    } = bots();
    await journal.append(LAUNCH_ID, create);
    record.faultOfAppend = () => 'lost';
    record.isReadable = () => false;
    await expect(journal.append(LAUNCH_ID, note('x'))).rejects.toMatchObject({ code: 'RECORD_UNAVAILABLE' });
    await expect(journal.launch(LAUNCH_ID)).rejects.toMatchObject({ code: 'RECORD_UNAVAILABLE' });
  });
});

test('an append without an answer is not taken for landed because the same was said before, or something else since', async () => {
  const {
    record,
    journals: [first, second],
  } = bots(2);
  await first.append(LAUNCH_ID, create);
  await first.append(LAUNCH_ID, note('same'));
  record.faultOfAppend = faults('failed');
  expect(await first.append(LAUNCH_ID, note('same'))).toMatchObject({ ok: true, entry: { seq: 3 } });
  await second?.launch(LAUNCH_ID);
  record.faultOfAppend = faults('failed');
  const submitting = first.append(LAUNCH_ID, note('ours'));
  await second?.append(LAUNCH_ID, note('theirs'));
  expect(await submitting).toMatchObject({ ok: true, entry: { kind: 'Noted', text: 'ours' } });
  const said = record.all(LAUNCH_ID).flatMap((entry) => (entry.kind === 'Noted' ? [entry.text ?? ''] : []));
  expect(said.toSorted()).toEqual(['ours', 'same', 'same', 'theirs']);
});

test('a submit that loses every race gives up with RECORD_CONTENDED', async () => {
  const {
    record,
    journals: [first, second],
  } = bots(2);
  await first.append(LAUNCH_ID, create);
  if (second === undefined) throw new Error('unexpected');
  let inside = false;
  record.beforeAppend = async () => {
    if (inside) return;
    inside = true;
    await second.append(LAUNCH_ID, note('first again'));
    inside = false;
  };
  record.appends = 0;
  await expect(first.append(LAUNCH_ID, note('never'))).rejects.toMatchObject({ code: 'RECORD_CONTENDED' });
  // Twenty of ours, and one of theirs before each.
  expect(record.appends).toBe(40);
  expect(record.all(LAUNCH_ID).filter((entry) => entry.kind === 'Noted' && entry.text === 'never')).toEqual([]);
});

test('submits of one launch run one after the other, and one that fails does not hold up the rest', async () => {
  const {
    record,
    journals: [journal],
  } = bots();
  await journal.append(LAUNCH_ID, create);
  record.appends = 0;
  const all = await Promise.allSettled([
    journal.append(LAUNCH_ID, note('1')),
    journal.append(LAUNCH_ID, () => {
      throw new Error('MAKER_BROKE');
    }),
    journal.append(LAUNCH_ID, note('2')),
    journal.append(LAUNCH_ID, note('3')),
  ]);
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  expect(record.appends).toBe(3);
});

describe('a record that was changed behind our back', () => {
  test.each([
    [
      'text',
      3,
      (entries) => entries.map((entry) => (entry.kind === 'Noted' ? { ...entry, text: 'nothing happened' } : entry)),
    ],
    [
      'author',
      3,
      (entries) => entries.map((entry) => (entry.kind === 'Noted' ? { ...entry, by: { person: 'mia' } } : entry)),
    ],
    ['order', 2, (entries) => [entries[0], entries[2], entries[1]].flatMap((entry) => entry ?? [])],
    ['missing entry', 2, (entries) => entries.filter(({ seq }) => seq !== 2)],
    ['launch', 1, (entries) => entries.map((entry) => ({ ...entry, launchId: 'other' }))],
    ['hash', 2, (entries) => entries.map((entry) => (entry.seq === 2 ? { ...entry, prev: '0'.repeat(64) } : entry))],
  ] satisfies [string, number, Parameters<MemoryRecord['tamper']>[1]][])(
    'is RECORD_BROKEN at the entry with the other %s',
    async (_, seq, change) => {
      const {
        record,
        journals: [writer, reader],
      } = bots(2);
      await writer.append(LAUNCH_ID, create);
      await writer.append(LAUNCH_ID, { kind: 'set-audience', by: 'ana', audience });
      await writer.append(LAUNCH_ID, note('halt was pressed'));
      record.tamper(LAUNCH_ID, change);
      expect(await reader?.verify(record.all(LAUNCH_ID).map((entry) => ({ ...entry })))).toMatchObject({ ok: false });
      const broken = { code: 'RECORD_BROKEN', message: expect.stringContaining(`entry ${seq}`) };
      await expect(reader?.launch(LAUNCH_ID)).rejects.toMatchObject(broken);
      await expect(reader?.entries(LAUNCH_ID)).rejects.toMatchObject(broken);
      await expect(reader?.append(LAUNCH_ID, note('x'))).rejects.toMatchObject(broken);
      expect(reader?.peek(LAUNCH_ID)).toBeNull();
    },
  );
});

describe('a record that is not the one which was read before', () => {
  /** The last entry is another one, as whoever has the bot's key could write it. */
  const replaced = (entries: ReturnType<MemoryRecord['all']>) => {
    const { seq = 0, hash = '' } = entries.at(-2) ?? {};
    const other = { kind: 'Noted', text: 'other', by: { person: 'ana' }, atMs: T0_MS } as NewEntry;
    return [
      ...entries.slice(0, -1),
      sealEntry(LAUNCH_ID, { seq, hash }, other, { token: 't', signer: botKeyring().signer }),
    ];
  };
  const read = async () => {
    const one = bots();
    await one.journals[0].append(LAUNCH_ID, create);
    await one.journals[0].append(LAUNCH_ID, note('one'));
    await one.journals[0].append(LAUNCH_ID, note('two'));
    return { ...one, journal: one.journals[0] };
  };
  const broken = (why: string) => ({ code: 'RECORD_BROKEN', message: expect.stringContaining(why) as string });

  test('is found out by the next look at its end, and by the next look at all of it', async () => {
    const { record, journal } = await read();
    expect(await journal.entries(LAUNCH_ID)).toHaveLength(3);
    expect(await createJournal({ record, keyring: workerKeyring() }).entries(LAUNCH_ID)).toHaveLength(3);
    record.tamper(LAUNCH_ID, replaced);
    await expect(journal.launch(LAUNCH_ID)).rejects.toMatchObject(broken('entry 3: it is another entry than'));
    await expect(journal.entries(LAUNCH_ID)).rejects.toMatchObject(broken('entry 3: it is another record than'));
    record.tamper(LAUNCH_ID, (entries) => entries.slice(0, 2));
    await expect(journal.launch(LAUNCH_ID)).rejects.toMatchObject(broken('it was cut off: entry 3'));
    await expect(journal.entries(LAUNCH_ID)).rejects.toMatchObject(
      broken('it was cut off after entry 2; this process has read 3'),
    );
    expect(journal.peek(LAUNCH_ID)?.seq).toBe(3);
  });

  test('an end that is gone is missed though the entry after it is there', async () => {
    const { record, journal } = await read();
    const other = createJournal({ record, staff: memoryStaff(), keyring: botKeyring(), nowMs: () => T0_MS });
    await other.append(LAUNCH_ID, note('three'));
    record.readAfter = (id) => Promise.resolve(record.all(id).filter(({ seq }) => seq === 4));
    await expect(journal.launch(LAUNCH_ID)).rejects.toMatchObject(broken('it was cut off: entry 3'));
  });

  test('a head that was noted elsewhere is looked for in what was read here', async () => {
    const { record, journal } = await read();
    const [first, , last] = record.all(LAUNCH_ID);
    expect(journal.headProblem(LAUNCH_ID, null)).toBeNull();
    expect(journal.headProblem(LAUNCH_ID, { seq: 1, hash: first?.hash ?? '' })).toBeNull();
    expect(journal.headProblem(LAUNCH_ID, { seq: 3, hash: last?.hash ?? '' })).toBeNull();
    expect(journal.headProblem(LAUNCH_ID, { seq: 2, hash: last?.hash ?? '' })).toMatch(/replaced/);
    expect(journal.headProblem(LAUNCH_ID, { seq: 4, hash: last?.hash ?? '' })).toMatch(/ends at entry 3/);
    expect(journal.headProblem('never read', { seq: 1, hash: first?.hash ?? '' })).toMatch(/ends at entry 0/);
  });
});

describe('who may write', () => {
  const { trusted } = botKeyring();
  const halt: Command = { kind: 'set-halt', by: null, source: 'cli', epoch: 1, reason: '', pressedAtMs: T0_MS };
  const journalOf = (record: MemoryRecord, keyring: Parameters<typeof createJournal>[0]['keyring']) =>
    createJournal({ record, staff: memoryStaff(), keyring, nowMs: () => T0_MS - 60_000 });

  test('nobody without a key, but for a halt from the command line; nobody what a key may not', async () => {
    const {
      record,
      journals: [bot],
    } = bots();
    await bot.append(LAUNCH_ID, create);
    const keyless = journalOf(record, looseKeyring(null, trusted));
    await expect(keyless.append(LAUNCH_ID, note('x'))).rejects.toMatchObject({
      code: 'KEY_MISSING',
      message: expect.stringContaining("Noted can't be written here: this process has no key") as string,
    });
    const worker = journalOf(record, workerKeyring());
    await expect(worker.append(LAUNCH_ID, note('x'))).rejects.toMatchObject({
      code: 'KEY_MISSING',
      message: expect.stringContaining("a worker's key can't write Noted") as string,
    });
    await expect(keyless.append('another', { ...create, launchId: 'another' })).rejects.toMatchObject({
      code: 'KEY_MISSING',
    });
    expect(record.appends).toBe(1);
    expect(await keyless.append(LAUNCH_ID, halt)).toMatchObject({ ok: true, entry: { key: '', sig: '' } });
    expect(await bot.append(LAUNCH_ID, note('x'))).toMatchObject({
      ok: true,
      entry: { key: botKeyring().signer?.key },
    });
  });

  test('anybody in a record from before signatures', async () => {
    const {
      record,
      journals: [bot],
    } = bots();
    const created = await bot.append(LAUNCH_ID, create);
    if (!created.ok) throw new Error('unexpected');
    const old = { ...(decidedPart(created.entry) as NewEntry), keys: [] } as NewEntry;
    record.tamper(LAUNCH_ID, () => [sealEntry(LAUNCH_ID, { seq: 0, hash: '' }, old, { token: 't', signer: null })]);
    const stranger = journalOf(record, looseKeyring(personKeyring(testKey(9)).signer, trusted));
    expect(await stranger.append(LAUNCH_ID, note('x'))).toMatchObject({ ok: true });
    expect(await journalOf(record, looseKeyring(null, trusted)).append(LAUNCH_ID, note('y'))).toMatchObject({
      ok: true,
      entry: { seq: 3, key: '' },
    });
    expect(await bot.verify(record.all(LAUNCH_ID))).toEqual({ ok: true, signed: false });
    expect(await bot.verify([])).toEqual({ ok: true, signed: false });
  });
});

test('what holds no token is put away nowhere, and entries carry the time that the clock gives', async () => {
  const record = new MemoryRecord();
  let stows = 0;
  const staff = memoryStaff();
  const counting = { ...staff, stow: (...call: Parameters<typeof staff.stow>) => ((stows += 1), staff.stow(...call)) };
  const clock = createStoreClock({ wallMs: () => T0_MS - 60_000, monotonicMs: () => 5_000 });
  const journal = createJournal({ record, staff: counting, keyring: botKeyring(), clock });
  await journal.append(LAUNCH_ID, create);
  expect(await journal.append(LAUNCH_ID, note('x'))).toMatchObject({ entry: { atMs: clock.nowMs() } });
  expect(stows).toBe(1);
  const ours = createJournal({ record, keyring: botKeyring() });
  const startMs = Date.now();
  const noted = await ours.append(LAUNCH_ID, note('y'));
  expect(noted.ok && noted.entry.atMs >= startMs).toBe(true);
});

test('no entry holds a device token, of a new launch and of a changed roster', async () => {
  const record = new MemoryRecord();
  const staff = memoryStaff();
  const homeless = createJournal({ record, keyring: botKeyring(), nowMs: () => T0_MS - 60_000 });
  await expect(homeless.append(LAUNCH_ID, create)).rejects.toMatchObject({ code: 'TOKENS_HOMELESS' });
  expect(record.all(LAUNCH_ID)).toEqual([]);
  const journal = createJournal({ record, staff, keyring: botKeyring(), nowMs: () => T0_MS - 60_000 });
  const created = await journal.append(LAUNCH_ID, create);
  if (!created.ok) throw new Error(created.say);
  const added = people.map((one) =>
    one.id === 'mia'
      ? { ...one, devices: [{ platform: 'android' as const, token: 'face0MiaPixel', locale: 'es' }] }
      : one,
  );
  const asked = await journal.append(LAUNCH_ID, {
    kind: 'request-roster-change',
    by: 'ana',
    people: added,
    reason: 'a new phone',
  });
  if (!asked.ok || asked.entry.kind !== 'RosterChangeRequested') throw new Error('not asked');
  const approved = await journal.append(LAUNCH_ID, {
    kind: 'approve-roster-change',
    by: 'mia',
    changeId: asked.entry.changeId,
  });
  if (!approved.ok) throw new Error(approved.say);
  expect(JSON.stringify(record.all(LAUNCH_ID))).not.toMatch(/face0/);
  expect((await staff.of(created.launch)).map(({ token }) => token)).toEqual(['face0123']);
  expect((await staff.of(approved.launch)).map(({ token }) => token)).toEqual(['face0123', 'face0MiaPixel']);
  // A roster of references is what the rules give, whoever decides it again.
  expect(verifyWithRules(LAUNCH_ID, record.all(LAUNCH_ID), botKeyring())).toMatchObject({ ok: true });
});

test('a launch whose tokens cannot be put away is not created', async () => {
  const record = new MemoryRecord();
  const staff = { ...memoryStaff(), stow: () => Promise.reject(new Error('no such bucket')) };
  await expect(
    createJournal({ record, staff, keyring: botKeyring(), nowMs: () => T0_MS - 60_000 }).append(LAUNCH_ID, create),
  ).rejects.toMatchObject({ code: 'RECORD_UNAVAILABLE' });
  expect(record.all(LAUNCH_ID)).toEqual([]);
});

describe('versions side by side', () => {
  /** The record's last entry as another version would have written it, in its own place, signed all the same. */
  const rewrittenAs = (v: number) => (entries: Entry[]) => {
    const signer = botKeyring().signer;
    return entries.map((entry, index) => {
      if (index < entries.length - 1) return entry;
      const { hash: _hash, sig: _sig, ...rest } = { ...entry, v } as Entry;
      const hash = entryHash(rest as Entry);
      return { ...rest, hash, sig: signer?.sign(signedText(hash)) ?? '' } as Entry;
    });
  };

  test('a bot stops at an entry of a newer version, says so, and writes nothing behind it', async () => {
    const { record, journals } = bots(2);
    const [older, newer] = journals;
    await older.append(LAUNCH_ID, create);
    await newer?.append(LAUNCH_ID, note('in the newer form'));
    record.tamper(LAUNCH_ID, rewrittenAs(ENTRY_VERSION + 1));
    const stop = {
      code: 'RECORD_BROKEN',
      message: expect.stringMatching(/entry 2: .*written by a newer one\. Update this process/) as string,
    };
    await expect(older.append(LAUNCH_ID, note('behind it'))).rejects.toMatchObject(stop);
    await expect(older.launch(LAUNCH_ID)).rejects.toMatchObject(stop);
    expect(record.all(LAUNCH_ID)).toHaveLength(2);
    // What it had read before stands.
    expect(older.peek(LAUNCH_ID)?.seq).toBe(1);
  });

  test('a launch that an older version has begun is read from its first entry, and goes on in the newest', async () => {
    const { record, journals } = bots(2);
    const [older, newer] = journals;
    await older.append(LAUNCH_ID, create);
    record.tamper(LAUNCH_ID, rewrittenAs(ENTRY_VERSION - 1));
    expect(await newer?.append(LAUNCH_ID, note('goes on'))).toMatchObject({
      ok: true,
      entry: { seq: 2, v: ENTRY_VERSION },
    });
    expect(record.all(LAUNCH_ID).map(({ v }) => v)).toEqual([ENTRY_VERSION - 1, ENTRY_VERSION]);
    expect((await newer?.launch(LAUNCH_ID))?.entryVersion).toBe(ENTRY_VERSION);
  });
});
