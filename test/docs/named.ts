/**
 * Names that a page says are in a file: "`pressGo` in `bot/actions/fire.ts`", "(`after`, `workers/send/take-batch.ts`)" and
 * "`runbooks/launch/entries.ts` (`Totals`)". Of `Worker.stop` the last part is looked for.
 */
export interface Named {
  name: string;
  path: string;
}

const NAME = String.raw`\x60(#?[A-Za-z_][\w.]*)\x60`;
const PATH = String.raw`\x60([\w./-]+/[\w.-]+\.ts)\x60`;
const SAID: readonly { pattern: RegExp; pathFirst: boolean }[] = [
  { pattern: new RegExp(`${NAME} in ${PATH}`, 'g'), pathFirst: false },
  { pattern: new RegExp(String.raw`\(${NAME}, ${PATH}\)`, 'g'), pathFirst: false },
  { pattern: new RegExp(String.raw`${PATH} \(${NAME}\)`, 'g'), pathFirst: true },
];

/** What stands in fences is no prose. */
export function namedIn(text: string): Named[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/\s+/g, ' ');
  return SAID.flatMap(({ pattern, pathFirst }) =>
    [...prose.matchAll(pattern)].map(([, first = '', second = '']) =>
      pathFirst ? { name: second, path: first } : { name: first, path: second },
    ),
  );
}

/** Those that are not there any more. `textOf` null: no such file, which references.ts sees. */
export function goneFrom(named: readonly Named[], textOf: (path: string) => string | null): string[] {
  return named
    .filter(({ name, path }) => {
      const last = name.split('.').at(-1) ?? name;
      const text = textOf(path);
      return text !== null && !new RegExp(String.raw`(?<![\w#])${last}(?!\w)`).test(text);
    })
    .map(({ name, path }) => `no ${name} in ${path}`);
}
