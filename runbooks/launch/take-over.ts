import { may } from './authority.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Decision, Given } from './commands.ts';
import { accept, byPerson, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import type { EntryOf, PersonId, Via } from './entries.ts';
import type { Launch } from './launch.ts';
import { findPerson, nameOf, viaProblem } from './people.ts';
import { voidAllOpen } from './voiding.ts';
import { isReason, listed } from './words.ts';

/**
 * A launch goes on in its other region: two people say so there, before its first shot. The first one's word lies beside the
 * home item and not in the record, since nothing of this region may be in the record before the launch is here; the entry holds
 * both. That no other region sends is the work of the home (home.ts); this is what the record says of it, and what follows here.
 */
export function takeOver(launch: Launch, command: CommandOf<'take-over'>, given: Given): Decision {
  const { nowMs } = given;
  const refused =
    placeProblem(launch, command.to) ??
    personProblem(launch, command.requestedBy, command.requestVia, nowMs) ??
    secondProblem(launch, command, given);
  if (refused !== null) return refused;
  const { to, requestedBy, requestVia, via, reason } = command;
  return accept(byPerson(command.by), nowMs, {
    kind: 'TakenOver',
    from: launch.region ?? '',
    to,
    requestedBy,
    requestVia,
    via,
    reason,
  });
}

/** Why this launch can't be taken over by `to`, whoever asks; null when it can. */
export function placeProblem(launch: Launch, to: string): Refusal | null {
  const { regions } = launch.runbook;
  if (regions === undefined || launch.region === null)
    return refuse(
      'NO_STANDBY',
      `${launch.name} has no second region: its runbook names none (\`regions\`). Create it anew in the other region, with a record of its own.`,
    );
  if (to !== regions.home && to !== regions.standby)
    return refuse(
      'NO_STANDBY',
      `${to} is none of this launch's regions: expected ${listed([regions.home, regions.standby], 'or')}.`,
    );
  if (to === launch.region) return refuse('ALREADY_SO', `${to} has this launch already. Ask for fire with /go fire.`);
  const shot = Object.values(launch.shots)[0];
  if (shot === undefined) return null;
  return refuse(
    'SHOT_BEGAN',
    `Shot ${shot.id} was approved in ${launch.region}. From then on a launch stays where it is, or two regions could send it. To stop that region: npm run go -- halt, with its AWS_REGION.`,
  );
}

/** Why this person can't be one of the two. */
export function personProblem(launch: Launch, by: PersonId, via: Via, nowMs: number): Refusal | null {
  const person = findPerson(launch.people, by);
  if (person === undefined || !may(person, 'take-over'))
    return refuse('ROLE_MISSING', `${nameOf(launch, by)} may not take the launch over: it needs on-call or marketer.`);
  return viaProblem(launch, by, via, nowMs);
}

function secondProblem(
  launch: Launch,
  { by, via, requestedBy, requestVia, reason }: CommandOf<'take-over'>,
  { nowMs, rules }: Pick<Given, 'nowMs' | 'rules'>,
): Refusal | null {
  if (by === requestedBy)
    return refuse(
      'SAME_PERSON',
      `${nameOf(launch, by)} asked to take the launch over, so a second person must approve it. Any other marketer or on-call may.`,
    );
  if (via.kind !== 'operator' || requestVia.kind !== 'operator')
    return refuse('PROOF_INVALID', 'A launch is taken over with operator keys, from the command line.');
  if (!isReason(reason, rules))
    return refuse('REASON_MISSING', 'Taking a launch over needs a reason: say in a few words why, and ask again.');
  return personProblem(launch, by, via, nowMs);
}

/** What each of the two signs with their operator key (UTF-8). Which of them it was is in it, and which way. */
export function takeOverText(fields: {
  purpose: 'request' | 'approve';
  launchId: string;
  from: string;
  to: string;
  expiresAtMs: number;
  nonce: string;
}): string {
  const { purpose, launchId, from, to, expiresAtMs, nonce } = fields;
  return `gobutton take-over v1\n${canonicalJson({ purpose, launchId, from, to, expiresAtMs, nonce })}`;
}

/**
 * The launch after it. What waited for a second person was asked for elsewhere: it is asked for anew. Of what was scaled there
 * only the workers matter here, and they are ordered again; other counts are of machines that stay where they are.
 */
export function takenOver(launch: Launch, entry: EntryOf<'TakenOver'>): Partial<Launch> {
  const { to, requestedBy, requestVia, via, atMs, seq } = entry;
  const target = launch.runbook.pool.scale_target;
  const workers = launch.scale[target];
  return {
    region: to,
    usedNonces: [...launch.usedNonces, ...[requestVia, via].flatMap((one) => ('nonce' in one ? [one.nonce] : []))],
    scale:
      workers === undefined
        ? {}
        : { [target]: { ...workers, state: 'moving', orderedAtMs: atMs, seq, setAgain: 0, told: null } },
    scaleFound: {},
    scaleTook: {},
    ...voidAllOpen(launch, () => true, `${nameOf(launch, requestedBy)} had the launch taken over by ${to}`),
  };
}
