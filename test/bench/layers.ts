import type { Profiler } from 'node:inspector';

/** Where the time of a sending process goes, by layer of the lane. */
export const LAYERS = [
  'compose',
  'socket write',
  'socket read and event loop',
  'parse',
  'settle and account',
  'job',
  'gc',
  'other',
] as const;
type Layer = (typeof LAYERS)[number];
/** Self time in ms; idle time and the profiler's own are left out. The profiler counts by the clock: on a busy machine these are upper bounds. */
export type Layers = Record<Layer, number>;

type Node = Profiler.ProfileNode;

/** Self time by layer. Native and node: functions count for the layer that called them: `Buffer.copy` in compose is composing. */
export function byLayer({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Layers {
  const parents = new Map<number, Node>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node);
  const known = new Map<number, Layer | 'not counted'>();
  const layerOf = (node: Node): Layer | 'not counted' => {
    const found = known.get(node.id);
    if (found !== undefined) return found;
    const parent = parents.get(node.id);
    const layer = ownLayer(node) ?? (parent === undefined ? 'other' : layerOf(parent));
    known.set(node.id, layer);
    return layer;
  };
  const layers = Object.fromEntries(LAYERS.map((layer) => [layer, 0])) as Layers;
  samples.forEach((id, at) => {
    const node = byId.get(id);
    const layer = node === undefined ? 'not counted' : layerOf(node);
    if (layer !== 'not counted') layers[layer] += (timeDeltas[at] ?? 0) / 1_000;
  });
  return layers;
}

/** By the function itself; null: whatever its caller is. */
function ownLayer({ callFrame: { functionName, url } }: Node): Layer | 'not counted' | null {
  if (functionName === '(idle)' || url === 'node:inspector') return 'not counted';
  const name = functionName.slice(functionName.lastIndexOf('.') + 1);
  if (functionName === '(garbage collector)') return 'gc';
  // What no JavaScript was on the stack for: decryption, reading and polling of the sockets.
  if (functionName === '(program)' || functionName === 'onStreamRead' || url.endsWith('/h2/connect.ts'))
    return 'socket read and event loop';
  if (/\/(wire-lane|wire-pool|token-bucket)\.ts$/.test(url)) return 'settle and account';
  if (url.includes('/test/bench/') || url.includes('/workers/send/')) return 'job';
  if (/\/(frame-reader|header-blocks|hpack-decoder)\.ts$/.test(url)) return 'parse';
  if (/\/(request-template|hpack-encoder)\.ts$/.test(url)) return 'compose';
  if (url.endsWith('/h2/connection.ts')) {
    if (name === '#write' || name === '#flush') return 'socket write';
    return /^(fill|#compose|#request|#ids|#takeControl|#sendPartials|get (limit|free))$/.test(name)
      ? 'compose'
      : 'parse';
  }
  if (functionName === 'writeBuffer' || functionName === 'onWriteComplete') return 'socket write';
  return null;
}
