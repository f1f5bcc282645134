import type { Accepted, Held } from './held-file.ts';

/** Of an optional chain whose absence the types allow and the core does not. */
const named = (line: string, change: string): Accepted => ({
  line,
  change,
  why: 'What an entry or effect names is in the launch that was read up to it: the question mark is for the type alone.',
});

const BACKLOG: Accepted[] = [
  named(
    'return launch.shots[effect.shotId]?.closed === null;',
    'launch.shots[effect.shotId]?.closed → launch.shots[effect.shotId].closed',
  ),
  named(
    'return launch.waivers[entry.waiverId]?.grantedBy === null && nowMs < entry.endsAtMs;',
    'launch.waivers[entry.waiverId]?.grantedBy → launch.waivers[entry.waiverId].grantedBy',
  ),
  named(
    'return launch.lifts[entry.liftId]?.open === true;',
    'launch.lifts[entry.liftId]?.open → launch.lifts[entry.liftId].open',
  ),
  named(
    'return launch.switchRequests[entry.requestId]?.open === true;',
    'launch.switchRequests[entry.requestId]?.open → launch.switchRequests[entry.requestId].open',
  ),
  named(
    'return launch.rosterChanges[entry.changeId]?.open === true;',
    'launch.rosterChanges[entry.changeId]?.open → launch.rosterChanges[entry.changeId].open',
  ),
  named(
    `return launch.steps[entry.step]?.state === 'held';`,
    'launch.steps[entry.step]?.state → launch.steps[entry.step].state',
  ),
  named(
    `return launch.steps[entry.step]?.state === 'put';`,
    'launch.steps[entry.step]?.state → launch.steps[entry.step].state',
  ),
  named(
    `return launch.scale[entry.target]?.state === 'late' && launch.scale[entry.target]?.desired === entry.desired;`,
    'launch.scale[entry.target]?.state → launch.scale[entry.target].state',
  ),
  named(
    `return launch.scale[entry.target]?.state === 'late' && launch.scale[entry.target]?.desired === entry.desired;`,
    'launch.scale[entry.target]?.desired → launch.scale[entry.target].desired',
  ),
  named(
    'return launch.shots[effect.shotId]?.closed !== null;',
    'launch.shots[effect.shotId]?.closed → launch.shots[effect.shotId].closed',
  ),
  named(
    `launch.scale[effect.target]?.state === 'reached' || launch.scale[effect.target]?.desired !== effect.desired`,
    'launch.scale[effect.target]?.state → launch.scale[effect.target].state',
  ),
  named(
    `launch.scale[effect.target]?.state === 'reached' || launch.scale[effect.target]?.desired !== effect.desired`,
    'launch.scale[effect.target]?.desired → launch.scale[effect.target].desired',
  ),
  named(
    `return stepNamed(launch.runbook, entry.step)?.do.kind === 'remind';`,
    'stepNamed(launch.runbook, entry.step)?.do → stepNamed(launch.runbook, entry.step).do',
  ),
  named(`return order?.state === 'open' && !isExpired(order, nowMs);`, 'order?.state → order.state'),
  {
    line: 'default:',
    change: 'default: return false; → default:',
    why: 'Who asks takes nothing for no.',
  },
  {
    line: `case 'post-order':`,
    change: `case 'post-order': return !isOpenOrder(launch, effect.order… → case 'post-order':`,
    why: 'An order that is open matters now, and was sorted before: those that come here are over.',
  },
  {
    line: 'return launch.shots[effect.shotId]?.closed !== null;',
    change: 'launch.shots[effect.shotId]?.closed !== null → true',
    why: 'A shot that runs matters now, and was sorted before: those that come here are closed.',
  },
];

/** What the leader looks at again and again, as far as it is known to stand at its floor. */
export const CONDUCTOR: Held[] = [
  { file: 'bot/conductor/effects/backlog.ts', accepted: BACKLOG },
  {
    file: 'bot/conductor/gates/gate-watch.ts',
    accepted: [
      {
        line: 'const probe = gate?.probe;',
        change: 'gate?.probe → gate.probe',
        why: 'What was measured is a gate of this launch.',
      },
      {
        line: `if (standing === one.status || isNoNews || (probe?.kind === 'queue-empty' && runningShots(launch).length > 0)) {`,
        change: 'probe?.kind → probe.kind',
        why: 'Only a gate with a probe is measured.',
      },
    ],
  },
  {
    file: 'bot/conductor/shots/note-once.ts',
    accepted: [
      {
        line: `(entry) => entry.kind === 'Noted' && 'system' in entry.by && entry.text.startsWith(head),`,
        change: `entry.kind === 'Noted' → true`,
        why: 'No other entry of the system has a text: asked for the type alone.',
      },
    ],
  },
  {
    file: 'bot/conductor/shots/sick-watch.ts',
    accepted: [
      {
        line: 'this.#told.delete(`${shotId} ${platform}`);',
        change: 'this.#told.delete(`${shotId} ${platform}`); → ;',
        why: 'A shot that is over does not come again: it only takes room.',
      },
      {
        line: 'this.#told.add(name);',
        change: 'this.#told.add(name); → ;',
        why: 'It is noted once all the same, by the record: this saves a read at each look.',
      },
      {
        line: `this.#context.log.debug({ err: error }, 'that many connections are sick is not noted yet');`,
        change: '{ err: error } → {}',
        why: 'A line for whoever looks for faults; it is tried again.',
      },
      {
        line: '.finally(() => this.#work.delete(work));',
        change: '() => this.#work.delete(work) → () => undefined',
        why: 'What is over is waited for in no time: it only takes room.',
      },
    ],
  },
  { file: 'bot/conductor/leader.ts', by: ['bot/conductor/leader-rules.test.ts'] },
  {
    file: 'bot/conductor/watches/armed-orders.ts',
    accepted: [
      {
        line: 'if (moment === undefined) return;',
        change: 'moment === undefined → false',
        why: 'An order without a moment is due at no time: asked for the type alone.',
      },
      { line: 'return [];', change: '[] → ["Stryker was here"]', why: 'A text measures no gate.' },
    ],
  },
  {
    file: 'bot/conductor/shots/shot-watch.ts',
    accepted: [
      {
        line: `this.#context.log.warn({ launchId: launch.id, shotId: shot.id }, 'no worker has closed this shot: closing it here');`,
        change: '{ launchId: launch.id, shotId: shot.id } → {}',
        why: 'A line for whoever looks for faults; that it was closed is in the record.',
      },
    ],
  },
  {
    file: 'bot/conductor/shots/fallback-closer.ts',
    accepted: [`result.state === 'closed' → false`, 'memos.delete(name); → ;'].map((change) => ({
      line: `if (result.state === 'closed') memos.delete(name);`,
      change,
      why: 'A shot that is closed is not closed again, and nothing of it is read: it only takes room.',
    })),
  },
  { file: 'bot/conductor/shots/stillness.ts' },
  {
    file: 'bot/conductor/shots/still-reason.ts',
    by: ['bot/conductor/shots/still-reason.test.ts', 'bot/conductor/shots/stillness.test.ts'],
  },
];
