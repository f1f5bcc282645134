import { sha256 } from '../../infra/aws/sha256.ts';
import { decide } from '../../runbooks/launch/decide.ts';
import { describeProblem } from '../../runbooks/playbook/checked-yaml.ts';
import type { Runbook } from '../../runbooks/playbook/schema.ts';
import { readNumber } from '../../runbooks/typed/number.ts';
import type { Desk } from '../desk.ts';
import { code, done, refused } from '../views/answers.ts';
import { section, message } from '../views/blocks.ts';
import { doubtsNote } from '../views/content.ts';
import type { Message } from '../views/message.ts';
import { createModal } from '../views/modals.ts';
import { clip, fit, oneLine, plural, safe, stamp } from '../views/words.ts';
import { bareWord, WHEN_USAGE } from './arguments.ts';
import { momentOf, offer } from './ask-moment.ts';
import { launchHere } from './launch-here.ts';
import { didYouMean } from './nearest.ts';
import { listRunbooks, meantRunbook, namesAndProblems, readRunbook } from './runbook-folder.ts';
import type { ListedRunbook } from './runbook-folder.ts';
import { misuse } from './subcommand.ts';
import type { Ask, Subcommand } from './subcommand.ts';

export interface Wanted {
  runbook: string;
  name: string | null;
  targetAtMs: number;
  compress: number;
}

/** What may be wrong, by the field of the form that it belongs to. `answer` is for the person who asked. */
export type Created =
  | { ok: true; answer: Message }
  | { ok: false; field: 'runbook' | 'name' | 'target' | 'compress'; say: string; answer: Message };

/** How long the creation of a launch waits to hear whether the bot is in the channel. */
const MEMBER_WITHIN_MS = 4_000;
/**
 * A form must be open within 3 s of the command (docs/facts.md#slack-ack): one that can't be filled with success is not
 * opened, if that is known by then.
 */
const MEMBER_BEFORE_FORM_MS = 1_000;

/** Why the channel can't be a war room; null: it can. A launch that nobody sees is worth nothing, and creating one can wait. */
export async function noRoom(
  desk: Desk,
  channelId: string,
  withinMs: number,
): Promise<{ code: string; say: string } | null> {
  switch (await desk.rooms.membership(channelId, withinMs)) {
    case 'member':
      return null;
    case 'absent':
      return {
        code: 'NOT_IN_CHANNEL',
        say: `The bot is not in this channel, so it could show neither the board nor a GO button here. Type \`/invite @${desk.botName()}\`, then try again.`,
      };
    case 'archived':
      return {
        code: 'CHANNEL_ARCHIVED',
        say: 'This channel is archived, so nothing can be posted here. Unarchive it, or use another channel.',
      };
    case 'direct':
      return {
        code: 'NO_CHANNEL',
        say: "A direct message can't be a war room: a second person must see the GO button. Use a channel that the bot is in.",
      };
    case 'unknown':
      return {
        code: 'SLACK_SILENT',
        say: 'Slack did not say whether the bot is in this channel. Try again in a moment.',
      };
  }
}

/** Creates a launch with this channel as its war room. */
export async function createLaunch(
  desk: Desk,
  who: { slackId: string; teamId: string | null; channelId: string },
  wanted: Wanted,
): Promise<Created> {
  const no = (field: 'runbook' | 'name' | 'target' | 'compress', reason: string, say: string): Created => ({
    ok: false,
    field,
    say,
    answer: refused(reason, say),
  });
  const shut = await noRoom(desk, who.channelId, MEMBER_WITHIN_MS);
  if (shut !== null) return no('name', shut.code, shut.say);
  desk.rooms.forget();
  const here = await launchHere(desk, who.channelId);
  if (here !== null && !here.closed)
    return no(
      'name',
      'LAUNCH_EXISTS',
      `This channel is the war room of ${here.name} already. Close that with /go close first, or create this one in another channel.`,
    );

  const listed = (await listRunbooks(desk.runbooksDir)).find((one) => one.id === wanted.runbook);
  if (listed === undefined) return no('runbook', 'RUNBOOK_UNKNOWN', `There is no runbook ${wanted.runbook}.`);
  const { hash, loaded } = await readRunbook(desk.runbooksDir, listed.file);
  if (!loaded.ok || listed.problem !== null) {
    const lines = loaded.ok ? [listed.problem ?? ''] : loaded.problems.map(describeProblem);
    return {
      ok: false,
      field: 'runbook',
      say: clip(`${plural(lines.length, 'problem')}: ${lines[0] ?? ''}`, 300),
      answer: message(`${listed.file} has problems`, [
        section(
          `:no_entry: *${safe(listed.file, 80)}* can't be used:\n${fit(lines.map((line) => `• ${safe(line, 400)}`))}`,
        ),
      ]),
    };
  }
  const { runbook } = loaded;
  const creator = runbook.people.find((person) => person.slack.includes(who.slackId));
  const command = {
    kind: 'create-launch',
    by: creator?.id ?? 'not-on-the-roster',
    launchId: await freeLaunchId(desk, runbook, wanted.targetAtMs),
    name: wanted.name ?? runbook.title,
    channelId: who.channelId,
    ...(who.teamId === null ? {} : { teamId: who.teamId }),
    runbook,
    runbookHash: hash,
    targetAtMs: wanted.targetAtMs,
    compress: wanted.compress,
  } as const;
  const nowMs = desk.nowMs();
  const judged = decide(null, command, { nowMs, sha256 });
  if (!judged.ok)
    return no(
      judged.code === 'TIME_INVALID' ? 'target' : judged.code === 'VALUE_INVALID' ? 'compress' : 'runbook',
      judged.code,
      judged.say,
    );

  await desk.conductor.willCreate({
    launchId: command.launchId,
    name: command.name,
    channelId: who.channelId,
    pool: runbook.pool.name,
    createdAtMs: nowMs,
    closed: false,
    workers: runbook.pool.workers,
  });
  const outcome = await desk.conductor.execute(command.launchId, command);
  if (!outcome.ok) return no('name', outcome.code, outcome.say);
  desk.rooms.forget();
  return {
    ok: true,
    answer: done(
      `Created *${safe(command.name, 120)}* (${code(command.launchId)}), target ${stamp(wanted.targetAtMs)}. Next: \`npm run audience -- compile devices.csv --launch ${command.launchId}\`, then \`/go ready\`.${doubtsNote(runbook.campaign)}${desk
        .unreachable(runbook)
        .map((problem) => `\n:warning: ${problem}`)
        .join('')}`,
    ),
  };
}

/** `superbowl-2027-02-07`, with a number if that day has one already. */
async function freeLaunchId(desk: Desk, runbook: Runbook, targetAtMs: number): Promise<string> {
  const base = `${runbook.id.slice(0, 40)}-${new Date(targetAtMs).toISOString().slice(0, 10)}`;
  const taken = new Set((await desk.rooms.all()).map((item) => item.launchId));
  for (let n = 1; ; n += 1) {
    const id = n === 1 ? base : `${base}-${n}`;
    if (!taken.has(id) && (await desk.journal.launch(id)) === null) return id;
  }
}

export const create: Subcommand = {
  name: 'create',
  also: ['new', 'launch'],
  group: 'Prepare',
  needs: 'nothing',
  usage: [
    'create',
    'create superbowl in 2h',
    'create superbowl 23:30 UTC',
    'create superbowl in 20m compress 24 called "Dress rehearsal"',
  ],
  does: 'Makes this channel the war room of a new launch from a runbook. Without words it opens a form.',
  async run(ask) {
    if (ask.typed.rest === '') return openForm(ask);
    const runbooks = await listRunbooks(ask.desk.runbooksDir);
    const ids = runbooks.map((one) => one.id);
    const [word = ''] = ask.typed.words;
    const own = createWith(runbooks);
    const runbook = (meantRunbook(runbooks, word) ?? meantRunbook(runbooks, bareWord(word)))?.id;
    if (runbook === undefined)
      return misuse(
        own,
        `There is no runbook ${code(word)}.${didYouMean(word, [...ids, ...runbooks.flatMap(({ ownId }) => ownId ?? [])])} There is ${runbooksText(runbooks)}.`,
      );
    const parsed = parseCreate(ask.typed.rest.slice(ask.typed.rest.indexOf(word) + word.length));
    const { compress, name } = parsed;
    const known = parsed.when === '' ? await targetIn(ask.desk.runbooksDir, runbooks, runbook) : null;
    if (parsed.when === '' && known === null) return misuse(own, `When is the target? ${WHEN_USAGE}`);
    const times = compress === null ? { ok: true as const, value: 1 } : readNumber(compress, COMPRESS);
    if (!times.ok || times.value === 0)
      return misuse(
        own,
        `${code(compress ?? '')}: compressed how many times? Expected ${!times.ok && times.code === 'NUMBER_TWO_READINGS' ? times.expected : 'a number above 0'}, like \`compress 24\`: a day of the plan takes an hour.`,
      );
    const moment =
      known !== null
        ? ({ kind: 'at', atMs: known } as const)
        : await momentOf(ask.desk, ask.slackId, parsed.when, ask.atMs, null);
    if (moment.kind !== 'at')
      return offer(
        ask,
        own,
        parsed.when,
        moment,
        (at) =>
          `create ${runbook} ${at}${compress === null ? '' : ` compress ${compress}`}${name === null ? '' : ` called "${name.replaceAll('"', "'")}"`}`,
      );
    return (await createLaunch(ask.desk, ask, { runbook, name, targetAtMs: moment.atMs, compress: times.value }))
      .answer;
  },
};

/** The command with a runbook in its examples that lies here, so that they can be typed as they stand. */
export function createWith(runbooks: readonly ListedRunbook[]): Subcommand {
  const first = runbooks.find(({ problem }) => problem === null)?.id ?? 'superbowl';
  return { ...create, usage: create.usage.map((line) => line.replace('superbowl', first)) };
}

/** Times: 1 is real time, 24 makes an hour of a day, 0.5 two days. */
export const COMPRESS = { fractions: true } as const;

/** ` in 20m compress 24 called "Dress rehearsal"` → its parts. */
function parseCreate(text: string): { when: string; compress: string | null; name: string | null } {
  const name = /\s(?:called|named|name)\s+(?:"([^"]+)"|(\S.*?))(?=\s+compress\s|$)/i.exec(text);
  const compress = /\scompress(?:ed)?\s+(\S+)/i.exec(text);
  const left = text.replace(name?.[0] ?? '\0', ' ').replace(compress?.[0] ?? '\0', ' ');
  const called = oneLine(name?.[1] ?? name?.[2] ?? '');
  return { when: oneLine(left), compress: compress?.[1] ?? null, name: called === '' ? null : clip(called, 120) };
}

/** The target that a runbook has itself; null: none. */
async function targetIn(dir: string, runbooks: readonly ListedRunbook[], id: string): Promise<number | null> {
  const file = runbooks.find((one) => one.id === id)?.file;
  const read = file === undefined ? null : await readRunbook(dir, file);
  return read?.loaded.ok === true ? (read.loaded.runbook.target?.atMs ?? null) : null;
}

/** Those that can be used, then the others with what is wrong. */
function runbooksText(runbooks: readonly ListedRunbook[]): string {
  const [ids, problems] = namesAndProblems(runbooks);
  const good = ids
    .slice(0, 60)
    .map((id) => code(id))
    .join(' ');
  return `${good || 'none that can be used'}${
    problems.length === 0
      ? ''
      : `. With problems: ${problems
          .slice(0, 5)
          .map((one) => safe(one, 200))
          .join('; ')}${problems.length > 5 ? `; and ${problems.length - 5} more` : ''}`
  }`;
}

async function openForm(ask: Ask): Promise<Message | null> {
  const { desk, channelId } = ask;
  const [runbooks, shut] = await Promise.all([
    listRunbooks(desk.runbooksDir),
    noRoom(desk, channelId, MEMBER_BEFORE_FORM_MS),
  ]);
  // Not heard in time: asked again when the form is sent.
  if (shut !== null && shut.code !== 'SLACK_SILENT') return refused(shut.code, shut.say);
  try {
    await desk.client.views.open({ trigger_id: ask.triggerId, view: createModal(runbooks, channelId, ask.atMs) });
    return null;
  } catch (error) {
    desk.log.warn({ err: error, channelId }, 'the form of a new launch could not be opened');
    return refused(
      'SLACK_SILENT',
      `Slack did not open the form. Try again, or say it in one line: /go create ${runbooks.find(({ problem }) => problem === null)?.id ?? 'superbowl'} in 2h.`,
    );
  }
}
