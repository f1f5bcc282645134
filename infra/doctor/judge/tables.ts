import { about, figure, unasked } from './line.ts';
import type { Asked, Line } from './line.ts';

export type Keys = readonly (readonly [name: string, type: 'S' | 'N'])[];

/** What DescribeTable says, in short; null: there is none. */
export interface FoundTable {
  status: string;
  keys: Keys;
  onDemand: boolean;
  /** Units a second that it takes at once: warm throughput, or what is provisioned. */
  writes: number;
  reads: number;
  warming: boolean;
}

const words = (keys: Keys): string => keys.map(([name, type]) => `${name} (${type})`).join(', ');

const created = (name: string, keys: Keys): string =>
  `aws dynamodb create-table --table-name ${name} --billing-mode PAY_PER_REQUEST --attribute-definitions ${keys
    .map(([key, type]) => `AttributeName=${key},AttributeType=${type}`)
    .join(' ')} --key-schema ${keys
    .map(([key], at) => `AttributeName=${key},KeyType=${at === 0 ? 'HASH' : 'RANGE'}`)
    .join(' ')}`;

export function judgeTable(which: string, name: string, keys: Keys, asked: Asked<FoundTable | null>): Line {
  const [id, title] = [`tables.${which}`, `Table ${name}`];
  const line = about(id, title);
  const needed = `keys ${words(keys)}, active`;
  if (!asked.ok) return unasked(id, title, needed, asked.failure);
  const { value: table } = asked;
  if (table === null) return line.wrong({ found: 'no such table', needed, fix: created(name, keys) });
  if (words(table.keys) !== words(keys))
    return line.wrong({
      found: `keys ${words(table.keys)}`,
      needed,
      fix: `Keys of a table can't be changed: name another GOBUTTON_TABLE_PREFIX, or delete it if nothing in it is needed, then ${created(name, keys)}`,
    });
  if (table.status !== 'ACTIVE' && table.status !== 'UPDATING')
    return line.wrong({ found: `status ${table.status}`, needed, fix: 'Wait until it is active; then run this again' });
  return line.ok({ found: `keys ${words(table.keys)}, ${table.onDemand ? 'on demand' : 'provisioned'}`, needed });
}

/** The claims are what a shot writes most of (docs/facts.md#claims-rate). */
export function judgeWarm(name: string, neededUnits: number | null, asked: Asked<FoundTable | null>): Line {
  const [id, title] = ['tables.warm', 'Writes that the claims take at once'];
  const line = about(id, title);
  const needed = neededUnits === null ? 'known with the audience' : `${figure(neededUnits)} write units a second`;
  if (!asked.ok) return unasked(id, title, needed, asked.failure);
  const { value: table } = asked;
  if (table === null) return line.unknown({ found: 'no such table', needed, fix: 'Create it first' });
  const kind = table.onDemand ? 'on demand, warm for' : 'provisioned with';
  const found = `${kind} ${figure(table.writes)}`;
  if (neededUnits === null) return line.unknown({ found, needed, fix: SAY_DEVICES });
  if (table.writes >= neededUnits) return line.ok({ found, needed });
  if (table.warming)
    return line.unknown({ found: `${found}, and being raised`, needed, fix: 'Run this again in some minutes' });
  return line.wrong({
    found,
    needed,
    fix: table.onDemand
      ? `aws dynamodb update-table --table-name ${name} --warm-throughput ReadUnitsPerSecond=${Math.max(table.reads, 12_000)},WriteUnitsPerSecond=${neededUnits} (it is charged once and can't be lowered)`
      : `aws dynamodb update-table --table-name ${name} --provisioned-throughput ReadCapacityUnits=${Math.max(1, table.reads)},WriteCapacityUnits=${neededUnits}`,
  });
}

export const SAY_DEVICES =
  'Known once the launch has its audience; until then say `npm run doctor -- --devices 6000000`';
