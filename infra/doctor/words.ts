import { visible } from '../visible.ts';
import type { Line } from './judge/line.ts';

/** Lines for a terminal: what is to be done first, what is well in one line each. */
export function doctorWords(lines: readonly Line[]): string {
  const of = (state: Line['state']) => lines.filter((line) => line.state === state);
  const [wrong, unknown, ok] = [of('wrong'), of('unknown'), of('ok')];
  const requests = lines.filter(({ request }) => request !== undefined).length;
  return [
    `${wrong.length} wrong, ${unknown.length} unknown, ${ok.length} ok`,
    ...[...wrong, ...unknown].map(problem),
    ...(ok.length === 0 ? [] : ['', ...ok.map(({ title, found }) => `ok       ${visible(title)}: ${visible(found)}`)]),
    ...(requests === 0
      ? []
      : [
          '',
          `${requests} letter${requests === 1 ? '' : 's'} to send: --workbook FILE writes ${requests === 1 ? 'it' : 'them'}`,
        ]),
  ].join('\n');
}

function problem({ state, title, found, needed, fix }: Line): string {
  return [
    '',
    `${state.padEnd(8)} ${visible(title)}`,
    `         found   ${visible(found)}`,
    `         needed  ${visible(needed)}`,
    ...(fix === '' ? [] : [`         do      ${visible(fix)}`]),
  ].join('\n');
}
