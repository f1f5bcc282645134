import { ACCOUNT_ID, REGION } from './account.ts';
import type { Account } from './account.ts';
import { AwsError, invalid, notImplemented, refuseOtherFields } from './aws-error.ts';

interface Default {
  code: string;
  name: string;
  value: number;
  isAdjustable: boolean;
}

/**
 * What AWS has for an account that has been in use for a while (a new one begins with 6 vCPUs of Fargate, see
 * docs/facts.md#fargate-quotas). The codes of ECS are made up here: they are found by name.
 */
const DEFAULTS: Record<string, Default[]> = {
  fargate: [
    { code: 'L-3032A538', name: 'Fargate On-Demand vCPU resource count', value: 4_000, isAdjustable: true },
    { code: 'L-36FBB829', name: 'Fargate Spot vCPU resource count', value: 4_000, isAdjustable: true },
  ],
  ecs: [
    { code: 'L-00EC5001', name: 'Tasks per service', value: 5_000, isAdjustable: true },
    {
      code: 'L-00EC5002',
      name: 'Rate of tasks launched by a service on AWS Fargate',
      value: 500,
      isAdjustable: true,
    },
  ],
  dynamodb: [
    { code: 'L-CF0CBE56', name: 'Table-level read throughput limit', value: 40_000, isAdjustable: true },
    { code: 'L-AB614373', name: 'Table-level write throughput limit', value: 40_000, isAdjustable: true },
    {
      code: 'L-34F6A552',
      name: 'Account-level read throughput limit (Provisioned mode)',
      value: 80_000,
      isAdjustable: true,
    },
    {
      code: 'L-34F8CCC8',
      name: 'Account-level write throughput limit (Provisioned mode)',
      value: 80_000,
      isAdjustable: true,
    },
  ],
};
const PAGE = 100;

interface Input {
  ServiceCode?: string;
  QuotaCode?: string;
  MaxResults?: number;
  NextToken?: string;
}

const FIELDS: Record<string, string[]> = {
  ListServiceQuotas: ['ServiceCode', 'MaxResults', 'NextToken'],
  GetServiceQuota: ['ServiceCode', 'QuotaCode'],
  GetAWSDefaultServiceQuota: ['ServiceCode', 'QuotaCode'],
};

/** Service Quotas, for reading: the services that a launch is bounded by. */
export function startServiceQuotas(account: Account): (operation: string, input: unknown) => unknown {
  const shown = (service: string, { code, name, value, isAdjustable }: Default, isDefault: boolean) => ({
    ServiceCode: service,
    ServiceName: service,
    QuotaArn: `arn:aws:servicequotas:${REGION}:${isDefault ? '' : ACCOUNT_ID}:${service}/${code}`,
    QuotaCode: code,
    QuotaName: name,
    Value: isDefault ? value : (account.quotas[code] ?? value),
    Unit: 'None',
    Adjustable: isAdjustable,
    GlobalQuota: false,
  });

  return (operation, raw) => {
    const input = raw as Input;
    const fields = FIELDS[operation];
    if (fields === undefined) throw notImplemented('servicequotas', operation);
    refuseOtherFields('servicequotas', operation, input, fields);
    const service = input.ServiceCode ?? '';
    const known = DEFAULTS[service];
    if (known === undefined) throw missing('The request failed because the specified service does not exist.');
    if (operation === 'ListServiceQuotas') {
      const size = input.MaxResults ?? PAGE;
      if (!Number.isInteger(size) || size < 1 || size > PAGE)
        throw invalid(`Value '${size}' at 'maxResults' failed to satisfy constraint: Member must be between 1 and 100`);
      const from = Number(input.NextToken ?? 0);
      return {
        Quotas: known.slice(from, from + size).map((one) => shown(service, one, false)),
        ...(from + size < known.length ? { NextToken: String(from + size) } : {}),
      };
    }
    const found = known.find(({ code }) => code === input.QuotaCode);
    if (found === undefined) throw missing('The request failed because the specified quota does not exist.');
    return { Quota: shown(service, found, operation === 'GetAWSDefaultServiceQuota') };
  };
}

const missing = (message: string) => new AwsError('NoSuchResourceException', message);
