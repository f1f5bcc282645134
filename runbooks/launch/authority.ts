import type { Person, Role } from '../playbook/schema.ts';
import type { Command, CommandKind } from './commands.ts';
import { refuse } from './decision.ts';
import type { Refusal } from './decision.ts';
import type { PersonId } from './entries.ts';
import type { Launch } from './launch.ts';
import { findPerson } from './people.ts';
import { stoodDownProblem } from './stand-down.ts';
import { listed } from './words.ts';

/**
 * Who may do what: this table and nothing else. It is asked for every command, before any other rule. `system` commands
 * come from the conductor, the workers and the closer and carry no person; where a command may come from either
 * (`by: null`), the roles are for the people.
 */
const ON_CALL = ['on-call'] as const;
const ON_DUTY = ['on-call', 'marketer'] as const;
const EVERYBODY = ['on-call', 'marketer', 'observer'] as const;

const MAY: Record<CommandKind, readonly Role[] | 'system'> = {
  'create-launch': ON_CALL,
  'move-target': ON_CALL,
  'set-campaign': ON_DUTY,
  'set-audience': ON_DUTY,
  'set-skip-list': ON_DUTY,
  // Both end the launch for good; who only wants nothing to go out now halts, or disarms
  'stand-down': ON_CALL,
  'close-launch': ON_CALL,
  // Two people
  'request-fire': ON_DUTY,
  'approve-fire': ON_DUTY,
  'decline-fire': ON_DUTY,
  'renew-order': ON_DUTY,
  'request-lift': ON_DUTY,
  'approve-lift': ON_DUTY,
  'request-waiver': ON_CALL,
  'grant-waiver': ON_DUTY,
  'change-runbook': ON_CALL,
  'approve-runbook-change': ON_DUTY,
  'request-roster-change': ON_CALL,
  'approve-roster-change': ON_DUTY,
  'request-key-change': ON_CALL,
  'approve-key-change': ON_DUTY,
  'take-over': ON_DUTY,
  'set-switch': ON_CALL,
  'approve-switch': ON_DUTY,
  // One tap by anyone on the roster: who sees that it goes wrong stops it
  'set-halt': EVERYBODY,
  // One tap by anyone on duty
  'tick-gate': ON_DUTY,
  'answer-step': ON_DUTY,
  // Copies to people on the roster, so that whoever wrote the text can look at it
  'request-test': ON_DUTY,
  // Driving
  'run-step': ON_CALL,
  'skip-step': ON_CALL,
  'order-scale': ON_CALL,
  'measure-surge': ON_DUTY,
  'begin-rehearsal': ON_CALL,
  // On-call alone raises and lowers fleets
  'turn-rehearsal': ON_CALL,
  'end-rehearsal': 'system',
  note: EVERYBODY,
  'be-here': EVERYBODY,
  // What it reads and puts down are device tokens
  'record-outcomes': ON_CALL,
  'answer-question': EVERYBODY,
  // Whoever is in the channel; the bot vouches for the account, and nothing follows from it
  'answer-as-guest': 'system',
  'set-action': EVERYBODY,
  'close-action': EVERYBODY,
  'turn-postmortem': ON_CALL,
  'remove-person': 'system',
  'report-gate': 'system',
  'expire-order': 'system',
  'expire-change': 'system',
  'release-fire': 'system',
  'hold-fire': 'system',
  'close-shot': 'system',
  'correct-shot': 'system',
  'report-timing': 'system',
  'report-test': 'system',
  'turn-switch': 'system',
  'report-mirror': 'system',
  'start-step': 'system',
  'hold-step': 'system',
  'put-step': 'system',
  'miss-step': 'system',
  'finish-step': 'system',
  'report-scale-found': 'system',
  'report-scale': 'system',
  'report-scale-changed': 'system',
  'report-scale-late': 'system',
  checkpoint: 'system',
};

/** What still makes sense once a launch is closed: late accounts, talk, its postmortem, and taking the capacity down. */
const AFTER_CLOSE: ReadonlySet<CommandKind> = new Set([
  'correct-shot',
  'report-timing',
  'note',
  'record-outcomes',
  'answer-question',
  'answer-as-guest',
  'set-action',
  'close-action',
  'turn-postmortem',
  'checkpoint',
  'order-scale',
  'report-scale-found',
  'report-scale',
  'report-scale-late',
  // Of a switch that was set just before.
  'report-mirror',
  // What stood before is put back, and the report is kept.
  'turn-rehearsal',
  'end-rehearsal',
]);

/** What could send, or begins what leads to it: over once the launch was called off. Everything else puts back, counts or talks. */
const OVER_ONCE_STOOD_DOWN: ReadonlySet<CommandKind> = new Set([
  'request-fire',
  'approve-fire',
  'renew-order',
  'release-fire',
  'hold-fire',
  'request-test',
  'move-target',
  'change-runbook',
  'approve-runbook-change',
  'start-step',
  'hold-step',
  'put-step',
  'miss-step',
  'begin-rehearsal',
  'stand-down',
]);

/** Whether a person's roles allow a command. False for commands of the system. */
export function may(person: Pick<Person, 'roles'>, kind: CommandKind): boolean {
  const roles = MAY[kind];
  return roles !== 'system' && person.roles.some((role) => roles.includes(role));
}

/** People who may be one of the two behind a fire: request it or approve it. */
export function mayFire(person: Pick<Person, 'roles'>): boolean {
  return may(person, 'request-fire') || may(person, 'approve-fire');
}

/** Why this command can't even be looked at, or null: no launch, launch closed, not on the roster, role missing. */
export function unmetPrecondition(
  launch: Launch | null,
  command: Command | { kind: 'set-audience' | 'set-skip-list'; by: PersonId },
): Refusal | null {
  if (launch === null && command.kind !== 'create-launch')
    return refuse('NO_LAUNCH', 'There is no launch here yet. Create one with /go create.');
  if (launch?.closed === true && !AFTER_CLOSE.has(command.kind) && command.kind !== 'create-launch') {
    return refuse(
      'LAUNCH_CLOSED',
      `${launch.name} is closed; its record takes notes and its postmortem only. Create a new launch with /go create.`,
    );
  }
  const calledOff = launch !== null && OVER_ONCE_STOOD_DOWN.has(command.kind) ? stoodDownProblem(launch) : null;
  if (calledOff !== null) return calledOff;
  if (!('by' in command) || command.by === null) return null;
  const people = command.kind === 'create-launch' ? command.runbook.people : (launch?.people ?? []);
  const person = findPerson(people, command.by);
  if (person === undefined) {
    return refuse(
      'NOT_ON_ROSTER',
      `You are not on this launch's roster. ${askFor(people, command.kind)}, or have two people on the roster add you.`,
    );
  }
  if (!may(person, command.kind)) {
    const roles = MAY[command.kind];
    return refuse(
      'ROLE_MISSING',
      `${person.name} is ${listed(person.roles)} here; ${DOING[command.kind] ?? command.kind} needs ${roles === 'system' ? 'the system itself' : listed(roles, 'or')}. ${askFor(people, command.kind)}.`,
    );
  }
  return null;
}

function askFor(people: readonly Person[], kind: CommandKind): string {
  const names = people.filter((person) => may(person, kind)).map(({ name }) => name);
  return `Ask ${listed(names, 'or')}`;
}

/** What somebody was about to do, with what it is about: `pressing GO on F12`, `setting a switch (pace.ios)`. */
export function doing(command: Command): string {
  const verb = DOING[command.kind] ?? command.kind;
  if ('orderId' in command) return `${verb} ${command.kind === 'approve-fire' ? 'on ' : ''}${command.orderId}`;
  const about = aboutOf(command);
  return about === null ? verb : `${verb} (${about})`;
}

function aboutOf(command: Command): string | null {
  if ('gate' in command) return command.gate;
  if ('switch' in command) return command.switch;
  if ('step' in command && command.step !== null) return command.step;
  return 'target' in command ? command.target : null;
}

/** What a command does, as the subject of a sentence. */
const DOING: Partial<Record<CommandKind, string>> = {
  'create-launch': 'creating a launch',
  'move-target': 'moving the target',
  'set-campaign': 'changing the text',
  'set-audience': 'setting the audience',
  'set-skip-list': 'setting the skip list',
  'stand-down': 'standing the launch down',
  'close-launch': 'closing the launch',
  'request-fire': 'asking for fire',
  'approve-fire': 'pressing GO',
  'decline-fire': 'declining an order',
  'renew-order': 'renewing an order',
  'request-lift': 'asking to lift a halt',
  'approve-lift': 'lifting a halt',
  'request-waiver': 'asking for a waiver',
  'grant-waiver': 'granting a waiver',
  'change-runbook': 'changing the runbook',
  'approve-runbook-change': 'approving a change of the runbook',
  'request-roster-change': 'changing the roster',
  'approve-roster-change': 'approving a change of the roster',
  'request-key-change': 'changing the keys of the record',
  'approve-key-change': 'approving a change of the keys',
  'take-over': 'taking the launch over',
  'set-switch': 'setting a switch',
  'approve-switch': 'approving a switch',
  'set-halt': 'halting',
  'tick-gate': 'ticking a gate',
  'request-test': 'asking for test copies',
  'run-step': 'running a step',
  'skip-step': 'skipping a step',
  'answer-step': 'answering a step',
  'order-scale': 'scaling',
  'measure-surge': 'entering what was measured',
  'record-outcomes': 'counting outcomes by language',
  'answer-question': 'answering the postmortem',
  'answer-as-guest': 'answering the postmortem',
  'set-action': 'setting an action',
  'close-action': 'closing an action',
  'turn-postmortem': 'turning the postmortem',
  'begin-rehearsal': 'rehearsing',
  'turn-rehearsal': 'stopping a rehearsal',
};
