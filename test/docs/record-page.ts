import { may } from '../../runbooks/launch/authority.ts';
import type { CommandKind } from '../../runbooks/launch/commands.ts';
import { effectsOf } from '../../runbooks/launch/effects.ts';
import type { Effect } from '../../runbooks/launch/effects.ts';
import { ENTRY_VERSION } from '../../runbooks/launch/entries.ts';
import type { Entry, EntryKind, KeyRole } from '../../runbooks/launch/entries.ts';
import type { FireOrder, Launch } from '../../runbooks/launch/launch.ts';
import { needsKey, signerProblem } from '../../runbooks/launch/signers.ts';
import { VOID_BY_CORRECTION } from '../../runbooks/launch/voiding.ts';
import { commandOf } from '../../runbooks/launch/vouch.ts';
import type { Role } from '../../runbooks/playbook/schema.ts';
import type { Played } from './sample-launch.ts';

/**
 * What docs/entries.md says of each kind of entry beside its words, from the code itself: by which commands it comes, who may
 * sign it, what follows from it, and an example. It stands between `<!-- from the code: NAME -->` and `<!-- end -->`.
 */

const BLOCK = /(<!-- from the code: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g;

/** The page with its blocks as the code gives them now. A block that names nothing that is known is an error. */
export function writeBlocks(page: string, blocks: ReadonlyMap<string, string>): string {
  return page.replaceAll(BLOCK, (_all, begin: string, name: string, end: string) => {
    const block = blocks.get(name);
    if (block === undefined) throw new Error(`DOCS_BLOCK_UNKNOWN: ${name}`);
    return `${begin}${block}\n${end}`;
  });
}

export function blockNames(page: string): string[] {
  return [...page.matchAll(BLOCK)].map(([, , name = '']) => name);
}

export function recordBlocks(played: readonly Played[]): Map<string, string> {
  const byKind = Map.groupBy(played, ({ entry }) => entry.kind);
  const [, second] = played;
  if (second === undefined) throw new Error('DOCS_SAMPLE_EMPTY');
  return new Map<string, string>([
    ['stored', json(second.entry)],
    ['versions', `This version of gobutton reads versions 1 to ${ENTRY_VERSION} and writes ${ENTRY_VERSION}.`],
    ...[...byKind].map(([kind, ones]): [string, string] => [kind, kindBlock(ones)]),
    ['effects', effectRows(played)],
  ]);
}

function kindBlock(ones: readonly Played[]): string {
  const [first] = ones as [Played];
  return [
    `- Command: ${[...new Set(ones.map(({ command }) => command.kind))].map((kind) => commandText(kind, ones)).join('; ')}.`,
    `- Signed by: ${signersText(ones)}.${commandOf(first.entry) === null ? '' : ' Every reader decides it anew.'}`,
    `- What follows: ${effectsText(ones)}.`,
    '',
    json(exampleOf(first.entry)),
  ].join('\n');
}

const ROLES: readonly Role[] = ['on-call', 'marketer', 'observer'];

function commandText(kind: CommandKind, ones: readonly Played[]): string {
  const roles = ROLES.filter((role) => may({ roles: [role] }, kind));
  const bySystem =
    roles.length === 0 || ones.some(({ command: one }) => one.kind === kind && 'by' in one && one.by === null);
  return `\`${kind}\` (${[...roles, ...(bySystem ? ['the system'] : [])].join(', ')})`;
}

/** Asked of the rule itself, with each kind of key in turn. */
function signersText(ones: readonly Played[]): string {
  const takes = (of: (one: Played & { before: Launch }) => Entry | null) =>
    ones.some(({ before, ...one }) => {
      const signed = before === null ? null : of({ before, ...one });
      return signed !== null && signerProblem(before, signed) === null;
    });
  const byRole = (role: KeyRole) =>
    takes(({ before, entry }) => ({ ...entry, key: before.keys.find((one) => one.role === role)?.key ?? '' }));
  const [{ entry }] = ones as [Played];
  return [
    ...(entry.kind === 'LaunchCreated' ? ['a bot whose key it names'] : []),
    ...(byRole('bot') ? ['a bot'] : []),
    ...(byRole('worker') ? ['a worker'] : []),
    ...(takes(byOwnKey) ? ["the person's own operator key"] : []),
    ...(needsKey({ kind: entry.kind, by: { system: 'cli' } }) ? [] : ['nobody, from the command line']),
  ].join(', or ');
}

/** The entry as if it came from a person who has a key of their own. */
function byOwnKey({ before, entry }: Played & { before: Launch }): Entry | null {
  const person = before.people.find(({ operator_keys: keys }) => keys.length > 0);
  const [key] = person?.operator_keys ?? [];
  if (person === undefined || key === undefined || !('person' in entry.by)) return null;
  const via = 'via' in entry ? { via: { ...entry.via, kind: 'operator', publicKey: key } } : {};
  return { ...entry, key, by: { person: person.id }, ...via } as Entry;
}

function effectsText(ones: readonly Played[]): string {
  const each = ones.flatMap(variantsOf).map((effects) => effects.map(({ kind }) => kind));
  const all = [...new Set(each.flat())];
  const always = all.filter((kind) => each.every((kinds) => kinds.includes(kind)));
  const code = (kinds: readonly string[]) => kinds.map((kind) => `\`${kind}\``).join(', ');
  const rest = all.filter((kind) => !always.includes(kind));
  if (all.length === 0) return 'nothing';
  return [
    ...(always.length === 0 ? [] : [code(always)]),
    ...(rest.length === 0 ? [] : [`at times ${code(rest)}`]),
  ].join('; ');
}

/** As it was, and with an order that was voided: its message must lose its button. */
function variantsOf({ entry, after }: Played): Effect[][] {
  const segments = entry.kind === 'ShotCorrected' ? entry.segments : [];
  const shown = { segments } as unknown as FireOrder['shown'];
  const order = { id: 'F0', state: 'void', voidedBy: VOID_BY_CORRECTION, shown } as FireOrder;
  return [effectsOf(entry, after), effectsOf(entry, { ...after, orders: { ...after.orders, F0: order } })];
}

const EFFECTS: Record<Effect['kind'], string> = {
  'index-launch': 'puts the launch on the list of those that the leading bot works for',
  'ensure-queues': "creates the pool's queues where they are missing",
  'send-segment-orders': 'wakes a dispatcher for each segment',
  'send-test-order': 'wakes a worker for the test copies',
  'write-switches': "writes pace, zombie and the runbook's switches to the item that workers poll",
  'note-head': "notes the record's head in that item, so that a tail that is cut off is noticed",
  'lift-halt': 'ends exactly this halt in that item; a newer one stands',
  'mirror-switch': 'writes one switch to its public parameter in SSM',
  'report-mirror': 'has it recorded what AWS was asked for that (`SwitchMirrored`)',
  'write-flags': 'writes the flag file that client apps may read',
  scale: 'sets the count in AWS',
  'do-step': 'does what the runbook says of the step',
  'finish-step': 'has the step noted as done (`StepDone`)',
  'post-entry': 'posts the entry in the channel',
  'post-board': 'posts and pins the board',
  'post-order': 'posts the order with its GO button',
  'post-stand-down': 'posts what is left to put back of a launch that was called off, with its buttons',
  'refresh-stand-down': 'shows there what is back, and takes the buttons off at the close',
  'refresh-order': 'takes the button off an order that is no longer open',
  'refresh-request': 'takes the button off a request that ended without a press on it',
  'post-scale': 'posts the message of a scale order, which is then kept up in place',
  'finish-scale': 'says in that message that the count stands',
  'post-automation': "posts the message of a step's automation, which is then kept up in place",
  'finish-automation': 'says in that message how it ended',
  'start-live': 'posts the live message with its HALT',
  'finish-live': 'ends the live message with what the shot came to',
  'post-summary': 'posts the summary',
  'post-chart': 'posts the delivery curve',
};

function effectRows(played: readonly Played[]): string {
  const seen = new Map(played.flatMap(variantsOf).flatMap((effects) => effects.map((one) => [one.kind, one] as const)));
  const rows = Object.entries(EFFECTS).map(([kind, what]) => {
    const effect = seen.get(kind as Effect['kind']);
    if (effect === undefined) throw new Error(`DOCS_EFFECT_NEVER_SEEN: ${kind}`);
    return `| \`${kind}\` | ${what} | ${effect.urgent ? 'who wrote the entry, at once' : 'the leader'} | ${effect.lane} |`;
  });
  return ['| effect | what it does | performed by | lane |', '|---|---|---|---|', ...rows].join('\n');
}

/** Without what the store adds to every entry: that is shown once, whole. */
function exampleOf(entry: Entry): object {
  const { v: _v, launchId: _id, token: _token, prev: _prev, hash: _hash, key: _key, sig: _sig, ...told } = entry;
  const { kind, seq, atMs, by, ...rest } = told;
  return { kind, seq, atMs, by, ...rest };
}

export type Example = { kind: EntryKind; seq: number };

/** The examples in the page, by the name of their block. */
export function examplesIn(page: string): Map<string, Example> {
  const found = [...page.matchAll(BLOCK)].flatMap(([block, , name = '']): [string, Example][] => {
    const text = /```json\n([\s\S]*?)\n```/.exec(block)?.[1];
    return text === undefined ? [] : [[name, JSON.parse(text) as Example]];
  });
  return new Map(found);
}

function json(value: object): string {
  return ['```json', pretty(value, ''), '```'].join('\n');
}

const WIDTH = 110;

/** JSON whose objects and lists stay on one line where they fit. */
function pretty(value: unknown, indent: string): string {
  const flat = oneLine(value);
  if (value === null || typeof value !== 'object' || indent.length + flat.length <= WIDTH) return flat;
  const inner = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((one) => `${inner}${pretty(one, inner)}`)
    : Object.entries(value).map(([name, one]) => `${inner}${JSON.stringify(name)}: ${pretty(one, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

function oneLine(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  const parts = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${oneLine(one)}`);
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

/** What docs/entries.md says of each kind, as plain text: its words before the block of the example. */
export function kindWords(page: string): Map<string, string> {
  return new Map(
    page
      .split(/^### /m)
      .slice(1)
      .map((text): [string, string] => {
        const [heading = '', ...rest] = (text.split('<!--')[0] ?? '').split('\n');
        const words = rest.join(' ').replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1');
        return [heading, words.replaceAll(/\s+/g, ' ').trim()];
      }),
  );
}
