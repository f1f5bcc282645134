import { expect, test } from 'vitest';
import { keysOf, TABLE_IDS, TABLES } from '../../aws/tables.ts';
import { deploymentForTests, templatesForTests } from '../for-tests.ts';

const { data } = templatesForTests(deploymentForTests());

test.each(TABLE_IDS)('the table %s has the keys that processes use', (table) => {
  const found = Object.values(data?.findResources('AWS::DynamoDB::GlobalTable') ?? {}).find(
    ({ Properties: properties }) => properties.TableName === `superbowl-${table}`,
  );
  expect(found?.['Properties']).toMatchObject(keysOf(TABLES[table]));
});
