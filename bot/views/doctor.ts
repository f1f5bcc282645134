import type { Line } from '../../infra/doctor/judge/line.ts';
import { context, header, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { clip, fit, plural, safe } from './words.ts';

/** What is read on a phone in a hurry: more than these stand in the terminal's answer. */
const WRONG_MOST = 6;
const UNKNOWN_MOST = 5;

/** What is wrong with what to do, each a section; then what could not be looked at, by its cause; what is well is a number. */
export function doctorMessage(launchId: string, lines: readonly Line[]): Message {
  const of = (state: Line['state']) => lines.filter((line) => line.state === state);
  const [wrong, unknown, ok] = [of('wrong'), of('unknown'), of('ok')];
  const title =
    wrong.length + unknown.length === 0
      ? `All ${ok.length} things are as this launch needs them`
      : `${wrong.length} wrong, ${unknown.length} unknown, ${ok.length} well`;
  const byCause = [...Map.groupBy(unknown, ({ fix, found }) => fix || found).values()];
  return message(title, [
    header(title),
    ...wrong.slice(0, WRONG_MOST).map((line) => section(wrongText(line))),
    ...(wrong.length > WRONG_MOST
      ? [
          section(
            fit(
              wrong.slice(WRONG_MOST).map((line) => `:red_circle: ${safe(line.title, 80)}`),
              900,
            ),
          ),
        ]
      : []),
    ...(byCause.length === 0 ? [] : [section(fit(byCause.slice(0, UNKNOWN_MOST).map(unknownText), 1_500))]),
    context(
      `${byCause.length > UNKNOWN_MOST ? `${plural(byCause.length - UNKNOWN_MOST, 'more cause')} of unknown. ` : ''}Nothing was sent. All of it, with letters and dates: \`npm run doctor -- --launch ${safe(launchId, 120)} --workbook countdown.md\``,
    ),
  ]);
}

function wrongText({ title, found, needed, fix }: Line): string {
  return `:red_circle: *${safe(title, 80)}*: ${safe(found, 200)}\nneeds ${safe(needed, 160)}${fix === '' ? '' : `\n${action(fix)}`}`;
}

function unknownText(lines: readonly Line[]): string {
  const [first, ...others] = lines;
  if (first === undefined) return '';
  const titles = clip(lines.map(({ title }) => title).join(', '), 160);
  const isOne = others.every(({ found }) => found === first.found);
  const parts = [...(isOne ? [safe(first.found, 160)] : []), ...(first.fix === '' ? [] : [safe(first.fix, 160)])];
  return `:white_circle: ${safe(titles, 200)}: ${parts.join('. ')}`;
}

/** A command is to be copied whole: one that is too long for a phone is left to the terminal. */
function action(fix: string): string {
  const isCommand = /^(aws|npm|docker) /.test(fix);
  if (!isCommand) return `:point_right: ${safe(fix, 300)}`;
  return fix.length > 400
    ? ':point_right: the command stands in the answer of `npm run doctor`'
    : `\`${safe(fix.replaceAll('`', "'"), 500)}\``;
}
