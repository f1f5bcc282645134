import type { CompileAsked } from '../bot/conductor/conductor-port.ts';
import type { Desk } from '../bot/desk.ts';
import type { Launch } from '../runbooks/launch/launch.ts';

export interface TaskDeskOptions {
  /** The run that a task of the audience has, or gets when it is asked for. */
  run: object;
  /** A launch that the journal has. */
  source?: Launch | null;
  /** False: this bot has no such task. */
  hasTask?: boolean;
  /** It runs already: whoever asks gets no other. */
  runs?: boolean;
}

/** A desk as far as a task of the audience is asked for at it; and what was asked of the conductor, and noted as refused. */
export function taskDesk({ run, source = null, hasTask = true, runs = false }: TaskDeskOptions) {
  const asked: CompileAsked[] = [];
  const noted: string[] = [];
  const desk = {
    cloud: { audienceTasks: hasTask ? {} : null },
    journal: { launch: async (id: string) => (id === source?.id ? source : null) },
    conductor: {
      lastCompile: async () => run,
      askCompile: async (_: string, more: CompileAsked) => {
        if (runs) return null;
        asked.push(more);
        return { ...run, ...more };
      },
    },
    refusals: { note: (_launch: string, _who: string, { code }: { code: string }) => noted.push(code) },
  } as unknown as Desk;
  return { desk, asked, noted };
}
