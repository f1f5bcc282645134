import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

/**
 * A function fits a screen. What counts are its own lines: a function within it is read by itself, and counts as one.
 * Tests are let off, as their files are (size.test.ts).
 */

const root = join(import.meta.dirname, '../..');
const LINES = 60;

const CASES = 'one case a kind, each short: cut, they would have to be looked for';
const WIRING = 'puts parts together, each after those that it needs; a step of it means nothing alone';
const TABLE = 'one table or form: a row or block after the other, without a branch between them';
const WALK = 'one walk from top to bottom, whose steps share what they found before';

/** Longer ones, and why each is one piece. */
const LONGER: Record<string, string> = {
  'runbooks/launch/evolve.ts change': CASES,
  'runbooks/launch/effects.ts bodiesOf': CASES,
  'runbooks/launch/decide.ts decideFor': CASES,
  'runbooks/launch/vouch.ts commandOf': CASES,
  'runbooks/record/describe.ts describeEntry': CASES,
  'runbooks/playbook/yaml-bounds.ts structureProblem': WALK,
  'bot/views/entry-message.ts bodyOf': CASES,
  'bot/views/board.ts boardMessage': TABLE,
  'bot/views/modals.ts createModal': TABLE,
  'bot/cli/main.ts run': CASES,
  'bot/commands/create.ts createLaunch': WALK,
  'bot/conductor/conductor.ts createConductor': WIRING,
  'bot/conductor/launch-keeper.ts constructor': WIRING,
  'bot/start-bot.ts startBot': WIRING,
  'workers/parts.ts assembleParts': WIRING,
  'workers/audience/join/join-table.ts joinTable': WALK,
  'workers/audience/judge-rows.ts countUp': WALK,
  'workers/lanes/simulate/question.ts checkSimulation': TABLE,
  'workers/probe/meet.ts meet': WALK,
  'infra/aws/access/resources.ts arnsOf': TABLE,
  'infra/aws/clients.ts createClients': WIRING,
  'infra/doctor/examine.ts examineAws': TABLE,
  'infra/local/cloud/ecs.ts call': CASES,
  'infra/local/cloud/sqs.ts call': CASES,
  'infra/local/cloud/start.ts startLocalCloud': WIRING,
  'infra/local/providers/start.ts startProviders': WIRING,
  'infra/local/slack/delivery/payloads.ts eventsOf': CASES,
  'infra/local/slack/render/elements.ts interactive': CASES,
  'infra/local/slack/render/render.ts block': CASES,
  'infra/local/slack/start.ts startWorkspace': WIRING,
  'infra/local/stack.ts startStack': WIRING,
  'test/bot-rig.ts startRig': WIRING,
  'test/faults/war-room.ts prepare': WALK,
  'test/lane-rig.ts run': WIRING,
  'test/properties/invariants.ts take': CASES,
  'test/properties/world.ts command': CASES,
  'test/prove/moves.ts wakes': WALK,
  'test/prove/search.ts search': WALK,
};

interface Said {
  filename: string;
  message: string;
  labels: { span: { offset: number; length: number; line: number } }[];
}

/** Lint tells of each function where it begins and ends, and how many lines it has. */
async function functionsIn(folder: string): Promise<Said[]> {
  const settings = await mkdtemp(join(tmpdir(), 'gobutton-functions-'));
  try {
    const config = join(settings, 'lint.json');
    const rules = { 'max-lines-per-function': ['error', { max: 2, skipBlankLines: false, skipComments: false }] };
    await writeFile(config, JSON.stringify({ categories: { correctness: 'off' }, rules }));
    const args = [join(root, 'node_modules/oxlint/bin/oxlint'), '--config', config, '--format', 'json', '.'];
    const text = await new Promise<string>((resolve) => {
      execFile(process.execPath, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout) =>
        resolve(stdout),
      );
    });
    return (JSON.parse(text) as { diagnostics: Said[] }).diagnostics;
  } finally {
    await rm(settings, { recursive: true, force: true });
  }
}

interface Found {
  name: string;
  ownLines: number;
}

/** Functions over the limit, as `file name`; one without a name goes by its line. */
function longOnes(said: readonly Said[]): Found[] {
  const parsed = said
    .map(({ filename, message, labels }) => {
      const { offset = 0, length = 0, line = 0 } = labels[0]?.span ?? {};
      const lines = Number(/\((\d+)\)/.exec(message)?.[1]);
      const name = `${filename} ${/`([^`]+)`/.exec(message)?.[1] ?? `line ${line}`}`;
      return { filename, name, lines, ownLines: lines, from: offset, to: offset + length };
    })
    .toSorted((a, b) => a.filename.localeCompare(b.filename) || a.from - b.from || b.to - a.to);
  const around: typeof parsed = [];
  for (const one of parsed) {
    while (around.length > 0 && !(around.at(-1)?.filename === one.filename && one.to <= (around.at(-1)?.to ?? 0)))
      around.pop();
    const outer = around.at(-1);
    if (outer !== undefined) outer.ownLines -= one.lines - 1;
    around.push(one);
  }
  return parsed.filter(({ ownLines }) => ownLines > LINES);
}

let long: Found[] = [];
beforeAll(async () => {
  const said = await functionsIn(root);
  expect(said.length).toBeGreaterThan(1_000);
  long = longOnes(said.filter(({ filename }) => !filename.endsWith('.test.ts')));
});

test(`a function has at most ${LINES} lines of its own, or is named here with the reason`, () => {
  const loose = long.filter(({ name }) => LONGER[name] === undefined);
  expect(loose.map(({ name, ownLines }) => `${name}: ${ownLines} lines`)).toEqual([]);
});

test('one that fits by now is struck out', () => {
  const names = new Set(long.map(({ name }) => name));
  expect(Object.keys(LONGER).filter((name) => !names.has(name))).toEqual([]);
});

test('lines of a function within another count for the inner one alone', () => {
  const said = (name: string, lines: number, offset: number, length: number): Said => ({
    filename: 'a.ts',
    message: `The function \`${name}\` has too many lines (${lines}). Maximum allowed is 2.`,
    labels: [{ span: { offset, length, line: 1 } }],
  });
  const outer = said('outer', 120, 0, 1_000);
  const inner = said('inner', 61, 100, 500);
  expect(longOnes([inner, outer])).toMatchObject([{ name: 'a.ts inner', ownLines: 61 }]);
  expect(longOnes([outer])).toMatchObject([{ name: 'a.ts outer', ownLines: 120 }]);
  expect(longOnes([outer, inner, said('beside', 62, 1_000, 10)]).map(({ name }) => name)).toEqual([
    'a.ts inner',
    'a.ts beside',
  ]);
});
