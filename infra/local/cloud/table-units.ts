import { AwsError, invalid } from './aws-error.ts';
import type { Dynamo } from './dynamo.ts';

interface Throughput {
  ReadCapacityUnits: number;
  WriteCapacityUnits: number;
}
interface Described {
  Table: {
    ProvisionedThroughput: Throughput;
    GlobalSecondaryIndexes?: { IndexName: string; ProvisionedThroughput: Throughput }[];
  };
}

/** Write capacity of `table/NAME` and `table/NAME/index/NAME`, as Application Auto Scaling reads and sets it. */
export function tableUnits(dynamo: Dynamo) {
  async function find(resource: string): Promise<{ table: string; index: string | null; throughput: Throughput }> {
    const [, table = '', , index = null] = resource.split('/');
    const described = (await dynamo.call('DescribeTable', { TableName: table }).catch((error: unknown) => {
      if (error instanceof AwsError && error.code.endsWith('ResourceNotFoundException')) return null;
      throw error;
    })) as Described | null;
    const throughput =
      index === null
        ? described?.Table.ProvisionedThroughput
        : described?.Table.GlobalSecondaryIndexes?.find((one) => one.IndexName === index)?.ProvisionedThroughput;
    if (throughput === undefined)
      throw invalid(`DynamoDB ${index === null ? 'table' : 'index'} does not exist: ${resource}`);
    return { table, index, throughput };
  }

  return {
    read: async (resource: string): Promise<number> => (await find(resource)).throughput.WriteCapacityUnits,

    async write(resource: string, units: number): Promise<void> {
      const { table, index, throughput } = await find(resource);
      const ProvisionedThroughput = { ReadCapacityUnits: throughput.ReadCapacityUnits, WriteCapacityUnits: units };
      const change =
        index === null
          ? { ProvisionedThroughput }
          : { GlobalSecondaryIndexUpdates: [{ Update: { IndexName: index, ProvisionedThroughput } }] };
      await dynamo.call('UpdateTable', { TableName: table, ...change }).catch((error: unknown) => {
        if (error instanceof AwsError && error.code.endsWith('ResourceInUseException'))
          throw new AwsError('ConcurrentUpdateException', 'The resource is being updated by another request.');
        throw error;
      });
    },
  };
}
