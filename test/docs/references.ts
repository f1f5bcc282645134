import { posix } from 'node:path';

/**
 * What documents and comments refer to, checked over a tree of texts (path → text; a file that isn't text has ''). A reference in code
 * reads `docs/<page>.md#<anchor>`; in Markdown links are relative, and names of files stand in backticks.
 */
export type Tree = ReadonlyMap<string, string>;

/** Documents that once were beside the project: whoever names one leads nobody anywhere. In pieces, so that this file names none. */
const ELSEWHERE = new RegExp(['\\bFAC' + 'TS\\b', '\\bDES' + 'IGN\\b', '\\(docs' + ': '].join('|'));
const PAGE = /(?<![\w./-])docs\/[\w./-]+\.md(?:#[\w-]+)?/g;
const SHOUTED_PAGE = /(?<![\w/-])[A-Z]{3,}\.md\b/g;
const SOURCE =
  /\]\[[\w-]+\]|\]\([^)]+\)|https:\/\/|measured here|arithmetic|AWS API model of \w+|discovery document|[\w/-]+ \d+\.\d+/;

/** Every problem as `path: what`, in the order of the paths. Empty: every reference leads somewhere. */
export function referenceProblems(tree: Tree): string[] {
  const found: string[] = [];
  for (const [path, text] of [...tree].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const tell = (what: string) => found.push(`${path}: ${what}`);
    for (const [line] of text.matchAll(/^.*$/gm))
      if (ELSEWHERE.test(line)) tell(`names a document that is not here: ${line.trim().slice(0, 100)}`);
    for (const [name] of text.matchAll(PAGE)) checkTarget(tree, name, tell);
    for (const [name] of text.matchAll(SHOUTED_PAGE)) if (!isSomewhere(tree, name)) tell(`no such page: ${name}`);
    if (path.endsWith('.md')) checkMarkdown(tree, path, text, tell);
    else checkComments(tree, text, tell);
  }
  return found;
}

/** Of a page of facts: each item has one anchor, shows it, and says where it is from. */
export function factProblems(text: string): string[] {
  const found: string[] = [];
  const items = text.split(/^(?=- )/m).slice(1);
  for (const item of items.map((one) => one.split(/\n\n|\n## /)[0] ?? '')) {
    const id = /^- <a id="([a-z0-9-]+)"><\/a>/.exec(item)?.[1];
    if (id === undefined) found.push(`without an anchor: ${item.slice(0, 60)}`);
    else if (!item.includes(`**\`${id}\`**`)) found.push(`${id}: does not show its name`);
    const source = /\bSource:\s([\s\S]+)$/.exec(item)?.[1];
    if (source === undefined || !SOURCE.test(source.replaceAll(/\s+/g, ' ')))
      found.push(`${id ?? item.slice(0, 60)}: has no source`);
  }
  return found;
}

/** What can be linked to: explicit anchors, and headings as GitHub names them. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  const headings = [...withoutFences(text).matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, title = '']) => {
    const slug = title
      .replaceAll(/\]\([^)]*\)|<[^>]*>/g, '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
  return [...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)];
}

function checkMarkdown(tree: Tree, path: string, text: string, tell: (what: string) => void): void {
  const anchors = anchorsOf(text);
  for (const twice of anchors.filter((one, at) => anchors.indexOf(one) !== at)) tell(`anchor twice: ${twice}`);

  const prose = withoutFences(text);
  const bare = prose.replaceAll(/`[^`]*`/g, '');
  const defined = new Map([...bare.matchAll(/^\[([^\]]+)\]: (\S+)/gm)].map(([, name = '', to = '']) => [name, to]));
  for (const [, name = ''] of bare.matchAll(/\]\[([^\]]+)\]/g)) if (!defined.has(name)) tell(`no such link: [${name}]`);
  for (const to of [...[...bare.matchAll(/\]\(([^)\s]+)[^)]*\)/g)].map(([, link = '']) => link), ...defined.values()]) {
    if (/^[a-z]+:/.test(to)) continue;
    const [file = '', anchor] = to.split('#');
    const target = file === '' ? path : posix.join(posix.dirname(path), file);
    checkTarget(tree, anchor === undefined ? target : `${target}#${anchor}`, tell);
  }
  for (const [, code = ''] of text.matchAll(/`([^`]+)`/g))
    for (const word of code.split(/\s+/)) {
      if (isPath(tree, word) ? !isThere(tree, word) : isSourceName(word) && !isSomewhere(tree, word))
        tell(`no such file: ${word}`);
    }
}

function checkComments(tree: Tree, text: string, tell: (what: string) => void): void {
  const { paths, sources } = namesInComments(tree, text);
  for (const name of paths) if (!isThere(tree, name)) tell(`no such file: ${name}`);
  for (const name of sources) if (!paths.includes(name) && !isSomewhere(tree, name)) tell(`no such file: ${name}`);
}

function checkTarget(tree: Tree, target: string, tell: (what: string) => void): void {
  const [file = '', anchor] = target.split('#');
  if (!isThere(tree, file)) tell(`no such file: ${file}`);
  else if (anchor !== undefined && file.endsWith('.md') && !anchorsOf(tree.get(file) ?? '').includes(anchor))
    tell(`no such anchor: ${target}`);
}

const withoutFences = (text: string) => text.replaceAll(/^```[\s\S]*?^```/gm, '');

/** What comments name: paths from the top (`workers/lanes`), and sources by the end of their path (`answers.ts`). */
function namesInComments(tree: Tree, text: string): { paths: string[]; sources: string[] } {
  const comments = [...text.matchAll(/^\s*(?:\/\/|\/?\*|#).*$|(?<=\s)\/[/*].*$/gm)].map(([comment]) => comment);
  const words = comments.flatMap((comment) => [
    ...comment.matchAll(/(?<![\w./@*-])[\w.-]+(?:\/[\w.-]+)*\w(?!:?[\w*])/g),
  ]);
  const names = words.map(([word]) => word);
  return {
    paths: names.filter((name) => !name.endsWith('.md') && isPath(tree, name)),
    sources: names.filter(isSourceName),
  };
}

/** Begins with one of the project's folders, and has nothing in it that a path hasn't. */
function isPath(tree: Tree, word: string): boolean {
  if (!/^[\w.-]+\/[\w./*-]*$/.test(word)) return false;
  const top = word.slice(0, word.indexOf('/') + 1);
  return [...tree.keys()].some((path) => path.startsWith(top));
}

const isSourceName = (word: string) => /^[\w./*-]*[\w-]\.(?:ts|mjs)$/.test(word);

/** A file, a folder, or with `*` at least one of them. */
function isThere(tree: Tree, name: string): boolean {
  const wanted = new RegExp(`^${asPattern(name.replace(/\/$/, ''))}(?:/|$)`);
  return [...tree.keys()].some((path) => wanted.test(path));
}

/** The end of some path: documents of a folder name its files as one sees them from there. */
function isSomewhere(tree: Tree, name: string): boolean {
  const wanted = new RegExp(`(?:^|/)${asPattern(name)}$`);
  return [...tree.keys()].some((path) => wanted.test(path));
}

const asPattern = (name: string) => name.replaceAll('.', '\\.').replaceAll('*', '[^/]*');
