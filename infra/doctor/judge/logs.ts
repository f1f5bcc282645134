import { about, unasked } from './line.ts';
import type { Asked, Line } from './line.ts';

export interface FoundLogGroup {
  /** Null: it keeps all, for ever. */
  days: number | null;
}

/** As the stacks make them (infra/cdk/run/task.ts). A postmortem that begins a month later still finds its logs. */
const KEPT_DAYS = 90;
const LEAST_DAYS = 30;

/** ECS makes no log group: without it no task starts (docs/facts.md#log-group-missing). */
export function judgeLogGroup(name: string, process: string, region: string, asked: Asked<FoundLogGroup | null>): Line {
  const [id, title] = [`logs.${process}`, `Log group ${name}`];
  const line = about(id, title);
  const needed = `there, for the ${process}; it keeps what it gets for ${LEAST_DAYS} days or more, and not for ever`;
  if (!asked.ok) return unasked(id, title, needed, asked.failure);
  const keep = `aws logs put-retention-policy --log-group-name ${name} --retention-in-days ${KEPT_DAYS} --region ${region}`;
  if (asked.value === null)
    return line.wrong({
      found: 'no such log group: no task starts',
      needed,
      fix: `aws logs create-log-group --log-group-name ${name} --region ${region} && ${keep}`,
    });
  const { days } = asked.value;
  if (days === null)
    return line.wrong({ found: 'there; it keeps all for ever, and costs more each month', needed, fix: keep });
  if (days < LEAST_DAYS)
    return line.wrong({ found: `there, for ${days === 1 ? '1 day' : `${days} days`}`, needed, fix: keep });
  return line.ok({ found: `there, for ${days} days`, needed });
}
