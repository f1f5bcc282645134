import { canonicalJson } from '../../runbooks/launch/canonical-json.ts';
import type { PlanChange } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { planOf } from '../../runbooks/launch/plan-changes.ts';
import { differencesOf, needsTwo } from '../../runbooks/launch/runbook-change.ts';
import { describeProblem } from '../../runbooks/playbook/checked-yaml.ts';
import type { Plan, Runbook } from '../../runbooks/playbook/schema.ts';
import { code, done } from '../views/answers.ts';
import { context, message, section } from '../views/blocks.ts';
import type { Message } from '../views/message.ts';
import { changesBlocks, foreseenText } from '../views/runbook-change.ts';
import { fit, oneLine, safe, short } from '../views/words.ts';
import { textAfter } from './arguments.ts';
import { listRunbooks, readRunbook } from './runbook-folder.ts';
import { misuse, submit } from './subcommand.ts';
import type { Answer, LaunchAsk, Subcommand } from './subcommand.ts';

export const runbook: Subcommand = {
  name: 'runbook',
  also: ['runbooks'],
  group: 'Prepare',
  needs: 'person',
  usage: ['runbook', 'runbook change because kick-off is late'],
  does: "Shows what the runbook's file says otherwise than this launch, with its lines. `runbook change` takes it over: what weakens a gate, or changes what is done, when and by whom, needs a second person.",
  async run(ask) {
    const [verb] = ask.typed.words;
    if (verb !== undefined && verb.toLowerCase() !== 'change')
      return misuse(
        runbook,
        `${code(verb)} is not \`change\`: \`/go runbook\` shows what the file says otherwise, \`/go runbook change\` takes it over. Nothing was changed.`,
      );
    const read = await readFile(ask);
    if (!('plan' in read)) return read;
    if (verb === undefined) return shown(ask, read);
    const reason = oneLine(textAfter(ask.typed.rest, 1)).replace(/^because\s+/i, '');
    const asked = needsSecond(ask.launch, read.plan);
    return submit(
      ask,
      (by, launch) => ({
        kind: 'change-runbook',
        by,
        plan: read.plan,
        runbookHash: read.hash,
        lines: changesOf(launch, read).map(({ line }) => line),
        reason,
      }),
      () =>
        done(
          asked
            ? 'Asked to change the runbook. Another person approves with the button in the channel; until then nothing changes.'
            : 'The runbook is changed; the channel has what.',
        ),
    );
  },
};

interface Read {
  file: string;
  hash: string;
  plan: Plan;
  runbook: Runbook;
  lineOf: (path: readonly (string | number)[]) => string;
}

/** The file in the folder that has this runbook's id, or why there is none to take. */
async function readFile({ desk, launch }: LaunchAsk): Promise<Read | Message> {
  const { id } = launch.runbook;
  const meant = (await listRunbooks(desk.runbooksDir)).filter((one) => one.ownId === id || one.id === id);
  const [only] = meant;
  if (only === undefined || meant.length > 1)
    return misuse(
      runbook,
      only === undefined
        ? `No file in the folder of runbooks has the id ${code(id)}.`
        : `${meant.map(({ file }) => code(file)).join(' and ')} both have the id ${code(id)}; only one file may have it.`,
    );
  const { hash, loaded } = await readRunbook(desk.runbooksDir, only.file);
  if (loaded.ok)
    return { file: only.file, hash, plan: planOf(loaded.runbook), runbook: loaded.runbook, lineOf: loaded.lineOf };
  const lines = loaded.problems.map((one) => `• ${safe(describeProblem(one), 400)}`);
  return message(`${only.file} has problems`, [
    section(`:no_entry: *${safe(only.file, 80)}* can't be used, and nothing was changed:\n${fit(lines)}`),
  ]);
}

function changesOf(launch: Launch, { plan, lineOf }: Read): PlanChange[] {
  return differencesOf(launch, plan).map(({ where, path, before, after }) => ({
    where,
    before,
    after,
    line: lineOf(path),
  }));
}

const needsSecond = (launch: Launch, plan: Plan): boolean =>
  differencesOf(launch, plan).some((one) => needsTwo(launch, one));

function shown({ launch, atMs }: LaunchAsk, read: Read): Answer {
  const changes = changesOf(launch, read);
  const file = `*${safe(read.file, 80)}* (${short(read.hash)})`;
  const apart = notTaken(launch, read.runbook);
  if (changes.length === 0)
    return message('The runbook is as its file', [
      section(`:scroll: ${file} says of the plan what this launch has.`),
      ...apart,
    ]);
  const how = needsSecond(launch, read.plan) ? 'It needs a second person.' : 'One person on call may do it.';
  return message('What the runbook says otherwise', [
    section(`:scroll: ${file} differs from what this launch has:`),
    ...changesBlocks(changes),
    section(`${safe(foreseenText(launch, read.plan, atMs), 1_500)} ${how}`),
    context('Nothing was changed. `/go runbook change because …` takes it over.'),
    ...apart,
  ]);
}

/** Who takes part and what is said may have changed here since, and stay as they are here. */
function notTaken(launch: Launch, { people, campaign }: Runbook) {
  const known = (all: Runbook['people']) => canonicalJson(all.map(({ devices: _devices, ...person }) => person));
  const apart = [
    ...(known(people) === known(launch.people) ? [] : ['`people`: `/go people` changes the roster']),
    ...(canonicalJson(campaign) === canonicalJson(launch.campaign)
      ? []
      : ['`campaign`: `/go campaign` changes the texts']),
  ];
  return apart.length === 0
    ? []
    : [context(`The file also differs in what is not taken from it: ${apart.join('; ')}.`)];
}
