import { BATCHES } from './held/batches.ts';
import { CONDUCTOR } from './held/conductor.ts';
import type { Held } from './held/held-file.ts';
import { LAUNCH } from './held/launch.ts';
import { PLAYBOOK } from './held/playbook.ts';
import { SEND } from './held/send.ts';
import { SETTLE } from './held/settle.ts';

export const FLOOR_PERCENT = 90;

export const HELD: readonly Held[] = [...LAUNCH, ...PLAYBOOK, ...SEND, ...SETTLE, ...BATCHES, ...CONDUCTOR];

export const testsOf = (held: Held): string[] => held.by ?? [held.file.replace(/\.ts$/, '.test.ts')];
