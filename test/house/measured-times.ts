import { parseAst } from 'vitest/node';

/** Of the syntax tree: the kind and the place, and by their names the parts. */
interface Node {
  type: string;
  start: number;
  end: number;
  [part: string]: unknown;
}
/** What a name stands for: each value that it is given, and each function that it is the name of. */
type Named = readonly (readonly [name: string, value: Node])[];

const CLOCKS = /\b(?:performance\.now|Date\.now|hrtime(?:\.bigint)?)\(|\bnew Date\(\)/;
/** Each call is a measure by itself. */
const GAUGES =
  /\b(?:cpuUsage|threadCpuUsage|resourceUsage|memoryUsage|rss|eventLoopUtilization|monitorEventLoopDelay)\(/;
/** What helpers in other files have measured. */
const ELSEWHERE = ['tookMs', 'pressToLastSendMs', 'readAgoMs'];
const MOST = new Set(['toBeLessThan', 'toBeLessThanOrEqual', 'toBeCloseTo']);
const LEAST = new Set(['toBeGreaterThan', 'toBeGreaterThanOrEqual']);
const WAITS = new Set(['waitFor', 'waitUntil', 'poll', 'until']);

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value;
const isFunction = ({ type }: Node): boolean => /Function/.test(type);
const nodesOf = (value: unknown): Node[] => (Array.isArray(value) ? value : [value]).filter(isNode);
const part = (node: Node | undefined, name: string): Node | undefined => nodesOf(node?.[name])[0];
/** Itself and all that it holds. */
const within = (node: Node): readonly Node[] => {
  const known = HELD.get(node);
  if (known !== undefined) return known;
  const held = [node, ...Object.values(node).flatMap(nodesOf).flatMap(within)];
  HELD.set(node, held);
  return held;
};
const HELD = new WeakMap<Node, readonly Node[]>();
const argumentsOf = (call: Node): Node[] => nodesOf(call['arguments']);
const nameOf = (node: Node | undefined): string => (node?.type === 'Identifier' ? String(node['name']) : '');
/** `test` of `test.each(…)(…)`. */
const rootOf = (callee: Node | undefined): string =>
  callee === undefined || callee.type === 'Identifier'
    ? nameOf(callee)
    : rootOf(part(callee, 'object') ?? part(callee, 'callee'));

function namedIn(all: readonly Node[]): Named {
  return all.flatMap((node) => {
    if (node.type === 'FunctionDeclaration') return [[nameOf(part(node, 'id')), node] as const];
    const to = part(node, 'id') ?? part(node, 'left') ?? part(node, 'key');
    const value =
      part(node, 'init') ??
      (node.type === 'AssignmentExpression' ? part(node, 'right') : undefined) ??
      (node.type === 'Property' ? part(node, 'value') : undefined);
    return to === undefined || value === undefined ? [] : within(to).map((name) => [nameOf(name), value] as const);
  });
}

/** What it comes from: what a function is given is no part of what it gives, but for sums and the like. */
function sourcesOf(node: Node): Node[] {
  const callee = part(node, 'callee');
  const isSum = /^(?:Math|Number|Promise|Array)$/.test(rootOf(callee));
  const from =
    callee !== undefined
      ? [callee, ...argumentsOf(node).filter((one) => isSum || isFunction(one))]
      : nodesOf(node.type === 'Property' ? node['value'] : Object.values(node).flat());
  return [node, ...from.flatMap(sourcesOf)];
}

/**
 * Tests that hold a measured time, CPU time or memory to at most so much, or have or wait for less time than all are
 * patient, and may not be tried a second
 * time: each as its name with what it holds so. A limit that was measured too, around the same work, is none: it grows with the noise.
 */
export function boundTests(source: string, patience: { waitMs: number; testMs: number }): string[] {
  const all = within(parseAst(source, { lang: 'ts' }) as unknown as Node);
  const text = ({ start, end }: Node): string => source.slice(start, end);
  const calls = all.filter(({ type }) => type === 'CallExpression');
  const named = namedIn(all);
  const namesOf = (holds: (value: Node) => boolean): string[] =>
    named.filter(([name, value]) => name !== '' && holds(value)).map(([name]) => name);
  const values = new Map(named.filter(([name]) => name !== ''));
  /** Of an argument, ms; it may stand elsewhere under a name. */
  const limitOf = (one: Node): number => limitIn(text(values.get(nameOf(one)) ?? one));
  const isBound = boundsIn({ text, namesOf, limitOf, waitMs: patience.waitMs });
  const functions = new Map(named.filter(([, value]) => isFunction(value)));
  const reached = (node: Node, seen = new Set<Node>()): Set<Node> => {
    seen.add(node);
    for (const name of within(node).map(nameOf)) {
      const called = functions.get(name);
      if (called !== undefined && !seen.has(called)) reached(called, seen);
    }
    return seen;
  };
  const marks = new Set(namesOf((value) => text(value).startsWith('secondTry(')));
  const isExcused = (call: Node): boolean =>
    argumentsOf(call).some(
      (one) =>
        !isFunction(one) && (/\bsecondTry\(/.test(text(one)) || within(one).some((name) => marks.has(nameOf(name)))),
    );
  const hooks = calls.filter((call) => rootOf(part(call, 'callee')) === 'beforeEach');
  return calls.flatMap((call) => {
    const [title, ...rest] = argumentsOf(call);
    const body = rest.find(isFunction);
    if (!/^(?:test|it)$/.test(rootOf(part(call, 'callee'))) || title === undefined || body === undefined) return [];
    const around = calls.filter(({ start, end }) => start <= call.start && call.end <= end);
    if (around.some(isExcused)) return [];
    if ([...hooks, ...reached(body)].some((one) => /\buseFakeTimers\(/.test(text(one)))) return [];
    const groups = around.filter((one) => one !== call && rootOf(part(one, 'callee')) === 'describe');
    const own = [...rest, ...groups.flatMap(argumentsOf)].filter(
      (one) => !isFunction(one) && limitOf(one) < patience.testMs,
    );
    const bounds = [...own, ...[...reached(body)].flatMap((one) => within(one).filter(isBound))].map(text);
    return bounds.length === 0 ? [] : [`${text(title)}: ${[...new Set(bounds)].join(' and ')}`];
  });
}

function limitIn(argument: string): number {
  const limit = /^(?:\{.*?\btimeout: )?(\d[\d_]*)\b/s.exec(argument)?.[1];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit.replaceAll('_', ''));
}

/** Whether a node holds something measured to at most so much. */
function boundsIn({
  text,
  namesOf,
  limitOf,
  waitMs,
}: {
  text: (node: Node) => string;
  namesOf: (holds: (value: Node) => boolean) => string[];
  limitOf: (argument: Node) => number;
  waitMs: number;
}): (node: Node) => boolean {
  const uses = (node: Node, names: ReadonlySet<string>): boolean =>
    sourcesOf(node).some((one) => names.has(nameOf(one)));
  const readings = new Set(namesOf((value) => !isFunction(value) && CLOCKS.test(text(value))));
  const measured = new Set(ELSEWHERE);
  const measures = (node: Node): boolean =>
    uses(node, measured) ||
    sourcesOf(node).some((one) => one.type === 'CallExpression' && GAUGES.test(text(one))) ||
    sourcesOf(node).some(
      (one) =>
        one['operator'] === '-' && one.type === 'BinaryExpression' && (CLOCKS.test(text(one)) || uses(one, readings)),
    );
  for (let before = -1; before < measured.size;) {
    before = measured.size;
    for (const name of namesOf(measures)) measured.add(name);
  }
  /** A limit that was measured too is none. */
  const isHeld = (value: Node, to: readonly Node[]): boolean => measures(value) && !to.some(measures);
  return (node) => {
    const [left, right] = [part(node, 'left'), part(node, 'right')];
    const operator = String(node['operator']);
    if (/^[<>]=?$/.test(operator) && left !== undefined && right !== undefined)
      return operator.startsWith('<') ? isHeld(left, [right]) : isHeld(right, [left]);
    if (node.type !== 'CallExpression') return false;
    const [callee, given] = [part(node, 'callee'), argumentsOf(node)];
    const name = nameOf(part(callee, 'property') ?? callee);
    const expected = within(node).find((one) => nameOf(part(one, 'callee')) === 'expect');
    const [value] = expected === undefined ? [] : argumentsOf(expected);
    if (value !== undefined && MOST.has(name)) return isHeld(value, given);
    if (value !== undefined && LEAST.has(name))
      return nameOf(part(part(callee, 'object'), 'property')) === 'not'
        ? isHeld(value, given)
        : Number.isFinite(limitOf(value)) && given.some(measures);
    const limits = given.slice(1).map(limitOf);
    return WAITS.has(name) && (limits.find(Number.isFinite) ?? waitMs) < waitMs;
  };
}
