import { keySpelling } from '../playbook/operator-key.ts';
import type { Person } from '../playbook/schema.ts';
import { refuse } from './decision.ts';
import type { Refusal } from './decision.ts';
import type { Entry, NewEntry, PersonId, Via } from './entries.ts';
import type { Launch } from './launch.ts';
import { clock } from './words.ts';

/** One human, whatever they act with. The roster maps Slack ids and operator keys to persons; rules compare persons only. */

export function findPerson(people: readonly Person[], id: PersonId): Person | undefined {
  return people.find((person) => person.id === id);
}

/** The person behind a Slack id or an operator's public key, however it is spelled. Null: nobody on the roster. */
export function personOf(launch: Launch, key: { slackId: string } | { publicKey: string }): Person | null {
  const found = launch.people.find((person) =>
    'slackId' in key
      ? person.slack.includes(key.slackId)
      : person.operator_keys.some((one) => keySpelling(one) === keySpelling(key.publicKey)),
  );
  return found ?? null;
}

/** What names and owners are read from. */
export type Roster = Pick<Launch, 'people' | 'runbook' | 'rosterChanges'>;

/** A person's name, also when they have left the roster since. */
export function nameOf(launch: Roster, id: PersonId): string {
  const once = [launch.runbook.people, ...Object.values(launch.rosterChanges).map((change) => change.people)];
  return (
    [launch.people, ...once].map((people) => findPerson(people, id)?.name).find((name) => name !== undefined) ?? id
  );
}

/** A signature may be made at most this long ahead of its end, and be dated this far in the future (clocks differ). */
const PROOF_LIFE_MS = 3_600_000;
const CLOCK_SKEW_MS = 60_000;

/** Why a press from an account of this workspace can't be a second person's, or null. A launch from before workspaces were noted takes any. */
export function teamProblem({ teamId }: Pick<Launch, 'teamId'>, pressersTeam: string | null): Refusal | null {
  if (teamId === null || teamId === pressersTeam) return null;
  return refuse(
    'PROOF_INVALID',
    'This press came from another Slack workspace than the launch was created in, so it does not count. Press from an account of that workspace, or use the command line.',
  );
}

/**
 * Whether `via` can be this person's, used for the first time. The shell has verified the sender (Slack's signature, or the
 * Ed25519 signature over `proofText`); here it must also belong to the very person in whose name the command is. Asked
 * when a command is decided, and by every worker again, on the launch as it was before that entry.
 */
export function viaProblem(launch: Launch, by: PersonId, via: Via, nowMs: number): Refusal | null {
  if (via.kind === 'slack') {
    const foreign = teamProblem(launch, via.teamId ?? null);
    if (foreign !== null) return foreign;
    if ((launch.teamId !== null || via.channelId !== undefined) && via.channelId !== launch.channelId) {
      return refuse(
        'PROOF_INVALID',
        `This press came from another channel than the war room of ${launch.name}, so it does not count. Press in the war room.`,
      );
    }
    if (personOf(launch, { slackId: via.slackId })?.id === by) return null;
    return refuse(
      'PROOF_INVALID',
      `This Slack account is not ${nameOf(launch, by)}'s on the roster. Press with your own account, or have two people change the roster.`,
    );
  }
  if (personOf(launch, { publicKey: via.publicKey })?.id !== by) {
    return refuse(
      'PROOF_INVALID',
      `This operator key is not ${nameOf(launch, by)}'s on the roster. Sign with your own key, or have two people change the roster.`,
    );
  }
  // An Ed25519 signature is 64 bytes: 86 base64 digits and two of padding.
  if (!/^[A-Za-z0-9+/]{86}==$/.test(via.signature) || via.nonce.length < 16) {
    return refuse(
      'PROOF_INVALID',
      'The signature is malformed: expected 64 bytes in base64 and a nonce of at least 16 characters. Sign again.',
    );
  }
  const timely =
    via.signedAtMs <= nowMs + CLOCK_SKEW_MS &&
    via.expiresAtMs > nowMs &&
    via.expiresAtMs - via.signedAtMs <= PROOF_LIFE_MS;
  if (!timely) {
    return refuse(
      'PROOF_INVALID',
      `The signature is from ${clock(via.signedAtMs)} to ${clock(via.expiresAtMs)}, and it is ${clock(nowMs)}: expected one that holds now, for an hour at most. Sign again.`,
    );
  }
  if (launch.usedNonces.includes(via.nonce))
    return refuse('PROOF_INVALID', 'This signature was used before; each proves one press. Sign again.');
  return null;
}

/** The people that an entry carries, if it is one that carries any. */
export function peopleIn(entry: NewEntry | Entry): readonly Person[] {
  if (entry.kind === 'LaunchCreated') return entry.runbook.people;
  return entry.kind === 'RosterChangeRequested' ? entry.people : [];
}
