import { ACCOUNT_ID, REGION } from './account.ts';
import type { Account } from './account.ts';
import { invalid, notImplemented, refuseOtherFields } from './aws-error.ts';

interface Input {
  logGroupNamePrefix?: string;
  limit?: number;
}

const LIMIT_MOST = 50;

/** CloudWatch Logs, for reading: which groups there are, and how long each keeps what it gets. */
export function startLogs(account: Account): (operation: string, input: unknown) => unknown {
  return (operation, raw) => {
    if (operation !== 'DescribeLogGroups') throw notImplemented('logs', operation);
    const input = raw as Input;
    refuseOtherFields('logs', operation, input, ['logGroupNamePrefix', 'limit']);
    const { logGroupNamePrefix: prefix = '', limit = LIMIT_MOST } = input;
    if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MOST)
      throw invalid(`Value '${limit}' at 'limit' failed to satisfy constraint: Member must be between 1 and 50`);
    const names = Object.keys(account.logGroups)
      .filter((name) => name.startsWith(prefix))
      .toSorted();
    return {
      logGroups: names.slice(0, limit).map((name) => ({
        logGroupName: name,
        arn: `arn:aws:logs:${REGION}:${ACCOUNT_ID}:log-group:${name}:*`,
        ...(account.logGroups[name] === null ? {} : { retentionInDays: account.logGroups[name] }),
      })),
      ...(names.length > limit ? { nextToken: String(limit) } : {}),
    };
  };
}
