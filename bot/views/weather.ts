import type { Sick, Weather } from '../../contract/pool-weather.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { fireCommand } from '../../runbooks/launch/order-words.ts';
import { context, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { mentionsOfRole, platformName } from './names.ts';
import { segmentsText, shotSegments } from './segments-text.ts';
import { fateText, isAnswer, todoText } from './weather-kinds.ts';
import { plainText } from './words.ts';
import { count, plural, safe, span, timeOfDay, utc } from './words.ts';

export const providerName = { ios: 'APNs', android: 'FCM' } as const;

/** The weather of one platform while shots of it run, with whom it concerns. Plain data: the next leader gets it so. */
export interface Told {
  weather: Weather;
  /** At its worst: what its end is told of. A single other answer on the way out of a storm is not what it was. */
  worst: Weather;
  /** Of the running shots: segments of this platform, with their shots' time limits. */
  parts: { shotId: string; segments: { segment: string; attempt: number }[]; untilMs: number }[];
  devices: number;
  /** Devices of them without a final answer. */
  left: number;
  /** The most devices of claimed batches that waited at a time. */
  mostWaiting: number;
}

/**
 * How it ended; `done`: all was sent before workers could say that it is fair again. `left`: devices that a further order would go to,
 * `uncertain`: that may have got it, both once the shot is closed.
 */
export interface WeatherEnd {
  how: 'fair' | 'done' | 'closed' | 'halted' | 'late';
  afterMs: number;
  left: number;
  uncertain: number;
}

const who = ({ workers, of }: Pick<Weather, 'workers' | 'of'>): string => `${workers} of ${plural(of, 'worker')}`;
const wordOf = ({ reason }: Pick<Weather, 'reason'>): string => (reason === '' ? 'no reason' : safe(reason, 80));

/** `APNs takes no pushes just now`. */
function headline(weather: Weather): string {
  const name = providerName[weather.platform];
  if (weather.state === 'stopped') return `${name} takes no pushes just now`;
  return weather.stopped > 0
    ? `${name} takes no pushes from ${weather.stopped} of ${plural(weather.of, 'worker')}`
    : `${name} takes fewer pushes than it is given`;
}

function answers(weather: Weather): string {
  // The headline has said it.
  const where = weather.state === 'slow' && weather.stopped === weather.workers ? '' : ` on ${who(weather)}`;
  if (weather.reason === 'NoAnswer') return `it answers nothing${where}`;
  return isAnswer(weather.reason)
    ? `it answers *${wordOf(weather)}*${where}`
    : `pushes end without an answer (*${wordOf(weather)}*)${where}`;
}

function had({ reason }: Weather): string {
  if (reason === 'NoAnswer') return 'it answered nothing';
  return isAnswer(reason)
    ? `it answered *${safe(reason, 80)}*`
    : `pushes ended without an answer (*${safe(reason, 80)}*)`;
}

function nextTry({ stopped, nextTryAtMs }: Weather): string {
  if (stopped === 0) return 'They go on with as many at a time as it takes.';
  return nextTryAtMs === null ? 'A single push is being tried now.' : `The next try is at ${timeOfDay(nextTryAtMs)}.`;
}

const segmentsOf = (told: Told) => told.parts.flatMap(({ segments }) => segments);
const idsOf = (told: Told): string[] => segmentsOf(told).map(({ segment }) => segment);
const shotIds = (told: Told): string => told.parts.map(({ shotId }) => `\`${safe(shotId, 60)}\``).join(', ');

/** What a provider answers everybody: what it is, what happens by itself, what to do. Figures stand in it as of its last edit, so lengths of time are told by clock times. */
export function weatherMessage(launch: Launch, told: Told): Message {
  const { weather } = told;
  const { platform } = weather;
  const name = providerName[platform];
  const onCall = weather.state === 'stopped' ? mentionsOfRole(launch, 'on-call') : '';
  const what = segmentsText(launch, segmentsOf(told));
  return message(`${headline(weather)}: ${wordOf(weather)}, ${what}`, [
    section(
      `:thunder_cloud_and_rain: *${headline(weather)}* (${what})\nSince ${timeOfDay(weather.sinceMs)} ${answers(weather)}, ${plural(weather.refused, 'time')} so far. ${count(told.left)} of ${plural(told.devices, 'device')} have no answer yet; ${count(weather.waiting)} of them are in workers' hands and wait.${onCall === '' ? '' : ` ${onCall}`}`,
    ),
    section(
      `*By itself:* ${weather.stopped > 0 ? `workers try one push now and then, and all goes on when ${name} takes it.` : 'workers send as much as is taken, and more again as that works.'} ${nextTry(weather)} ${fateText(platform, weather.reason)}\n${untilText(launch, told)}`,
    ),
    section(`*What to do:* ${todoText(platform, weather.reason)}`),
    context(`shot ${shotIds(told)} · this message keeps up with it, and says so when ${name} takes pushes again`),
  ]);
}

function untilText(launch: Launch, told: Told): string {
  const { platform } = told.weather;
  const [first] = told.parts;
  if (first === undefined) return '';
  const times =
    new Set(told.parts.map(({ untilMs }) => untilMs)).size === 1
      ? timeOfDay(first.untilMs)
      : told.parts
          .map(({ segments, untilMs }) => `${timeOfDay(untilMs)} (${segmentsText(launch, segments)})`)
          .join(', ');
  return `*Until when:* ${platformName[platform]} has time until ${times}. What is not sent by then is held, not lost: once the shot is closed, \`${fireCommand(launch, idsOf(told))}\` sends to exactly those, with a second person.`;
}

/** The same message once it is over. */
export function weatherOverMessage(launch: Launch, told: Told, end: WeatherEnd): Message {
  const { worst: weather } = told;
  const head = overText(weather, end);
  const what = segmentsText(launch, segmentsOf(told));
  const rest = restText(launch, told, end);
  return message(`${head}: ${what}`, [
    section(
      `${end.how === 'fair' || end.how === 'done' ? ':white_check_mark:' : ':checkered_flag:'} *${head}* (${what})${rest === '' ? '' : `\n${rest}`}`,
    ),
    context(
      `From ${timeOfDay(weather.sinceMs)} ${had(weather)} on ${who(weather)}, ${plural(weather.refused, 'time')}`,
      `shot ${shotIds(told)}`,
    ),
  ]);
}

function overText({ platform, stopped }: Weather, { how, afterMs }: WeatherEnd): string {
  const name = providerName[platform];
  const had =
    stopped > 0
      ? `${name} had taken no pushes for ${span(afterMs)}`
      : `${name} had taken fewer pushes for ${span(afterMs)}`;
  switch (how) {
    case 'fair':
      return stopped > 0
        ? `${name} takes pushes again after ${span(afterMs)}`
        : `${name} takes all pushes again after ${span(afterMs)}`;
    case 'done':
      return `${name} took pushes again, and the shot is closed after ${span(afterMs)}`;
    case 'closed':
      return `The shot was closed; ${had}`;
    case 'halted':
      return `The shot was halted; ${had}`;
    case 'late':
      return `The time of ${platformName[platform]} is over; ${had}`;
    default: {
      const unknown: never = how;
      throw new Error(`WEATHER_END_UNKNOWN ${String(unknown)}`);
    }
  }
}

function restText(launch: Launch, told: Told, { how, left, uncertain }: WeatherEnd): string {
  if (how === 'fair')
    return told.mostWaiting === 0
      ? ''
      : `Up to ${plural(told.mostWaiting, 'device')} at a time were held back meanwhile, and go out now.`;
  const command = `\`${fireCommand(launch, idsOf(told))}\``;
  if (how === 'done' || how === 'closed') {
    return [
      how === 'done' && told.mostWaiting > 0
        ? `Up to ${plural(told.mostWaiting, 'device')} at a time were held back, and have gone out since.`
        : '',
      how === 'closed' && left <= 0 ? 'Nobody is left to send to.' : '',
      left > 0
        ? `*${plural(left, 'device')} can still be sent to*: ${command} goes to exactly those, with a second person.`
        : '',
      uncertain > 0 ? `${plural(uncertain, 'device')} may or may not have got it.` : '',
    ]
      .filter((one) => one !== '')
      .join(' ');
  }
  return `What was not sent is held, not lost: once the shot is closed, ${command} sends to exactly those, with a second person.`;
}

/** What the record keeps of it, at its beginning and at its end. Plain text. */
export function weatherNote(launch: Launch, told: Told): string {
  const { weather } = told;
  return plainText(
    `${headline(weather)} (${segmentsText(launch, segmentsOf(told))}), since ${utc(weather.sinceMs)}: ${answers(weather)}. ${count(told.left)} of ${plural(told.devices, 'device')} had no answer yet.`,
  );
}

export function weatherOverNote(launch: Launch, told: Told, end: WeatherEnd): string {
  const { worst: weather } = told;
  const rest = restText(launch, told, end).replaceAll('`', '');
  return plainText(
    `${overText(weather, end)} (${segmentsText(launch, segmentsOf(told))}). Since ${utc(weather.sinceMs)} ${had(weather)} on ${who(weather)}, ${plural(weather.refused, 'time')}.${rest === '' ? '' : ` ${rest}`}`,
  );
}

/** One line, for figures that are brought up to date all the time. mrkdwn. */
export function weatherLine(weather: Weather, nowMs: number): string {
  const { refused, waiting, sinceMs } = weather;
  return `:thunder_cloud_and_rain: *${headline(weather)}*: ${answers(weather)} for ${span(nowMs - sinceMs)}, ${plural(refused, 'time')}; ${plural(waiting, 'device')} wait${nextText(weather, nowMs)}`;
}

function nextText({ stopped, nextTryAtMs }: Weather, nowMs: number): string {
  if (stopped === 0) return '';
  const isDue = nextTryAtMs === null || nextTryAtMs <= nowMs;
  return isDue ? ', the next push is a single try' : `, next try in ${span(nextTryAtMs - nowMs)}`;
}

/** Connections that workers gave up and replaced by themselves: nothing to do, as long as it is few. */
export function sickLine({ platform, connections, of, workers, reason }: Sick): string {
  return `${plural(connections, 'connection')} to ${providerName[platform]} given up as sick and replaced (${plural(workers, 'worker')}, ${count(of)} held; last: ${safe(reason, 80)})`;
}

/** Begins the note, and no other: there is one a shot and platform. */
export const sickNoteHead = (launch: Launch, shot: Shot, platform: Platform): string =>
  `Many connections to ${providerName[platform]} fall sick in ${shot.id} (${shotSegments(launch, shot)}): `;

/** `connections`: since GO. */
export function sickNote({ platform, connections, of, reason }: Sick): string {
  return [
    `${count(connections)} were given up and replaced since GO, where workers hold ${count(of)}; the last after ${reason}.`,
    'Each has cost at most what it had in flight, and the others go on, so nothing must be done as long as figures move.',
    `It is not what everybody gets, so look at what these connections share: ${todoText(platform, reason).replaceAll('`', '')}`,
  ].join(' ');
}

/** As the likely reason of a standstill. mrkdwn. */
export function weatherReason(weather: Weather, nowMs: number): { why: string; todo: string } {
  const { platform, reason, refused, sinceMs, waiting } = weather;
  return {
    why: `${headline(weather)}: ${answers(weather)} for ${span(nowMs - sinceMs)}, ${plural(refused, 'time')}; ${plural(waiting, 'device')} wait in workers' hands.`,
    todo: `It goes on by itself when ${providerName[platform]} takes pushes again, while its time lasts. ${todoText(platform, reason)}`,
  };
}

/** The gate's sentence before GO. */
export function weatherSay(weather: Weather, nowMs: number): string {
  const { platform, refused, sinceMs, reason } = weather;
  return plainText(
    `${headline(weather)}: ${answers(weather)} for ${span(nowMs - sinceMs)}, ${plural(refused, 'time')}. ${todoText(platform, reason)}`,
  ).replaceAll('`', '');
}
