import { AwsError, invalid, refuseOtherFields } from './aws-error.ts';

/**
 * What DynamoDB keeps of a table besides its items, and dynalite does not: what it lets go by itself, and whether it can be put
 * back. Both are said and changed here; nothing expires, and there is nothing to put back.
 */
export type TableSettings = Record<string, { ttl: string | null; isBackedUp: boolean }>;

const FIELDS: Record<string, string[]> = {
  DescribeTimeToLive: ['TableName'],
  UpdateTimeToLive: ['TableName', 'TimeToLiveSpecification'],
  DescribeContinuousBackups: ['TableName'],
  UpdateContinuousBackups: ['TableName', 'PointInTimeRecoverySpecification'],
};

interface Input {
  TableName?: string;
  TimeToLiveSpecification?: { AttributeName?: string; Enabled?: boolean };
  PointInTimeRecoverySpecification?: { PointInTimeRecoveryEnabled?: boolean };
}

export function tableSettings(settings: TableSettings, save: () => void, describe: (name: string) => Promise<unknown>) {
  const change = (name: string, to: Partial<TableSettings[string]>): void => {
    settings[name] = { ttl: null, isBackedUp: false, ...settings[name], ...to };
    save();
  };

  async function known(operation: string, name: string): Promise<void> {
    try {
      await describe(name);
    } catch (error) {
      // Backups have a name of their own for it.
      throw operation.endsWith('ContinuousBackups')
        ? new AwsError('TableNotFoundException', `Table not found: ${name}`)
        : error;
    }
  }

  return {
    has: (operation: string): boolean => Object.hasOwn(FIELDS, operation),
    forget(name: string): void {
      delete settings[name];
      save();
    },
    async call(operation: string, raw: Record<string, unknown>): Promise<unknown> {
      refuseOtherFields('dynamodb', operation, raw, FIELDS[operation] ?? []);
      const input = raw as Input;
      const name = input.TableName ?? '';
      await known(operation, name);
      const ttl = settings[name]?.ttl ?? null;
      switch (operation) {
        case 'UpdateTimeToLive': {
          const { AttributeName: attribute = '', Enabled: isOn = false } = input.TimeToLiveSpecification ?? {};
          if (isOn === (ttl !== null)) throw invalid(`TimeToLive is already ${isOn ? 'enabled' : 'disabled'}`);
          change(name, { ttl: isOn ? attribute : null });
          return { TimeToLiveSpecification: { AttributeName: attribute, Enabled: isOn } };
        }
        case 'DescribeTimeToLive':
          return {
            TimeToLiveDescription:
              ttl === null ? { TimeToLiveStatus: 'DISABLED' } : { TimeToLiveStatus: 'ENABLED', AttributeName: ttl },
          };
        case 'UpdateContinuousBackups':
          change(name, {
            isBackedUp: input.PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled === true,
          });
          return backups(settings[name]?.isBackedUp === true);
        default:
          return backups(settings[name]?.isBackedUp === true);
      }
    },
  };
}

const backups = (isOn: boolean) => ({
  ContinuousBackupsDescription: {
    ContinuousBackupsStatus: 'ENABLED',
    PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: isOn ? 'ENABLED' : 'DISABLED' },
  },
});
