import { about, unasked } from './line.ts';
import type { Asked, Line } from './line.ts';
import type { FoundStart } from './start.ts';

/** Of the pool's ECS service and its task definition. */
export interface FoundService {
  image: string;
  command: readonly string[];
  vcpus: number | null;
  taskRoleArn: string | null;
  /** Null: not said, 30 s by default. */
  stopTimeoutS: number | null;
  /** Some of its tasks at least run on Fargate Spot. */
  isSpot: boolean;
  start: FoundStart;
}

/** A worker that is asked to stop takes 20 s and some (README, "A real AWS account"). */
const STOP_SECONDS = 30;

export function judgeService(target: { cluster: string; service: string }, asked: Asked<FoundService | null>): Line {
  const [id, title] = ['service.worker', `ECS service ${target.cluster}/${target.service}`];
  const line = about(id, title);
  const needed = `a service whose task runs node itself and has ${STOP_SECONDS} s to stop`;
  if (!asked.ok) return unasked(id, title, needed, asked.failure);
  const { value: service } = asked;
  if (service === null)
    return line.wrong({
      found: 'no such service',
      needed,
      fix: "Create it, or correct cluster and service of the runbook's scale target",
    });
  const stop = service.stopTimeoutS ?? STOP_SECONDS;
  if (stop < STOP_SECONDS)
    return line.wrong({
      found: `stopTimeout ${stop} s`,
      needed,
      fix: `Set "stopTimeout": ${STOP_SECONDS} in the container definition, or claimed batches are cut off`,
    });
  const [first = ''] = service.command;
  if (/(^|\/)(npm|npx|sh|bash)$/.test(first))
    return line.wrong({
      found: `it starts ${service.command.join(' ').slice(0, 80)}`,
      needed,
      // docs/facts.md#node-as-pid-1
      fix: 'Set "command": ["node", "--max-semi-space-size=4", "workers/main.ts"]: under npm or a shell a task loses its drain',
    });
  return line.ok({ found: `${first.split('/').at(-1) || "the image's own command"}, ${stop} s to stop`, needed });
}

export function judgeCapacity(isSpot: boolean, isRehearsal: boolean): Line {
  const line = about('service.capacity', 'Capacity of the workers');
  const needed = isRehearsal ? 'Spot or on demand, for a rehearsal' : 'on demand, for an event';
  const found = isSpot ? 'Fargate Spot' : 'on demand';
  if (!isSpot || isRehearsal) return line.ok({ found, needed });
  return line.wrong({
    found: `${found}: AWS may take a worker back two minutes after it says so`,
    needed,
    fix: 'Set workers.spot: false in launch.yaml and deploy; of a rehearsal, say so by `--config` with purpose: rehearsal',
  });
}

export interface FoundImage {
  digest: string;
  bytes: number;
}

export function judgeImage(image: string | null, asked: Asked<FoundImage | null> | null): Line {
  const [id, title] = ['service.image', 'Image of the workers'];
  const line = about(id, title);
  const needed = 'the image that the task definition names';
  if (image === null)
    return line.unknown({ found: 'no task definition to look at', needed, fix: 'See the ECS service' });
  // No registry begins so: the local cloud starts a program of this machine.
  if (image.startsWith('/')) return line.ok({ found: `none: the program ${image}`, needed });
  if (asked === null)
    return line.unknown({ found: `${image}, which is not in ECR`, needed, fix: 'Look into its registry by hand' });
  if (!asked.ok) return unasked(id, title, needed, asked.failure);
  return asked.value === null
    ? line.wrong({ found: `${image} is not there`, needed, fix: `Build it and push it: docker push ${image}` })
    : line.ok({ found: `${image} (${Math.round(asked.value.bytes / 1_000_000)} MB)`, needed });
}

export function judgeBucket(bucket: string, asked: Asked<'there' | 'missing' | 'elsewhere'>): Line {
  const [id, title] = ['tables.bucket', `Bucket ${bucket}`];
  const line = about(id, title);
  const needed = 'a bucket of this account and Region';
  if (!asked.ok) return unasked(id, title, needed, asked.failure);
  switch (asked.value) {
    case 'there':
      return line.ok({ found: 'there', needed });
    case 'missing':
      return line.wrong({ found: 'no such bucket', needed, fix: `aws s3api create-bucket --bucket ${bucket}` });
    case 'elsewhere':
      return line.wrong({ found: 'in another Region', needed, fix: 'Correct GOBUTTON_BUCKET or AWS_REGION' });
    default:
      return asked.value satisfies never;
  }
}

export function judgeIdentity(asked: Asked<{ account: string; arn: string }>): Line {
  const [id, title] = ['aws.identity', 'AWS credentials'];
  const needed = 'credentials that AWS takes';
  if (asked.ok) return about(id, title).ok({ found: `${asked.value.arn} of account ${asked.value.account}`, needed });
  const line = unasked(id, title, needed, asked.failure);
  return asked.failure.kind === 'credentials' ? { ...line, state: 'wrong' } : line;
}
