import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { whole } from '../../infra/local/arguments.ts';
import { describeProblem } from '../../runbooks/playbook/checked-yaml.ts';
import { loadRunbook } from '../../runbooks/playbook/load.ts';
import { buttonsOf, readyLaunch, RUNBOOK, startRig } from '../bot-rig.ts';
import type { Rig } from '../bot-rig.ts';

/**
 * The table of typed inputs: each goes through the real bot, the loader or the command line's reader, and what became of
 * it is compared with typed-inputs.txt. `TYPED=write` writes what became of them, to be read line by line before it is kept.
 */
const FILE = join(import.meta.dirname, 'typed-inputs.txt');

interface Line {
  typed: string;
  shown: string;
  expected: string | null;
}
interface Section {
  title: string;
  lines: Line[];
}

const [head = '', ...parts] = readFileSync(FILE, 'utf8').split(/^## /m);
const sections = parts.map((part): Section => {
  const [title = '', ...lines] = part.trimEnd().split('\n');
  return {
    title,
    lines: lines.map((line) => {
      const [shown = '', expected] = line.split(' => ');
      return {
        shown,
        typed: shown.replaceAll(/\\(?:n|t|u[0-9a-f]{4})/g, (found) => JSON.parse(`"${found}"`) as string),
        expected: expected ?? null,
      };
    }),
  };
});
const outcomes = new Map<Line, string>();

describe('what became of everything that was typed', () => {
  it.concurrent.each(sections)('$title', { timeout: 90_000 }, async ({ title, lines }) => {
    if (title.startsWith('runbook')) for (const line of lines) outcomes.set(line, inRunbook(line.typed));
    else if (title.startsWith('command line')) for (const line of lines) outcomes.set(line, onCommandLine(line.typed));
    else await typeAll(lines);
    if (process.env['TYPED'] === 'write') return;
    expect(lines.map((line) => `${line.shown} => ${outcomes.get(line)}`)).toEqual(
      lines.map((line) => `${line.shown} => ${line.expected}`),
    );
  });

  it('is a table of at least 300 lines', () =>
    expect(sections.flatMap(({ lines }) => lines).length).toBeGreaterThanOrEqual(300));

  afterAll(() => {
    if (process.env['TYPED'] === 'write')
      writeFileSync(
        FILE,
        `${head}${sections.map(({ title, lines }) => `## ${title}\n${lines.map((line) => `${line.shown} => ${outcomes.get(line)}\n`).join('')}`).join('')}`,
      );
    process.stdout.write(summary());
  });
});

/** How many came to what, by the first word of the outcome. */
function summary(): string {
  const counts = new Map<string, number>();
  for (const outcome of outcomes.values()) {
    const [kind = ''] = outcome.split(/[: ]/);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const rows = [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .map(([kind, count]) => `  ${String(count).padStart(4)} ${kind}`);
  return `\n${outcomes.size} typed inputs:\n${rows.join('\n')}\n`;
}

async function typeAll(lines: readonly Line[]): Promise<void> {
  const rig = await startRig();
  try {
    await readyLaunch(rig);
    for (const line of lines) outcomes.set(line, await becameOf(rig, line.typed));
  } finally {
    await rig.stop();
  }
}

/** By what the record says first, by the buttons of the answer next, and by its words last. */
async function becameOf(rig: Rig, typed: string): Promise<string> {
  const before = await rig.launch();
  const answer = await rig.ask(rig.ana, typed);
  const after = await rig.launch();
  const entry = (await rig.journal.entries(after.id)).findLast(
    ({ seq, kind, by }) => seq > before.seq && 'person' in by && !kind.startsWith('Step'),
  );
  if (answer.includes('*Halted*')) return `halted${after.halt.reason === '' ? '' : `: ${after.halt.reason}`}`;
  if (entry === undefined) return asked(rig, answer);
  switch (entry.kind) {
    case 'FireRequested':
      await rig.journal.append(after.id, {
        kind: 'decline-fire',
        by: 'ana',
        orderId: entry.orderId,
        reason: 'the next line',
      });
      return `ordered: ${entry.shown.segments.map(({ segment }) => segment).join(' ')}`;
    case 'SwitchSet':
    case 'SwitchRequested':
      return `${entry.kind === 'SwitchSet' ? 'set' : 'requested'}: ${entry.switch} ${String(entry.value)}${because(entry.reason)}`;
    case 'Noted':
      return `noted: ${(await rig.cloud.record.messagesAfter(after.id, (entry.item?.seq ?? 0) - 1))[0]?.text}`;
    case 'TargetMoved':
      return `${movedBy(entry.targetAtMs, before.targetAtMs)}${because(entry.reason)}`;
    default:
      return `recorded: ${entry.kind}`;
  }
}

async function asked(rig: Rig, answer: string): Promise<string> {
  const newest = (await rig.ana.messages()).findLast(({ ephemeralTo }) => ephemeralTo !== undefined);
  const buttons = (id: string) => buttonsOf(newest === undefined ? [] : [newest], id);
  const [change] = buttons('change.confirm').map(
    ({ value }) => JSON.parse(value) as Record<'kind' | 'id' | 'from' | 'to' | 'reason', string>,
  );
  if (change !== undefined)
    return `asked: ${change.kind} ${change.id} from ${change.from === 'null' ? 'unknown' : change.from === 'Infinity' ? 'no limit' : change.from} to ${change.to}${because(change.reason)}`;
  const choices = [0, 1, 2, 3, 4]
    .flatMap((index) => buttons(`typed.again.${index}`))
    .map(
      ({ label }) =>
        /from now|after the present target|\d\d:\d\d (?:in [A-Z][A-Za-z ]+?|UTC[+-]\d+)(?= =)/.exec(label)?.[0] ??
        label,
    );
  if (choices.length > 0) return `asked: ${choices.toSorted().join(' | ')}?`;
  if (answer.startsWith('Halt now?') && buttons('halt.press').length === 1) return 'asked: halt?';
  const refused = /:(?:grey_question|no_entry): (.*)/.exec(answer)?.[1];
  if (refused !== undefined) return `refused: ${gist(refused)}`;
  const [first = ''] = answer.split('\n');
  // A launch's id has the day.
  return `shown: ${first.replaceAll((await rig.launch()).id, 'ID').slice(0, 40)}`;
}

function movedBy(atMs: number, beforeMs: number): string {
  return atMs % 60_000 === 0
    ? `moved to ${new Date(atMs).toISOString().slice(11, 16)} UTC`
    : `moved by ${Math.round((atMs - beforeMs) / 60_000)} min`;
}

const because = (reason: string): string => (reason === '' ? '' : `, because ${reason}`);
const gist = (text: string): string =>
  (/expected (.{1,60})/i.exec(text)?.[0] ?? text.slice(0, 70)).replace(/<!date.*/, '').trim();

function inRunbook(written: string): string {
  const loaded = loadRunbook(`${RUNBOOK}delivery:\n  android_per_second: ${written}\n`, 'plan.yaml');
  return loaded.ok
    ? `read: ${loaded.runbook.delivery.android_per_second}`
    : `refused: ${gist(loaded.problems.map(describeProblem).join('; '))}`;
}

function onCommandLine(written: string): string {
  try {
    return `read: ${whole('--devices', written === '""' ? '' : written, 1, 10_000_000)}`;
  } catch (error) {
    return `refused: ${gist(String(error))}`;
  }
}
