import { setImmediate as turn } from 'node:timers/promises';
import '../infra/check-node.mjs';
import { hearStopSignals } from '../infra/stop-signal.ts';

// Before everything that takes time to load. Loading is one long turn: what came meanwhile is heard before anything begins.
const handOver = hearStopSignals();
const { runBot } = await import('./run.ts');
await turn();
await runBot(handOver);
