import type { Platform, SwitchValue } from '../../runbooks/launch/entries.ts';
import { listed } from '../../runbooks/launch/words.ts';
import { cutNumber, readNumber } from '../../runbooks/typed/number.ts';
import { code, done, info } from '../views/answers.ts';
import { platformName, switchText, switchWords } from '../views/names.ts';
import { oneLine, stamp } from '../views/words.ts';
import { bareWord, onOff, textAfter, WHEN_USAGE, when } from './arguments.ts';
import { momentOf, offer } from './ask-moment.ts';
import { change } from './change.ts';
import { didYouMean } from './nearest.ts';
import { misuse, submit } from './subcommand.ts';
import type { Answer, PersonAsk, Subcommand } from './subcommand.ts';

/** What on-call steers with. */

export const scale: Subcommand = {
  name: 'scale',
  usage: ['scale workers 40', 'scale workers 40 because the ad moved'],
  group: 'Drive',
  needs: 'person',
  does: 'Sets the count of a scale target. The channel shows it arrive, and what to do if it does not.',
  async run(ask) {
    const [target] = ask.typed.words;
    const targets = ask.launch.runbook.scale_targets;
    const list = targets.map((one) => code(one.id)).join(' ');
    if (targets.length === 0) return info('This runbook has no scale targets.');
    if (target === undefined) return misuse(scale, `Which target? There are ${list}.`);
    const known = targets.find((one) => one.id === bareWord(target));
    if (known === undefined)
      return misuse(
        scale,
        `There is no scale target ${code(target)}.${didYouMean(
          target,
          targets.map((one) => one.id),
        )} There are ${list}.`,
      );
    const { number, reason } = amountIn(ask.typed.rest, target);
    if (number === '') return misuse(scale, `To how many? \`/go scale ${known.id} 40\``);
    const read = readNumber(number);
    if (!read.ok) return misuse(scale, `${code(number)} is no count for ${code(known.id)}: expected ${read.expected}.`);
    return change(ask, { kind: 'scale', id: known.id, to: read.value, reason });
  },
};

async function setSwitch(ask: PersonAsk, id: string, value: SwitchValue, reason: string): Promise<Answer> {
  return submit(
    ask,
    (by) => ({ kind: 'set-switch', by, switch: id, value, reason }),
    (after) => {
      const waiting = Object.values(after.switchRequests).findLast((one) => one.switch === id && one.open);
      return done(
        waiting === undefined
          ? `Set ${switchWords(id, value)}.`
          : `Asked to set ${switchWords(id, value)}; another person approves with the button in the channel.`,
      );
    },
  );
}

export const zombie: Subcommand = {
  name: 'zombie',
  usage: ['zombie on', 'zombie off'],
  group: 'Drive',
  needs: 'person',
  does: 'Tells client apps to stay quiet (on), or to talk to the servers as usual (off).',
  async run(ask) {
    const [word] = ask.typed.words;
    const value = word === undefined ? null : onOff(bareWord(word));
    if (value === null)
      return misuse(
        zombie,
        word === undefined
          ? `Zombie mode is *${switchText(ask.launch.switches['zombie']?.value ?? false)}*. On or off?`
          : `${code(word)} is neither on nor off.`,
      );
    return setSwitch(ask, 'zombie', value, reasonOf(textAfter(ask.typed.rest, 1)));
  },
};

export const pace: Subcommand = {
  name: 'pace',
  usage: ['pace android 10k', 'pace ios 50000', 'pace ios 0'],
  group: 'Drive',
  needs: 'person',
  does: 'Sets the send rate of a platform for the whole pool, per second; 0 is what the runbook says.',
  async run(ask) {
    const [platform] = ask.typed.words;
    const known = bareWord(platform ?? '');
    if (known !== 'ios' && known !== 'android')
      return misuse(
        pace,
        platform === undefined
          ? 'Which platform? There are `ios` and `android`.'
          : `There is no platform ${code(platform)}.${didYouMean(platform, ['ios', 'android'])} There are \`ios\` and \`android\`.`,
      );
    return paceTo(ask, pace, known, amountIn(ask.typed.rest, platform ?? ''));
  },
};

async function paceTo(
  ask: PersonAsk,
  sub: Subcommand,
  platform: Platform,
  { number, reason }: Amount,
): Promise<Answer> {
  if (number === '') return misuse(sub, `How many a second? \`/go pace ${platform} 10k\``);
  const read = readNumber(number, { perSecond: true });
  if (!read.ok)
    return misuse(sub, `${code(number)} is no rate for ${platformName[platform]}: expected ${read.expected}.`);
  return change(ask, { kind: 'pace', id: platform, to: read.value, reason });
}

interface Amount {
  number: string;
  reason: string;
}

/** What follows the first word: the number with all that belongs to it, and the reason. */
function amountIn(rest: string, first: string): Amount {
  const after = rest
    .slice(rest.indexOf(first) + first.length)
    .replace(/^["\s,]+/, '')
    .replace(/^(?:to|at|=|:)\s+/i, '');
  const { number, rest: why } = cutNumber(after);
  return { number, reason: reasonOf(why) };
}

export const switchTo: Subcommand = {
  name: 'switch',
  also: ['set'],
  usage: ['switch ads-banner off', 'switch <id> <value>'],
  group: 'Drive',
  needs: 'person',
  does: "Sets one of the runbook's own switches. Some need a second person.",
  async run(ask) {
    const [word, value] = ask.typed.words;
    const ids = ['zombie', 'pace.ios', 'pace.android', ...ask.launch.runbook.switches.map((one) => one.id)];
    const list = ids
      .map(
        (one) => `${code(one)} *${switchText(ask.launch.switches[one]?.value ?? 'not set')}*${allowedText(ask, one)}`,
      )
      .join(', ');
    if (word === undefined) return misuse(switchTo, `The switches are ${list}.`);
    const id = ids.find((one) => one === bareWord(word));
    if (id === undefined)
      return misuse(
        switchTo,
        `There is no switch ${code(word)}.${didYouMean(word, ids)} There are ${list}. To stop all sending: \`/go halt\`.`,
      );
    if (value === undefined)
      return misuse(switchTo, `To what? \`/go switch ${id} ${exampleOf(ask, id)}\`${allowedText(ask, id)}`);
    const amount = amountIn(ask.typed.rest, word);
    if (id === 'pace.ios' || id === 'pace.android')
      return paceTo(ask, switchTo, id === 'pace.ios' ? 'ios' : 'android', amount);
    const isFigure = onOff(value) === null && /^[+-]?[.,]?\p{Nd}/u.test(value) && !ask.typed.rest.includes('"');
    if (!isFigure) return setSwitch(ask, id, meantValue(ask, id, value), reasonOf(textAfter(ask.typed.rest, 2)));
    const read = readNumber(amount.number, { fractions: true });
    if (read.ok) return setSwitch(ask, id, read.value, amount.reason);
    // `2nd` and `10.5.3` are texts like any other; only what may be two numbers, or is cut in pieces, is not taken.
    const isText = read.code !== 'NUMBER_TWO_READINGS' && !/\s/.test(amount.number);
    return isText
      ? setSwitch(ask, id, amount.number, amount.reason)
      : misuse(switchTo, `${code(amount.number)} is not clear: expected ${read.expected}. A text goes in quotes.`);
  },
};

const allowedOf = ({ launch }: PersonAsk, id: string) => launch.runbook.switches.find((one) => one.id === id)?.values;

/** What the runbook lets it be: ` (off, short or closed)`. */
function allowedText(ask: PersonAsk, id: string): string {
  const values = allowedOf(ask, id);
  return values === undefined ? '' : ` (${listed(values.map(switchText), 'or')})`;
}

const exampleOf = (ask: PersonAsk, id: string): string => switchText(allowedOf(ask, id)?.at(-1) ?? true);

/** One of its texts however it is typed, else on or off, else the text itself. */
function meantValue(ask: PersonAsk, id: string, typed: string): SwitchValue {
  const isMeant = (one: SwitchValue) => typeof one === 'string' && one.toLowerCase() === typed.toLowerCase();
  return allowedOf(ask, id)?.find(isMeant) ?? onOff(typed) ?? typed;
}

export const move: Subcommand = {
  name: 'move',
  also: ['target'],
  usage: ['move +10m', 'move in 2h', 'move 23:30 UTC', 'move +10m because overtime'],
  group: 'Drive',
  needs: 'person',
  does: 'Moves the target; all steps that have not run move with it.',
  async run(ask) {
    const [time = '', reason = ''] = ask.typed.rest.split(/\s+because\s+/i);
    if (time.trim() === '')
      return misuse(move, `The target is ${stamp(ask.launch.targetAtMs)}. To when? ${WHEN_USAGE}`);
    const moment = await momentOf(ask.desk, ask.slackId, time, ask.atMs, ask.launch.targetAtMs);
    if (moment.kind !== 'at')
      return offer(
        ask,
        move,
        time,
        moment,
        (at) => `move ${at}${reason.trim() === '' ? '' : ` because ${oneLine(reason)}`}`,
      );
    // Relative to the target as it is when decided: two people moving it by ten minutes move it by twenty, on purpose.
    return submit(
      ask,
      (by, launch) => ({
        kind: 'move-target',
        by,
        targetAtMs: when(time, ask.atMs, launch.targetAtMs) ?? moment.atMs,
        reason: oneLine(reason),
      }),
      (after) => done(`The target is ${stamp(after.targetAtMs)}. The channel shows what moves with it.`),
    );
  },
};

const reasonOf = (text: string): string => oneLine(text).replace(/^(because|reason:?|--?)\s+/i, '');
