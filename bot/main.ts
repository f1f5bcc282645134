import { setImmediate as turn } from 'node:timers/promises';
import '../infra/check-node.mjs';
import { scriptArguments } from '../infra/command-line/command-line.ts';
import { hearStopSignals } from '../infra/stop-signal.ts';

// Before everything that takes time to load. Loading is one long turn: what came meanwhile is heard before anything begins.
const handOver = hearStopSignals();
scriptArguments('npm run bot: takes its environment, and no options (docs/aws.md)', {});
const { runBot } = await import('./run.ts');
await turn();
await runBot(handOver);
