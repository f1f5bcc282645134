import { expect, test } from 'vitest';
import type { EntryOf } from '../../runbooks/launch/entries.ts';
import { LAUNCH_ID, sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import { ACTION, answerAction } from '../action-ids.ts';
import { entryMessage } from './entry-message.ts';
import { scaleProgressMessage } from './scale-progress.ts';
import { stepHeldMessage, stepPutMessage } from './step-message.ts';
import { stepsMessage } from './steps.ts';

const NOTHING = 'nothing has been sent yet';

const steps = [
  {
    id: 'down',
    title: 'Send workers down',
    at: 'T+20m',
    do: { kind: 'scale', target: 'workers', to: 0 },
    catch_up_within: '0s',
  },
];

test('20 minutes after T with nothing fired the step down says that nothing was sent, and offers no scale-down', () => {
  const scene = Scene.ready(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps }] }));
  scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 2, step: null, reason: '' });
  scene.nowMs = T0_MS + 20 * 60_000;
  scene.does({ kind: 'put-step', step: 'down', why: 'nothing has been sent yet' });
  for (const message of [
    stepPutMessage(scene.state, 'down', 'nothing has been sent yet'),
    stepsMessage(scene.state, scene.nowMs),
  ]) {
    const text = JSON.stringify(message.blocks);
    expect(text).toContain('nothing has been sent yet');
    expect(text).toContain(ACTION.skipStep);
    expect(text).not.toContain(ACTION.runStep);
  }
  // Once a shot has gone out and is over, it is a step like any other.
  const shot = scene.fired(['us-ios']);
  const over = { ...scene.state, shots: { [shot.id]: { ...shot, closed: { cause: 'complete' as const, atMs: 1 } } } };
  expect(JSON.stringify(stepPutMessage(over, 'down', '').blocks)).toContain(ACTION.runStep);
  // And the plan says no more that nothing has been sent.
  const plan = JSON.stringify(stepsMessage(over, scene.nowMs).blocks);
  expect(plan).toContain(': nothing had been sent then');
  expect(plan).not.toContain(NOTHING);
});

test('of a fleet that was raised for it the way down says the same', () => {
  const edge = { id: 'edge', kind: 'auto-scaling-group', group: 'lingo-api', title: 'API servers' };
  const workers = { id: 'workers', kind: 'ecs-service', cluster: 'gobutton', service: 'gobutton-workers' };
  const down = { ...steps[0], do: { kind: 'scale', target: 'edge', to: 8 } };
  const scene = Scene.ready(
    sampleRunbook({ scale_targets: [workers, edge], phases: [{ id: 'p', title: 'P', steps: [down] }] }),
  );
  scene.does({ kind: 'order-scale', by: 'ana', target: 'edge', desired: 40, step: null, reason: '' });
  scene.nowMs = T0_MS + 20 * 60_000;
  scene.does({ kind: 'put-step', step: 'down', why: 'nothing has been sent yet' });
  const text = JSON.stringify(stepPutMessage(scene.state, 'down', '').blocks);
  expect(text).toContain('nothing has been sent yet*: the count of API servers stays as it is');
  expect(text).toContain('`/go scale edge 8`');
  expect(text).not.toContain(ACTION.runStep);
  // What kept it may be over when the plan is read: it says since when.
  expect(JSON.stringify(stepsMessage(scene.state, scene.nowMs).blocks)).toMatch(
    /waits for a person since [^:]+:[^n]*nothing has been sent yet/,
  );
  // It waits for a shot, beside which it would never be run.
  expect(JSON.stringify(stepHeldMessage({ ...scene.state, steps: {} }, 'down', 'nothing').blocks)).toContain(
    'or, while a shot runs, is put to a person',
  );
});

test('a step that waits says for what, and is offered, but for one that waits until something was sent', () => {
  const waits = (after: string[]) => ({ id: 'b', title: 'Thanks', at: 'T', after, do: { kind: 'checklist' } });
  const scene = (after: string[]) => {
    const made = Scene.ready(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps: [waits(after)] }] }));
    made.nowMs = T0_MS;
    made.does({ kind: 'hold-step', step: 'b', measured: [] });
    return made;
  };
  const gate = scene(['workers']);
  const { why } = gate.entries.at(-1) as EntryOf<'StepHeld'>;
  expect(why).toBe('“Workers are ready” is not green: not measured yet');
  for (const message of [stepHeldMessage(gate.state, 'b', why), stepsMessage(gate.state, gate.nowMs)]) {
    expect(JSON.stringify(message.blocks)).toContain(why);
    expect(JSON.stringify(message.blocks)).toContain(ACTION.runStep);
  }
  const shot = scene(['shot']);
  for (const message of [stepHeldMessage(shot.state, 'b', NOTHING), stepsMessage(shot.state, shot.nowMs)]) {
    expect(JSON.stringify(message.blocks)).toContain(NOTHING);
    expect(JSON.stringify(message.blocks)).not.toContain(ACTION.runStep);
    expect(JSON.stringify(message.blocks)).toContain(ACTION.skipStep);
  }
  gate.does({ kind: 'run-step', by: 'ana', step: 'b' });
  expect(JSON.stringify(stepHeldMessage(gate.state, 'b', why).blocks)).not.toContain(ACTION.runStep);
});

test('a halt by hand shows what was found there, and nothing of it is markup', () => {
  const scene = Scene.ready();
  scene.does({
    kind: 'set-halt',
    by: null,
    source: 'ssm',
    epoch: 1,
    reason: 'set to “<!channel> & *now*” in Parameter Store by arn:aws:iam::1:user/x',
    pressedAtMs: scene.nowMs,
  });
  const message = entryMessage(scene.state, {
    kind: 'HaltSet',
    epoch: 1,
    reason: 'set to “<!channel> & more” in Parameter Store by arn:aws:iam::1:user/x',
    pressedAtMs: scene.nowMs,
    v: 1,
    launchId: LAUNCH_ID,
    seq: 1,
    atMs: 1,
    by: { system: 'ssm' },
    token: '',
    prev: '',
    hash: '',
  });
  expect(JSON.stringify(message?.blocks)).toContain('set to “&lt;!channel&gt; &amp; more” in Parameter Store by arn');
});

test('a question has a button for each answer, also in the plan, until it is answered', () => {
  const ask = {
    id: 'q',
    title: 'The feed',
    at: 'T-1h',
    owner: 'mia',
    do: { kind: 'ask', say: 'Is it up?', answers: ['It is', 'Not yet'] },
  };
  const scene = Scene.ready(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps: [ask] }] }));
  const asked = scene.does({ kind: 'start-step', step: 'q' });
  const messages = () => [entryMessage(scene.state, asked), stepsMessage(scene.state, scene.nowMs)];
  for (const message of messages())
    for (const [index, label] of ['It is', 'Not yet'].entries()) {
      expect(JSON.stringify(message?.blocks)).toContain(answerAction(index));
      expect(JSON.stringify(message?.blocks)).toContain(label);
    }
  expect(JSON.stringify(entryMessage(scene.state, asked)?.blocks)).toContain('<@U0MARKET1>\\nIs it up?');
  const answered = scene.does({ kind: 'answer-step', by: 'mia', step: 'q', answer: 1 });
  for (const message of messages()) expect(JSON.stringify(message?.blocks)).not.toContain(ACTION.answerStep);
  // A step that was refused is over, and stands red in the plan.
  expect(JSON.stringify(stepsMessage(scene.state, scene.nowMs).blocks)).toContain(
    ':red_circle: The feed: refused: Not yet',
  );
  const said = JSON.stringify(entryMessage(scene.state, answered)?.blocks);
  expect(said).toContain('*Mia Chen* answered *The feed*: Not yet');
  expect(said).toContain('Every step of *P* is done');
});

test('a missed deadline calls its owner, by the group if there is one, and says what the backup is', () => {
  const missed = (more: object, groups?: object[]) => {
    const step = { id: 'up', title: 'Up', at: 'T-2h', deadline: 'T-90m', do: { kind: 'checklist' }, ...more };
    const scene = Scene.created(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps: [step] }], groups }));
    // A deadline of before the launch is nobody's to miss.
    const state = { ...scene.state, createdAtMs: 0 };
    scene.launch = state;
    const entry = scene.does({ kind: 'miss-step', step: 'up', measured: [] });
    return {
      text: JSON.stringify(entryMessage(scene.state, entry)?.blocks),
      plan: JSON.stringify(stepsMessage(scene.state, scene.nowMs).blocks),
    };
  };
  const alone = missed({ owner: 'mia' });
  expect(alone.text).toContain('and is not: it has not started\\n<@U0MARKET1>\\nIt has no backup: people decide.');
  expect(alone.plan).toContain('not verified by');
  const two = missed({ owner: 'mia', backup_owner: 'ben' });
  expect(two.text).toContain('\\n<@U0MARKET1> · <@U0MARKET2>, for when its owner is away\\n');
  expect(two.plan).toContain('Mia Chen, else Ben Okafor');
  const team = [{ id: 'team', title: 'Edge team', people: ['ana', 'mia'] }];
  expect(missed({ owner: 'team' }, team).text).toContain('<@U0ONCALL> <@U0MARKET1>');
  expect(missed({ owner: 'team' }, team).plan).toContain('Edge team');
  expect(missed({ owner: 'team' }, [{ ...team[0], slack_group: 'S0EDGE' }]).text).toContain('<!subteam^S0EDGE>');
  expect(missed({}).text).toContain('<@U0ONCALL>');
  const steps = [{ id: 'b', title: 'Tell all', do: { kind: 'remind', say: 'x' } }];
  expect(missed({ backup: { say: 'Call them.', steps } }).text).toContain(
    'Backup: Call them.\\nIts backup follows, each step with its button.',
  );
  expect(missed({ backup: { by_itself: true, steps } }).text).toContain('Its backup runs now: Tell all.');
});

test('a scale step says how long its fleet took the last time, what it comes after, and who waits for it', () => {
  const up = { id: 'up', title: 'Workers up', at: 'T-2h', do: { kind: 'scale', target: 'workers', to: 4 } };
  const then = { id: 'then', title: 'Then', at: 'T-1h', after: ['up', 'copy-read', 'shot'], do: { kind: 'checklist' } };
  const scene = Scene.created(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps: [up, then] }] }));
  const order = { kind: 'order-scale', target: 'workers', reason: '' } as const;
  scene.does({ ...order, by: 'ana', desired: 2, step: null });
  scene.does({ kind: 'report-scale', target: 'workers', desired: 2, tookMs: 360_000, stands: 2 });
  const plan = JSON.stringify(stepsMessage(scene.state, scene.nowMs).blocks);
  expect(plan).toContain('scales `workers` to 4 · took 6 min to 2 the last time');
  expect(plan).toContain('readiness review · after “Workers up”, “The copy was read” and something was sent');
  scene.does({ ...order, by: null, desired: 4, step: 'up' });
  const state = scene.state.scale['workers'];
  if (state === undefined) throw new Error('unexpected');
  const progress = { state, observed: null, ready: null, backup: '', nowMs: scene.nowMs };
  expect(JSON.stringify(scaleProgressMessage(scene.state, 'workers', progress).blocks)).toContain(
    'Took 6 min to 2 the last time. “Then” waits for it.',
  );
  const reached = { ...progress, state: { ...state, state: 'reached' as const } };
  expect(JSON.stringify(scaleProgressMessage(scene.state, 'workers', reached).blocks)).not.toContain('last time');
});

test('of a step up the plan says when AWS does it by itself, or why it does not', () => {
  const scene = Scene.ready(
    sampleRunbook({
      phases: [
        { id: 'p', title: 'P', steps: [{ ...steps[0], id: 'up', do: { kind: 'scale', target: 'workers', to: 9 } }] },
      ],
    }),
  );
  const shown = (says: string | null) =>
    JSON.stringify(stepsMessage(scene.state, scene.nowMs, [{ step: 'up', atMs: T0_MS + 22 * 60_000, says }]).blocks);
  expect(shown(null)).toContain('If no bot lives then, AWS does it by itself at ');
  expect(shown(null)).toContain('23:52:00 UTC');
  expect(shown('the table is on demand')).toContain('Only a bot or a person does it: the table is on demand.');
});

test('a reminder to arm is left out where its market is armed, and under a halt says what comes first', () => {
  const arm = { id: 'arm', title: 'Arm', at: 'T-20m', do: { kind: 'remind', say: 'Arm all.', unless: 'armed' } };
  const tell = { id: 'tell', title: 'Tell', at: 'T-20m', do: { kind: 'remind', say: 'Arm all.' } };
  const scene = Scene.ready(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps: [arm, tell] }] }));
  scene.nowMs = T0_MS - 20 * 60_000;
  const entries = {
    arm: scene.does({ kind: 'start-step', step: 'arm' }),
    tell: scene.does({ kind: 'start-step', step: 'tell' }),
  };
  const said = (step: 'arm' | 'tell', state = scene.state) =>
    JSON.stringify(entryMessage(state, entries[step])?.blocks);
  expect(said('arm')).toContain('Arm all.');
  expect(said('arm')).not.toContain('halted');
  const halted = { ...scene.state, halt: { ...scene.state.halt, active: true } };
  expect(said('arm', halted)).toContain('two people lift that first, `/go resume`. Then: Arm all.');
  expect(said('tell', halted)).not.toContain('lift');
  scene.gives('FireArmed', scene.press(scene.asked('all', { momentMs: T0_MS })));
  expect(said('arm')).toBeUndefined();
  expect(said('tell')).toContain('Arm all.');
});
