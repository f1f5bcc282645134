import { about, unasked } from './line.ts';
import type { Asked, Line } from './line.ts';
import type { FoundStart } from './start.ts';

/** The newest revision of a task definition; null: there is none. */
export interface FoundTask {
  image: string;
  /** That its starter must hand on. */
  roles: readonly string[];
  start: FoundStart;
}

export function judgeAudienceTask(family: string, asked: Asked<FoundTask | null>): Line {
  const [id, title] = ['service.audience', 'Task that compiles audiences'];
  const line = about(id, title);
  const needed = `the task definition ${family}, for \`/go audience compile\``;
  if (!asked.ok) return unasked(id, title, needed, asked.failure);
  return asked.value === null
    ? line.wrong({
        found: 'no such task definition',
        needed,
        fix: 'npm run infra -- deploy --config launch.yaml; or correct GOBUTTON_AUDIENCE_TASK',
      })
    : line.ok({ found: asked.value.image, needed });
}
