import { createPost } from '../../aws/calls/post.ts';
import { refusalFrom } from '../../aws/calls/refusal.ts';
import { signedHeaders } from '../../aws/calls/signer.ts';
import type { CloudConfig } from '../../aws/cloud-config.ts';
import type { Asked } from '../judge/line.ts';
import type { FoundLogGroup } from '../judge/logs.ts';
import type { DoctorClients } from './aws-clients.ts';

const OPERATION = 'DescribeLogGroups';
/** Names sort as ASCII, so one of that very name comes before all that begin with it. */
const FIRST = 1;

/**
 * How long a log group of CloudWatch Logs keeps what it gets; null: it is not there. It is the one call to that service, in its own
 * JSON (docs/facts.md#log-group-missing), signed as our other direct calls are; the credentials are those of the SDK's clients.
 */
export function findLogGroup(
  { sts, ask }: DoctorClients,
  { endpoint, region }: Pick<CloudConfig, 'endpoint' | 'region'>,
  limitMs: number,
  name: string,
): Promise<Asked<FoundLogGroup | null>> {
  return ask(`logs:${OPERATION}`, async (signal) => {
    const { origin, host } = new URL(
      endpoint ?? `https://logs.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`,
    );
    const body = JSON.stringify({ logGroupNamePrefix: name, limit: FIRST });
    const headers = signedHeaders(
      { origin, host, path: '/', region, signingName: 'logs' },
      { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Logs_20140328.${OPERATION}` },
      body,
      await sts.config.credentials(),
      Date.now() + sts.config.systemClockOffset,
    );
    const { post, destroy } = createPost({ sockets: 1, connectTimeoutMs: limitMs });
    try {
      const answer = await post({ origin, path: '/', headers, body }, { timeoutMs: limitMs, signal });
      if (answer.status !== 200) throw refusalFrom('logs', answer);
      const { logGroups = [] } = JSON.parse(answer.body.toString()) as { logGroups?: Described[] };
      const found = logGroups.find(({ logGroupName }) => logGroupName === name);
      return found === undefined ? null : { days: found.retentionInDays ?? null };
    } finally {
      destroy();
    }
  });
}

interface Described {
  logGroupName?: string;
  /** Absent: for ever. */
  retentionInDays?: number;
}
