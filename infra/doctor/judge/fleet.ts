import { about, counted, figure } from './line.ts';
import type { Line } from './line.ts';

/** What a configuration stands up, and what its event asks for by the sizing. */
export interface Fleet {
  tasks: number;
  vcpu: number;
  wanted: number;
  bound: string;
}

export function judgeFleet({ tasks, vcpu, wanted, bound }: Fleet): Line {
  const line = about('size.workers', 'Workers of the configuration');
  const found = `${counted(tasks, 'workers')} of ${vcpu} vCPU`;
  const needed = `${figure(wanted)}, bound by ${bound}`;
  if (tasks >= wanted) return line.ok({ found, needed });
  return line.wrong({
    found,
    needed,
    fix: `Set workers.count: ${wanted} in launch.yaml, or give the shot more time (size.within); the sizing is explained by npm run size`,
  });
}
