import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * Every code that the sources hold: a refusal's, an error's, or that of a log line. Found by their shape, not by a list, so that a new one
 * can't be forgotten: capitals in a literal, alone or at its beginning. What looks so and is somebody else's word stands in
 * `others-words.ts`.
 */

const root = join(import.meta.dirname, '../..');
const ROOMS = '{bot,contract,h2,infra,runbooks,settle,workers}/**/*.ts';
const NO_SOURCE = /\.test\.ts$|for-tests\.ts$/;

/** `'NO_LAUNCH'`, `'NO_LAUNCH: there is none'`, `'COMMAND_REFUSED /go …'`: in any kind of quotes. */
const WHOLE = /['"`]([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?=['"`]|:?(?: |\\n))/g;
/** A code of one word looks like any word in capitals, but as the first argument of what refuses or fails. */
const ONE_WORD = /(?:[rR]efuse|refused|\bno|Error)\(\s*['"`]([A-Z]{4,})['"`]/g;
const COMMENT = /^\s*(?:\/\/|\/?\*).*$/gm;
/** Places that know a code and don't give it: a union's member, a comparison, a case. */
const KNOWS = [
  /^\s*\|\s*['"][A-Z_0-9]+['"];?$/gm,
  /readonly code: .*$/gm,
  /[!=]==\s*['"][A-Z_0-9]+['"]/g,
  /case ['"][A-Z_0-9]+['"]:/g,
  /(?:startsWith|has)\(['"][A-Z_0-9]+[ ]?['"]\)/g,
];

/** By code the files that give it, without folders, which change more often than names. A code that is only known has none. */
export function codesInSources(): Map<string, Set<string>> {
  const codes = new Map<string, Set<string>>();
  for (const path of globSync(ROOMS, { cwd: root }).filter((file) => !NO_SOURCE.test(file))) {
    const text = readFileSync(join(root, path), 'utf8').replaceAll(COMMENT, '');
    for (const code of codesIn(text)) if (!codes.has(code)) codes.set(code, new Set());
    const giving = KNOWS.reduce((rest, pattern) => rest.replaceAll(pattern, ''), text);
    for (const code of codesIn(giving)) codes.get(code)?.add(basename(path));
  }
  return codes;
}

export function codesIn(text: string): Set<string> {
  return new Set([...text.matchAll(WHOLE), ...text.matchAll(ONE_WORD)].map(([, code = '']) => code));
}
