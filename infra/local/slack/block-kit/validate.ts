import type { z } from 'zod';
import { textOf } from '../state/model.ts';
import type { Json } from '../state/model.ts';
import { messageBlocks, view } from './blocks.ts';

/** One complaint in Slack's words, without the `[ERROR] ` that `response_metadata.messages` puts before it. */
export type Complaint = string;

/** Slack: text of all blocks together (docs/facts.md#slack-message-text). */
const MESSAGE_TEXT_CHARS = 12_000;
/** Slack: characters in all cells of a table. */
const TABLE_CHARS = 10_000;

/** Checks the blocks of a message as the server of Slack would; an empty list means they are fine. */
export function messageBlockProblems(blocks: unknown): Complaint[] {
  const parsed = messageBlocks.safeParse(blocks);
  if (!parsed.success) return complaints(parsed.error, '/blocks', blocks);
  return acrossBlocks(blocks as Json[], '/blocks');
}

/** Checks a view for views.open, push, update and publish. */
export function viewProblems(candidate: unknown): Complaint[] {
  const parsed = view.safeParse(candidate);
  if (!parsed.success) return complaints(parsed.error, '/view', candidate);
  const problems = acrossBlocks(parsed.data.blocks as Json[], '/view/blocks');
  if (parsed.data.type === 'modal') {
    if (parsed.data.title === undefined) problems.push('missing required field: title [json-pointer:/view]');
    const input = parsed.data.blocks.findIndex((one) => one.type === 'input');
    if (input >= 0 && (parsed.data.submit === undefined || parsed.data.submit === null)) {
      problems.push(
        `must define \`submit\` to use an \`input\` block in modals [json-pointer:/view/blocks/${input}/input]`,
      );
    }
  }
  for (const [i, one] of (parsed.data.blocks as Json[]).entries()) {
    if (one['type'] === 'markdown' || one['type'] === 'table')
      problems.push(`unsupported type: ${String(one['type'])} [json-pointer:/view/blocks/${i}/type]`);
  }
  return problems;
}

/** Whether the text of all blocks is more than a message may hold (`msg_blocks_too_long`). */
export function blocksTooLong(blocks: Json[]): boolean {
  return textChars(blocks) > MESSAGE_TEXT_CHARS;
}

function textChars(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + textChars(one), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, one]) => sum + (key === 'text' && typeof one === 'string' ? one.length : textChars(one)),
    0,
  );
}

/** Rules that look at more than one object: unique ids, one table, one focus. */
function acrossBlocks(blocks: Json[], at: string): Complaint[] {
  const problems: Complaint[] = [];
  const blockIds = new Set<unknown>();
  let tables = 0;
  let focused = 0;
  for (const [i, one] of blocks.entries()) {
    const id = one['block_id'];
    if (id !== undefined && blockIds.has(id))
      problems.push(`\`block_id\` already exists: ${textOf(id)} [json-pointer:${at}/${i}/block_id]`);
    blockIds.add(id);
    if (one['type'] === 'table') {
      tables += 1;
      if (tables > 1) problems.push(`only_one_table_allowed [json-pointer:${at}/${i}]`);
      if (textChars(one['rows']) > TABLE_CHARS)
        problems.push(`must be less than ${TABLE_CHARS + 1} characters [json-pointer:${at}/${i}/rows]`);
    }
    const elements = elementsOf(one);
    const actionIds = new Set<unknown>();
    for (const [j, element] of elements.entries()) {
      const actionId = element['action_id'];
      if (actionId !== undefined && actionIds.has(actionId)) {
        problems.push(
          `\`action_id\` "${textOf(actionId)}" already exists for another element in this block [json-pointer:${at}/${i}/elements/${j}/action_id]`,
        );
      }
      actionIds.add(actionId);
      if (element['focus_on_load'] === true && ++focused > 1)
        problems.push(`only one element can have \`focus_on_load\` [json-pointer:${at}/${i}]`);
      problems.push(...initialProblems(element, `${at}/${i}`));
    }
  }
  return problems;
}

/** An initial option must be one of the options, exactly. */
function initialProblems(element: Json, at: string): Complaint[] {
  const initial =
    element['initial_options'] ?? (element['initial_option'] === undefined ? [] : [element['initial_option']]);
  const groups = Array.isArray(element['option_groups']) ? (element['option_groups'] as Json[]) : [];
  const options = [element['options'] ?? [], ...groups.map((group) => group['options'])].flat();
  if (!Array.isArray(initial) || options.length === 0) return [];
  const known = new Set(options.map((option) => (option as Json)['value']));
  return initial
    .filter((option) => !known.has((option as Json)['value']))
    .map(
      (option) =>
        `could not find initial option "${String((option as Json)['value'])}" among the options [json-pointer:${at}/element]`,
    );
}

/** The elements of a block that carry an action id. */
export function elementsOf(block: Json): Json[] {
  if (block['type'] === 'actions') return block['elements'] as Json[];
  if (block['type'] === 'input') return [block['element'] as Json];
  const accessory = block['accessory'] as Json | undefined;
  return accessory === undefined || accessory['type'] === 'image' ? [] : [accessory];
}

function complaints(error: z.ZodError, at: string, input: unknown): Complaint[] {
  return flatten(error.issues)
    .map(({ issue, path }) => {
      return wording(issue, valueAt(input, path)).map((text) => {
        const place = text.startsWith('missing required field') ? path.slice(0, -1) : path;
        return `${text} [json-pointer:${[at, ...place.map(String)].join('/')}]`;
      });
    })
    .flat();
}

/** Looks into unions: the branch whose type was meant speaks, not the union. */
function flatten(
  issues: z.core.$ZodIssue[],
  prefix: PropertyKey[] = [],
): { issue: z.core.$ZodIssue; path: PropertyKey[] }[] {
  return issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ issue, path }];
    const deepest = issue.errors.reduce((best, one) => (depth(one) > depth(best) ? one : best));
    return flatten(deepest, path);
  });
}

function depth(issues: z.core.$ZodIssue[]): number {
  const wrongType = issues.some((issue) => issue.path.at(-1) === 'type');
  return Math.max(...issues.map((issue) => issue.path.length)) - (wrongType ? 10 : 0);
}

function wording(issue: z.core.$ZodIssue, found: unknown): string[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => `invalid additional property: ${key}`);
    case 'too_big':
      return [
        issue.origin === 'array'
          ? `no more than ${issue.maximum} items allowed`
          : `must be less than ${Number(issue.maximum) + 1}${issue.origin === 'string' ? ' characters' : ''}`,
      ];
    case 'too_small':
      return [
        issue.origin === 'array'
          ? `must provide at least ${issue.minimum} items`
          : `must be more than ${Number(issue.minimum) - 1}${issue.origin === 'string' ? ' characters' : ''}`,
      ];
    case 'invalid_union':
      return found === undefined ? ['missing required field: type'] : [`unsupported type: ${textOf(found)}`];
    case 'invalid_type':
      return found === undefined
        ? [`missing required field: ${String(issue.path.at(-1))}`]
        : [`must provide ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`];
    case 'invalid_value':
      return found === undefined
        ? [`missing required field: ${String(issue.path.at(-1))}`]
        : [`must be a valid enum value: ${issue.values.map(String).join(', ')}`];
    default:
      return [issue.message];
  }
}

function valueAt(input: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}
