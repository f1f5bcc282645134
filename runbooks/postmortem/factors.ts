import { badTokenCount } from '../launch/bad-tokens.ts';
import type { Entry } from '../launch/entries.ts';
import { isLeftToPeople } from '../launch/steps.ts';
import { sumTotals } from '../launch/totals.ts';
import { listed } from '../launch/words.ts';
import { missedText } from '../record/describe.ts';
import { list, remark } from './document.ts';
import type { Proof, Section } from './document.ts';
import { lateMoments } from './late-moments.ts';
import { botNotes } from './ordinary-notes.ts';
import { slowShotsFactors } from './speed.ts';
import { allOf, devicesText, outcomeProof, shotsIn, tokensText, took } from './told.ts';
import type { Factor, Told } from './told.ts';

export function factorsSection(factors: readonly Factor[]): Section {
  return {
    id: 'factors',
    title: 'Contributing factors',
    blocks:
      factors.length === 0
        ? [remark('The record knows of none.')]
        : [
            remark(
              'Several things together made it what it was. The record knows of these, in no order of weight; people may know of others.',
            ),
            ...list(factors),
          ],
  };
}

export function factorsOf(told: Told): Factor[] {
  return [
    ...lateFleets(told),
    ...changedFleets(told),
    ...deadlines(told),
    ...lateMoments(told),
    ...gates(told),
    ...orders(told),
    ...changes(told),
    ...refusals(told),
    ...outcomes(told),
    ...slowShotsFactors(told),
    ...notes(told),
  ];
}

const seqs = (entries: readonly Pick<Entry, 'seq'>[]): Proof[] => entries.map(({ seq }) => `e${seq}`);
const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

function lateFleets(told: Told): Factor[] {
  return [...Map.groupBy(allOf(told, 'ScaleLate'), ({ target }) => target)].map(([target, late]) => {
    const came = allOf(told, 'ScaleReached').find((one) => one.target === target && one.seq > (late[0]?.seq ?? 0));
    return {
      text: `Fleet ${target} came later than planned${came === undefined ? ', or not at all' : `: it stood ${took(came.tookMs)} after it was ordered`}.`,
      proof: seqs(came === undefined ? late : [...late, came]),
      question: `What would have shown earlier that fleet ${target} takes longer, and what would have made its arrival matter less?`,
    };
  });
}

function changedFleets(told: Told): Factor[] {
  return [...Map.groupBy(allOf(told, 'ScaleChanged'), ({ target }) => target)].map(([target, changed]) => ({
    text: `Fleet ${target} was lowered from outside of the launch ${times(changed.length)}.`,
    proof: seqs(changed),
    question: `What lowers fleet ${target} beside this launch, and how could it know of the event?`,
  }));
}

function deadlines(told: Told): Factor[] {
  const missed = allOf(told, 'StepMissed');
  const put = allOf(told, 'StepPut').filter(({ step }) => !isLeftToPeople(told.last.runbook, step));
  const skipped = allOf(told, 'StepSkipped');
  const step = (some: readonly { step: string }[]) => listed([...new Set(some.map((one) => one.step))]);
  return [
    ...(missed.length === 0
      ? []
      : [
          {
            text: `Not verified by their deadline: ${step(missed)}.`,
            proof: seqs(missed),
            question: `Was there time enough in the plan for these steps: ${step(missed)}?`,
          },
        ]),
    ...(put.length === 0
      ? []
      : [
          {
            text: `Steps that could not begin by themselves at their time: ${step(put)}.`,
            proof: seqs(put),
            question: `What would let these steps begin at their time: ${step(put)}?`,
          },
        ]),
    ...(skipped.length === 0
      ? []
      : [
          {
            text: `Steps that were skipped: ${step(skipped)}.`,
            proof: seqs(skipped),
            question: `Does the plan need these steps: ${step(skipped)}?`,
          },
        ]),
  ];
}

function gates(told: Told): Factor[] {
  const granted = allOf(told, 'WaiverGranted');
  const waived = granted.flatMap(({ waiverId }) => told.last.waivers[waiverId]?.gate ?? []);
  const atGo = allOf(told, 'FireApproved').filter(({ redGates }) => redGates.length > 0);
  const red = [...new Set(atGo.flatMap(({ redGates }) => redGates.map(({ gate }) => gate)))];
  return [
    ...(granted.length === 0
      ? []
      : [
          {
            text: `Gates that were waived by two people: ${listed([...new Set(waived)])}.`,
            proof: seqs(granted),
            question: `What did this launch not need of what these gates ask for: ${listed([...new Set(waived)])}?`,
          },
        ]),
    ...(atGo.length === 0
      ? []
      : [
          {
            text: `Not green at GO: ${listed(red)}.`,
            proof: seqs(atGo),
            question: `What did it mean for the push that these gates were not green: ${listed(red)}?`,
          },
        ]),
  ];
}

function orders(told: Told): Factor[] {
  const held = allOf(told, 'FireHeld');
  const expired = allOf(told, 'FireExpired');
  const declined = allOf(told, 'FireDeclined');
  const ids = (some: readonly { orderId: string }[]) => listed(some.map(({ orderId }) => orderId));
  return [
    ...(held.length === 0
      ? []
      : [
          {
            text: `Orders that did not go at their moment: ${ids(held)}.`,
            proof: seqs(held),
            question: 'What would let an armed order go at its moment?',
          },
        ]),
    ...(expired.length === 0
      ? []
      : [
          {
            text: `Orders that ended without a second person: ${ids(expired)}.`,
            proof: seqs(expired),
            question: 'How does a second person learn in time that an order waits?',
          },
        ]),
    ...(declined.length === 0
      ? []
      : [
          {
            text: `Orders that were declined or taken back: ${ids(declined)}.`,
            proof: seqs(declined),
            question: 'What was known only once the order stood there, and could have been known before?',
          },
        ]),
  ];
}

/** What changed late, or under way. */
function changes(told: Told): Factor[] {
  const moved = allOf(told, 'TargetMoved');
  const firstCopy = allOf(told, 'TestDone')[0]?.seq ?? Number.POSITIVE_INFINITY;
  const texts = allOf(told, 'CampaignSet').filter(({ seq }) => seq > firstCopy);
  const taken = allOf(told, 'TakenOver');
  return [
    ...(moved.length === 0
      ? []
      : [
          {
            text: `The target was moved ${times(moved.length)}.`,
            proof: seqs(moved),
            question: 'What did moving the target cost?',
          },
        ]),
    ...(texts.length === 0
      ? []
      : [
          {
            text: `The text was changed ${times(texts.length)} after copies of it had been read on phones.`,
            proof: seqs(texts),
            question: 'What made the text change after it had been read?',
          },
        ]),
    ...(taken.length === 0
      ? []
      : [
          {
            text: `The launch was taken over by another region ${times(taken.length)}.`,
            proof: seqs(taken),
            question: 'What was missing after the other region had taken over?',
          },
        ]),
  ];
}

/** What the rules did not take, by what was asked: a sign of what the room did not show. */
/** A sentence holds no more; the table of what the rules did not take has all of them, and why. */
const REFUSED_NAMED = 4;

function refusals({ messages }: Told): Factor[] {
  const all = messages.flatMap(({ refused, seq }) => (refused === undefined ? [] : [{ refused, seq }]));
  if (all.length === 0) return [];
  const often = [...Map.groupBy(all, ({ refused }) => refused.what)]
    .map(([what, ones]) => ({ what, times: ones.reduce((sum, { refused }) => sum + refused.times, 0) }))
    .toSorted((a, b) => b.times - a.times);
  const named = often.slice(0, REFUSED_NAMED).map(({ what, times: of }) => (of === 1 ? what : `${what} (${of} times)`));
  const others = often.length - named.length;
  return [
    {
      text: `Presses and commands that the rules did not take: ${listed([...named, ...(others === 0 ? [] : [`${others} more`])])}.`,
      proof: all.flatMap(({ seq }) => (seq === undefined ? [] : [`m${seq}`])),
      question: 'What would have told people beforehand what they could not do, or not yet?',
    },
  ];
}

function outcomes(told: Told): Factor[] {
  return shotsIn(told).flatMap((shot): Factor[] => {
    if (shot.totals === null || shot.closed === null) return [];
    const sum = sumTotals(shot.totals);
    const bad = badTokenCount(sum.reasons);
    const proof = outcomeProof(told, shot.id);
    const missed = missedText(shot.totals, shot.closed.cause === 'halt');
    const corrected = allOf(told, 'ShotCorrected').filter(({ shotId }) => shotId === shot.id);
    return [
      ...(missed === ''
        ? []
        : [{ text: `Of ${shot.id}: ${missed}.`, proof, question: `What kept ${shot.id} from these segments?` }]),
      ...(bad === 0
        ? []
        : [
            {
              text: `${tokensText(bad)} of ${shot.id} ${bad === 1 ? 'was' : 'were'} refused for good.`,
              proof,
              question: 'How old is the token list, and what keeps it fresh?',
            },
          ]),
      ...(sum.late === 0
        ? []
        : [
            {
              text: `${devicesText(sum.late)} of ${shot.id} ${sum.late === 1 ? 'was' : 'were'} too late for its time.`,
              proof,
              question: `Was the time for ${shot.id} long enough for its pace?`,
            },
          ]),
      ...(sum.uncertain === 0
        ? []
        : [
            {
              text: `${devicesText(sum.uncertain)} of ${shot.id} stayed uncertain: written, and not answered.`,
              proof,
              question: 'What cut off the answers?',
            },
          ]),
      ...(corrected.length === 0
        ? []
        : [
            {
              text: `The figures of ${shot.id} were corrected ${times(corrected.length)} after its close.`,
              proof: seqs(corrected),
              question: 'What held up these accounts?',
            },
          ]),
    ];
  });
}

/** What the watches wrote down: lost workers, queues that were made anew, a network that did not answer. */
function notes(told: Told): Factor[] {
  return botNotes(told).map((entry) => ({
    text: `Noted by the bot: ${entry.text ?? ''}`,
    proof: seqs([entry]),
    // One for all of them: among them is much that went as it should.
    question: 'What follows for the next launch from what the bot noted by itself?',
  }));
}
