import { sha256 } from '../../infra/aws/sha256.ts';
import { may } from '../../runbooks/launch/authority.ts';
import { decide } from '../../runbooks/launch/decide.ts';
import type { RehearsalSample, SentWhat } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import {
  rehearsalId,
  rehearsalName,
  rehearsalRunbook,
  rehearsesOf,
  wholeRefusal,
} from '../../runbooks/launch/rehearsal-launch.ts';
import { readSample } from '../../runbooks/typed/sample.ts';
import type { Desk } from '../desk.ts';
import { submitAs, whoIs } from '../desk.ts';
import { takeSample } from '../take-sample.ts';
import { code, done, info, refused, stranger } from '../views/answers.ts';
import type { Message } from '../views/message.ts';
import { askSending } from '../views/rehearsal.ts';
import { safe } from '../views/words.ts';
import { noRoom } from './create.ts';
import { launchHere } from './launch-here.ts';
import type { Answer, Ask } from './subcommand.ts';

/**
 * A rehearsal that sends, as a launch of its own in the channel where it is typed. Asked for with all that it will do; a second
 * press of the same person creates it. Nothing goes out by that: its orders take two people, as any.
 */

const MEMBER_WITHIN_MS = 4_000;
/** What was shown is true for so long. */
const ASKED_FOR_MS = 120_000;

export async function sending(
  ask: Ask,
  what: SentWhat,
  words: readonly string[],
  misused: (problem: string) => Message,
): Promise<Answer> {
  const { desk, slackId, channelId } = ask;
  const at = words.findIndex((word) => word.toLowerCase() === 'of');
  const launchId = at < 0 ? undefined : words[at + 1];
  if (launchId === undefined) {
    const here = await launchHere(desk, channelId);
    const id = here?.id ?? 'superbowl-2027-02-14';
    // What can be typed as it stands: fewer than the launch has.
    const some = Math.max(1, Math.min(1_000, Math.floor((here?.audience?.devices ?? 10_000) / 10)));
    return info(
      `A ${what} rehearsal really sends, so it is a launch of its own, in a channel of its own. Make one, invite the bot, and type there: \`/go rehearse ${what} ${words.join(' ') || some} of ${safe(id, 80)}\`.`,
    );
  }
  const parent = await desk.journal.launch(launchId);
  if (parent === null) return misused(`There is no launch ${code(launchId)}.`);
  const person = whoIs(parent, slackId);
  if (person === null) return stranger(parent);
  if (!may(person, 'create-launch')) return refused('ROLE_MISSING', 'Rehearsing needs on-call.');
  const sample = parent.audience === null ? null : readSample(words.slice(0, at), parent.audience);
  if (typeof sample === 'string') return misused(`To whom? ${safe(sample, 400)}.`);
  const made = sample === null ? null : await rehearsalOf(ask, parent, what, sample);
  if (made === null || sample === null)
    return refused('NO_AUDIENCE', `${parent.name} has no audience yet, so there is nobody to take a sample of.`);
  if (!made.ok) return refused(made.code, made.say);
  return askSending(parent, made.command.rehearses, { slackId, untilMs: desk.nowMs() + ASKED_FOR_MS });
}

type Who = Pick<Ask, 'desk' | 'slackId' | 'teamId' | 'channelId'>;

/** Null: the launch has no audience. */
async function rehearsalOf(
  { desk, slackId, teamId, channelId }: Who,
  parent: Launch,
  what: SentWhat,
  sample: RehearsalSample,
) {
  const rehearses = rehearsesOf(parent, sample, what);
  if (rehearses === null || parent.audience === null) return null;
  const whole = wholeRefusal(rehearses, parent.audience);
  if (whole !== null) return { ok: false as const, code: whole.code, say: whole.say };
  const shut = await noRoom(desk, channelId, MEMBER_WITHIN_MS);
  if (shut !== null) return { ok: false as const, ...shut };
  desk.rooms.forget();
  const here = await launchHere(desk, channelId);
  if (here !== null && !here.closed)
    return {
      ok: false as const,
      code: 'LAUNCH_EXISTS',
      say: `This channel is the war room of ${here.name}. A rehearsal that sends needs a channel of its own, so that GO and HALT mean one launch.`,
    };
  const nowMs = desk.nowMs();
  const by = whoIs(parent, slackId)?.id ?? 'not-on-the-roster';
  const launchId = await freeId(desk, parent);
  // The pool goes over to it: not while the launch itself needs it, and not for one that is over.
  const note = { kind: 'begin-rehearsal', by, sentIn: launchId, what, unsent: await unsentOf(desk, parent) } as const;
  const noted = decide(parent, note, { nowMs, sha256 });
  if (!noted.ok) return { ok: false as const, code: noted.code, say: noted.say };
  const runbook = rehearsalRunbook(parent, nowMs + 3_600_000, what);
  const command = {
    kind: 'create-launch',
    by,
    launchId,
    name: rehearsalName(parent),
    channelId,
    ...(teamId === null ? {} : { teamId }),
    runbook,
    runbookHash: parent.runbookHash,
    targetAtMs: nowMs + 3_600_000,
    compress: 1,
    rehearses,
  } as const;
  const judged = decide(null, command, { nowMs, sha256 });
  return judged.ok ? { ok: true as const, command, note } : { ok: false as const, code: judged.code, say: judged.say };
}

/** Of those that have no report yet, those that are closed and have sent nothing. */
async function unsentOf(desk: Desk, { rehearsals }: Launch): Promise<string[]> {
  const open = Object.values(rehearsals).flatMap(({ sentIn, report }) => (report === null ? (sentIn ?? []) : []));
  const launches = await Promise.all(open.map(async (id) => desk.journal.launch(id)));
  return launches.flatMap((one) => (one?.closed === true && Object.keys(one.shots).length === 0 ? [one.id] : []));
}

async function freeId(desk: Desk, { id }: Launch): Promise<string> {
  for (let n = 1; ; n += 1) {
    const free = rehearsalId(id, n);
    if ((await desk.journal.launch(free)) === null) return free;
  }
}

/** The press: everything is asked again, and then it is created. */
export async function createSending(
  who: Who,
  launchId: string,
  what: SentWhat,
  sample: RehearsalSample,
): Promise<Message> {
  const { desk, slackId, channelId } = who;
  const parent = await desk.journal.launch(launchId);
  if (parent === null) throw new Error(`LAUNCH_GONE ${launchId}`);
  const made = await rehearsalOf(who, parent, what, sample);
  if (made === null) return refused('NO_AUDIENCE', `${parent.name} has no audience any more.`);
  if (!made.ok) return refused(made.code, made.say);
  const { command, note } = made;
  await desk.conductor.willCreate({
    launchId: command.launchId,
    name: command.name,
    channelId,
    pool: command.runbook.pool.name,
    createdAtMs: desk.nowMs(),
    closed: false,
    workers: command.runbook.pool.workers,
  });
  const outcome = await desk.conductor.execute(command.launchId, command);
  if (!outcome.ok) return refused(outcome.code, outcome.say);
  desk.rooms.forget();
  const noted = await submitAs(desk, launchId, slackId, (by) => ({ ...note, by }));
  if (!noted.ok) {
    // Its launch has changed since: what it does not know of, it can't count among those that it allows.
    desk.log.warn({ launchId, code: noted.code }, 'a rehearsal could not be noted in its launch');
    await submitAs(desk, command.launchId, slackId, (by) => ({ kind: 'close-launch', by, reason: noted.say }));
    return refused(noted.code, `${noted.say} ${code(command.launchId)} was closed again.`);
  }
  const created = `Created *${safe(command.name, 120)}* (${code(command.launchId)}).`;
  if (desk.cloud.audienceTasks === null)
    return done(
      `${created} Next: \`npm run audience -- take --launch ${command.launchId} --as ${command.by}\`, then \`/go ready\` and \`/go fire all\`.`,
    );
  return takeSample({ desk, launch: outcome.launch, slackId }, `${created} `);
}
