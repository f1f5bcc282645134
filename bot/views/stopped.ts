import { meaningOf } from '../../contract/answers.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { fireCommand } from '../../runbooks/launch/order-words.ts';
import { context, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { mentionsOfRole } from './names.ts';
import { segmentsText } from './segments-text.ts';
import { capital } from './weather-kinds.ts';
import { providerName } from './weather.ts';
import { plainText } from './words.ts';
import { count, plural, safe, span, timeOfDay, utc } from './words.ts';

/** Workers that have stopped one shot to one platform by themselves, for the answers to what is sent. Plain data: the next leader gets it so. */
export interface Stopped {
  shotId: string;
  platform: Platform;
  segments: { segment: string; attempt: number }[];
  sinceMs: number;
  untilMs: number;
  /** Of so many that report. */
  workers: number;
  of: number;
  /** The provider's word that most of them got: `bad` of their last `among` answers together. */
  reason: string;
  bad: number;
  among: number;
  devices: number;
  left: number;
}

export interface StoppedEnd {
  how: 'closed' | 'halted';
  afterMs: number;
  left: number;
}

const head = ({ platform }: Stopped): string => `${providerName[platform]} refuses what is sent, so workers stopped`;
const share = ({ bad, among, reason }: Stopped): string =>
  `*${safe(reason, 80)}* was the answer to ${count(bad)} of the last ${plural(among, 'push', 'pushes')}`;
const who = ({ workers, of }: Stopped): string => `${workers} of ${plural(of, 'worker')}`;
const ids = ({ segments }: Stopped): string[] => segments.map(({ segment }) => segment);

/** What the answer means for copy, topic or payload. */
function meaning(reason: string): string {
  return `${capital(meaningOf(reason) ?? 'a refusal that gobutton does not know: look it up at the provider')}. It is said of what is sent, not of single devices; their tokens stay as they are.`;
}

export function stoppedMessage(launch: Launch, stopped: Stopped): Message {
  const what = segmentsText(launch, stopped.segments);
  const name = providerName[stopped.platform];
  const onCall = mentionsOfRole(launch, 'on-call');
  const rest =
    stopped.workers < stopped.of
      ? 'The others go on with it until they get the same.'
      : `Nothing more of it goes out, and no other shot to ${name} either, until this one is closed.`;
  return message(`${head(stopped)}: ${safe(stopped.reason, 80)}, ${what}`, [
    section(
      `:rotating_light: *${head(stopped)}* (${what})\n${share(stopped)}, on ${who(stopped)}. ${count(stopped.left)} of ${plural(stopped.devices, 'device')} have no answer yet. ${rest}${onCall === '' ? '' : ` ${onCall}`}`,
    ),
    section(`*What it means:* ${meaning(stopped.reason)}\n*What to do:* ${stoppedTodo(launch, stopped)}`),
    context(
      `shot \`${safe(stopped.shotId, 60)}\` · since ${timeOfDay(stopped.sinceMs)} · ends by itself at ${timeOfDay(stopped.untilMs)}`,
    ),
  ]);
}

function stoppedTodo(launch: Launch, stopped: Stopped): string {
  return `press HALT (\`/go halt\`), so that the shot closes now; mend what is said above (the copy with \`/go campaign\`, and a test copy with \`/go test\` shows whether it helped); then \`${fireCommand({ ...launch, halt: { ...launch.halt, active: true } }, ids(stopped))}\` sends to whoever got nothing, with a second person.`;
}

export function stoppedOverMessage(launch: Launch, stopped: Stopped, end: StoppedEnd): Message {
  const title = overText(stopped, end);
  const what = segmentsText(launch, stopped.segments);
  return message(`${title}: ${what}`, [
    section(
      `:checkered_flag: *${title}* (${what})\n*${safe(stopped.reason, 80)}*: ${meaning(stopped.reason)}${end.left === 0 ? '' : `\n*${plural(end.left, 'device')} can still be sent to*, once that is mended: \`${fireCommand(launch, ids(stopped))}\` goes to exactly those, with a second person.`}`,
    ),
    context(`${share(stopped)}, on ${who(stopped)}`, `shot \`${safe(stopped.shotId, 60)}\``),
  ]);
}

function overText({ platform }: Stopped, { how, afterMs }: StoppedEnd): string {
  return `The shot was ${how}; workers had stopped it for ${span(afterMs)}, as ${providerName[platform]} refused what was sent`;
}

/** What the record keeps of it, at its beginning and at its end. Plain text. */
export function stoppedNote(launch: Launch, stopped: Stopped): string {
  return plainText(
    `${head(stopped)} (${segmentsText(launch, stopped.segments)}), since ${utc(stopped.sinceMs)}: ${share(stopped)}, on ${who(stopped)}. ${meaning(stopped.reason)}`,
  ).replaceAll('`', '');
}

export function stoppedOverNote(launch: Launch, stopped: Stopped, end: StoppedEnd): string {
  const left =
    end.left === 0 ? '' : ` ${plural(end.left, 'device')} can still be sent to: ${fireCommand(launch, ids(stopped))}.`;
  return plainText(`${overText(stopped, end)} (${segmentsText(launch, stopped.segments)}).${left}`);
}
