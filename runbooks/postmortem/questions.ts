import { lastRehearsal } from '../launch/rehearsal-report.ts';
import { asked, nextTable, notAskedAnyMore } from './answers.ts';
import { heading, list, remark, said } from './document.ts';
import type { Section, Statement } from './document.ts';
import { isSeverityAsked, SEVERITY } from './impact.ts';
import { speedsKept } from './speed.ts';
import { allOf, haltsIn, shotsIn, stoppedBy, took } from './told.ts';
import type { Factor, Told } from './told.ts';

/** What only people know, as questions; and what the record knows to have gone well, so that it is kept. */

const WELL = ['What worked so that we do it again?', 'Who or what helped when it mattered?'];
const HARD = ['What was harder than it had to be?', 'What did we learn only by luck?'];

export function questions(told: Told, factors: readonly Factor[]): Section {
  const hard = [
    ...(isSeverityAsked(told) ? [SEVERITY] : []),
    ...ofHalts(told),
    ...factors.map(({ question }) => question),
    ...HARD,
  ];
  return {
    id: 'questions',
    title: 'Open questions',
    blocks: [
      remark(
        'The record does not know the answers. People in the channel give theirs with /go answer, while memory is fresh; nobody is at fault for what they write.',
      ),
      heading('What went well'),
      ...list(keep(told, factors)),
      { kind: 'questions', questions: asked(told, WELL) },
      heading('What did not go so well'),
      { kind: 'questions', questions: asked(told, hard) },
      ...notAskedAnyMore(told, [...WELL, ...hard]),
      heading('What we do next'),
      nextTable(told),
    ],
  };
}

/** Of a HALT that was pressed while all was halted already there is nothing else to ask. */
function ofHalts(told: Told): string[] {
  return haltsIn(told).flatMap((halted) => [
    `HALT ${halted.halt.epoch}: when did somebody first see the problem, and what showed it?`,
    ...(stoppedBy(told, halted).length > 0
      ? [`HALT ${halted.halt.epoch}: what did those see who had got the push before it?`]
      : []),
  ]);
}

/** Facts that are worth keeping as they are. */
function keep(told: Told, factors: readonly Factor[]): Statement[] {
  const shots = shotsIn(told);
  const go = allOf(told, 'FireApproved');
  return [
    ...(shots.length > 0
      ? [
          said(
            'Two people released each shot.',
            ...allOf(told, 'FireRequested').filter(({ orderId }) => go.some((one) => one.orderId === orderId)),
            ...go,
          ),
        ]
      : []),
    ...preparation(told),
    ...(shots.length > 0 &&
    go.every(({ redGates }) => redGates.length === 0) &&
    allOf(told, 'WaiverGranted').length === 0
      ? [said('Every gate was green at GO, and none was waived.', ...go)]
      : []),
    ...stopping(told),
    ...speedsKept(told),
    ...accounts(told),
    ...(factors.length === 0
      ? [said('The record knows of nothing that made it harder: what was done this time is what to keep.')]
      : []),
  ];
}

function preparation(told: Told): Statement[] {
  const reached = allOf(told, 'ScaleReached');
  const tests = allOf(told, 'TestDone');
  const rehearsal = lastRehearsal(told.last);
  const ended = allOf(told, 'RehearsalEnded').find(({ rehearsalId }) => rehearsalId === rehearsal?.id);
  const hasDeadlines = told.last.runbook.phases.some(({ steps }) =>
    steps.some(({ deadline }) => deadline !== undefined),
  );
  return [
    ...(ended === undefined ? [] : [said(`It was rehearsed (${ended.report.what}, ${ended.report.outcome}).`, ended)]),
    ...(reached.length > 0 && allOf(told, 'ScaleLate').length === 0
      ? [said('Every fleet that was ordered stood in time.', ...reached)]
      : []),
    ...(hasDeadlines && allOf(told, 'StepMissed').length === 0 && told.last.closed
      ? [said('Every deadline of the plan was kept.')]
      : []),
    ...(tests.length > 0 && tests.every(({ results }) => results.every(({ accepted }) => accepted))
      ? [said('Every copy that was sent to phones of the team was accepted.', ...tests)]
      : []),
  ];
}

function stopping(told: Told): Statement[] {
  const halts = allOf(told, 'HaltSet');
  if (halts.length === 0) return shotsIn(told).length === 0 ? [] : [said('Nothing had to be stopped.')];
  return halts.flatMap((halt) =>
    shotsIn(told).flatMap((shot) => {
      if (shot.haltedAtMs !== halt.pressedAtMs || shot.timing?.lastWriteMs == null) return [];
      const afterMs = Math.max(0, shot.pressedAtMs + shot.timing.lastWriteMs - halt.pressedAtMs);
      const timed = allOf(told, 'ShotTimed').find(({ shotId }) => shotId === shot.id);
      return [
        said(
          afterMs === 0
            ? `Nothing of ${shot.id} was written after HALT ${halt.epoch}.`
            : `The last push of ${shot.id} was written ${took(afterMs)} after HALT ${halt.epoch}.`,
          halt,
          timed,
        ),
      ];
    }),
  );
}

function accounts(told: Told): Statement[] {
  const closed = allOf(told, 'ShotClosed');
  const isWhole =
    closed.length > 0 &&
    closed.length === shotsIn(told).length &&
    closed.every(({ segments }) => segments.every(({ totals }) => totals.uncertain === 0)) &&
    allOf(told, 'ShotCorrected').length === 0;
  return isWhole
    ? [said('Every device was accounted for when its shot was closed, and no figure had to be corrected.', ...closed)]
    : [];
}
