import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { looseKeyring, publicHalf } from '../../infra/aws/keyring.ts';
import { sealEntry } from '../../infra/aws/seal.ts';
import { verifyWithRules } from '../../infra/aws/verify-record.ts';
import type { CommandKind } from '../../runbooks/launch/commands.ts';
import { ENTRY_VERSION } from '../../runbooks/launch/entries.ts';
import type { Entry, EntryKind } from '../../runbooks/launch/entries.ts';
import { commandOf, decidedPart } from '../../runbooks/launch/vouch.ts';
import { BOT_KEY, botKeyring, WORKER_KEY } from '../keys.ts';
import { blockNames, examplesIn, recordBlocks, writeBlocks } from './record-page.ts';
import { NEW_WORKER_KEY, playSample } from './sample-launch.ts';

/** docs/record.md and docs/entries.md can't drift: what they take from the code is compared, and their examples are read by the real reader. */

const read = (name: string) => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');
const page = read('record.md');
const kindsPage = read('entries.md');
const played = playSample();
const record = played.map(({ entry }) => entry);
const launchId = 'superbowl-2027';
/** Of somebody who only reads, with no head seen before. */
const reader = () =>
  looseKeyring(null, { bot: [publicHalf(BOT_KEY)], worker: [publicHalf(WORKER_KEY), NEW_WORKER_KEY] });

/** Here so that a new kind does not compile before it has a place in the page. */
const KINDS = Object.keys({
  LaunchCreated: 0,
  TargetMoved: 0,
  CampaignSet: 0,
  AudienceSet: 0,
  SkipListSet: 0,
  RunbookChangeRequested: 0,
  RunbookChanged: 0,
  RosterChangeRequested: 0,
  RosterChanged: 0,
  PersonRemoved: 0,
  KeyChangeRequested: 0,
  KeysChanged: 0,
  TakenOver: 0,
  GateChanged: 0,
  GateTicked: 0,
  WaiverRequested: 0,
  WaiverGranted: 0,
  FireRequested: 0,
  FireApproved: 0,
  FireArmed: 0,
  FireHeld: 0,
  FireDeclined: 0,
  FireRenewed: 0,
  ChangeExpired: 0,
  FireExpired: 0,
  ShotClosed: 0,
  ShotCorrected: 0,
  ShotTimed: 0,
  TestRequested: 0,
  TestDone: 0,
  HaltSet: 0,
  LiftRequested: 0,
  HaltLifted: 0,
  SwitchRequested: 0,
  SwitchSet: 0,
  SwitchMirrored: 0,
  StepStarted: 0,
  StepHeld: 0,
  StepPut: 0,
  StepMissed: 0,
  StepSkipped: 0,
  StepDone: 0,
  ScaleOrdered: 0,
  ScaleFound: 0,
  ScaleReached: 0,
  ScaleChanged: 0,
  ScaleLate: 0,
  Noted: 0,
  SurgeMeasured: 0,
  RehearsalBegun: 0,
  RehearsalTurned: 0,
  RehearsalEnded: 0,
  OutcomesCounted: 0,
  QuestionAnswered: 0,
  ActionSet: 0,
  ActionClosed: 0,
  PostmortemTurned: 0,
  PersonPresent: 0,
  Checkpoint: 0,
  StoodDown: 0,
  LaunchClosed: 0,
} satisfies Record<EntryKind, 0>).toSorted();

const sections = new Map(
  kindsPage
    .split(/^### /m)
    .slice(1)
    .map((text): [string, string] => [text.slice(0, text.indexOf('\n')), text.slice(text.indexOf('\n'))]),
);

test('what the pages take from the code is what the code gives now; else run `npm run docs`', () => {
  for (const text of [page, kindsPage]) expect(text).toBe(writeBlocks(text, recordBlocks(played)));
  expect(blockNames(page)).toEqual(['stored', 'effects', 'versions']);
});

test('every kind of entry has one section with words, one example, and one link to it, and no section is of anything else', () => {
  expect([...sections.keys()].toSorted()).toEqual(KINDS);
  expect(kindsPage.match(/^### /gm)).toHaveLength(KINDS.length);
  for (const [kind, text] of sections) {
    const [words = ''] = text.split('<!--');
    expect(words.trim().length, kind).toBeGreaterThan(40);
    expect(blockNames(text), kind).toEqual([kind]);
    expect(text.match(/```json/g), kind).toHaveLength(1);
    expect(kindsPage.split(`[${kind}](#${kind.toLowerCase()})`).length - 1, kind).toBe(1);
  }
});

test('the examples, as they stand in the pages, are entries of one record that every reader takes', () => {
  const examples = examplesIn(kindsPage);
  expect([...examples.keys()].toSorted()).toEqual(KINDS);
  for (const [kind, example] of examples) expect(example.kind, kind).toBe(kind);
  const bySeq = new Map([...examples.values()].map((example) => [example.seq, example]));
  // The text of the page in its entry's place: the hash and the signature are over what stands there.
  const told = record.map((entry) =>
    bySeq.has(entry.seq) ? ({ ...added(entry), ...bySeq.get(entry.seq) } as Entry) : entry,
  );
  expect(verifyWithRules(launchId, told, reader())).toMatchObject({ ok: true });
  expect(examplesIn(page).get('stored')).toEqual(record[1]);
});

test('every version up to the newest has its row', () => {
  const rows = [...page.matchAll(/^\| (\d+) \| \S/gm)].map(([, v]) => Number(v));
  expect(rows).toEqual(Array.from({ length: ENTRY_VERSION }, (_, index) => index + 1));
});

test('every command is named with the entry that it gives', () => {
  const commands = Object.keys({
    'create-launch': 0,
    'move-target': 0,
    'set-campaign': 0,
    'set-audience': 0,
    'set-skip-list': 0,
    'change-runbook': 0,
    'approve-runbook-change': 0,
    'request-roster-change': 0,
    'approve-roster-change': 0,
    'request-key-change': 0,
    'approve-key-change': 0,
    'take-over': 0,
    'remove-person': 0,
    'report-gate': 0,
    'tick-gate': 0,
    'request-waiver': 0,
    'grant-waiver': 0,
    'request-fire': 0,
    'approve-fire': 0,
    'decline-fire': 0,
    'renew-order': 0,
    'expire-order': 0,
    'expire-change': 0,
    'release-fire': 0,
    'hold-fire': 0,
    'close-shot': 0,
    'correct-shot': 0,
    'report-timing': 0,
    'request-test': 0,
    'report-test': 0,
    'set-halt': 0,
    'request-lift': 0,
    'approve-lift': 0,
    'set-switch': 0,
    'approve-switch': 0,
    'turn-switch': 0,
    'report-mirror': 0,
    'start-step': 0,
    'hold-step': 0,
    'put-step': 0,
    'miss-step': 0,
    'run-step': 0,
    'skip-step': 0,
    'finish-step': 0,
    'answer-step': 0,
    'order-scale': 0,
    'report-scale-found': 0,
    'report-scale': 0,
    'report-scale-changed': 0,
    'report-scale-late': 0,
    note: 0,
    checkpoint: 0,
    'be-here': 0,
    'record-outcomes': 0,
    'answer-as-guest': 0,
    'answer-question': 0,
    'set-action': 0,
    'close-action': 0,
    'turn-postmortem': 0,
    'measure-surge': 0,
    'begin-rehearsal': 0,
    'turn-rehearsal': 0,
    'end-rehearsal': 0,
    'stand-down': 0,
    'close-launch': 0,
  } satisfies Record<CommandKind, 0>);
  const named = new Set(
    [...kindsPage.matchAll(/^- Command: (.*)$/gm)].flatMap(([, line = '']) => line.match(/`[^`]+`/g)),
  );
  expect(named).toEqual(new Set(commands.map((kind) => `\`${kind}\``)));
});

test('a new optional field stops an older reader only in an entry that every reader decides anew', () => {
  for (const { entry } of played) {
    const upTo = record.slice(0, entry.seq - 1);
    const newer = sealEntry(launchId, upTo.at(-1) ?? { seq: 0, hash: '' }, withField(entry), {
      token: entry.token,
      signer: botKeyring().signer,
    });
    const { ok } = verifyWithRules(launchId, [...upTo, newer], reader());
    expect({ kind: entry.kind, ok }).toEqual({ kind: entry.kind, ok: commandOf(entry) === null });
  }
});

/** What the store has added, and the examples leave out. */
function added({ v, launchId: id, token, prev, hash, key = '', sig = '' }: Entry): object {
  return { v, launchId: id, token, prev, hash, key, sig };
}

function withField(entry: Entry): Entry {
  const decided: object = { ...decidedPart(entry), since: 'a newer version' };
  return decided as Entry;
}
