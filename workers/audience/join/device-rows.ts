import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { TableItem } from '../../../infra/aws/device-table.ts';
import type { Field, Mapping } from '../read/fields.ts';

/** A joined row: what a line of a device list holds. Which of it is a device is judged where lists are. */
export type DeviceRow = Record<Field, string>;

export interface RowShape {
  /** Of tables with one item a user: the attribute with the devices, a list or map of maps, or a list or set of tokens. */
  devices: string;
  /** Field → attribute, with dots between the levels; of the device, else of the item around it. */
  mapping: Mapping;
}

/**
 * The devices of one user's items. An item without the attribute of devices is one device if it has a token, else none. What is no
 * text and no number stays in the row as JSON, and an entry that is no device as an empty one: both are rejected later, and counted.
 */
export function deviceRows(
  user: string,
  items: readonly TableItem[],
  isOneItem: boolean,
  shape: RowShape,
): DeviceRow[] {
  if (!isOneItem) return items.map((item) => rowOf(user, [item], shape));
  return items.flatMap((item) => {
    const held = attributeAt(item, shape.devices);
    if (held === undefined)
      return textOf(attributeAt(item, nameOf('token', shape))) === '' ? [] : [rowOf(user, [item], shape)];
    return entriesOf(held).map((entry) =>
      entry.M === undefined
        ? { ...rowOf(user, [item], shape), token: textOf(entry) }
        : rowOf(user, [entry.M, item], shape),
    );
  });
}

function rowOf(user: string, from: readonly TableItem[], shape: RowShape): DeviceRow {
  const value = (field: Field) => {
    for (const item of from) {
      const found = attributeAt(item, nameOf(field, shape));
      if (found !== undefined) return textOf(found);
    }
    return '';
  };
  return { user, platform: value('platform'), token: value('token'), locale: value('locale'), market: value('market') };
}

const nameOf = (field: Field, { mapping }: RowShape): string => mapping[field] ?? field;

/** Maps and sets have no order of their own; the audience's hash needs one. */
function entriesOf(held: AttributeValue): AttributeValue[] {
  if (held.L !== undefined) return held.L;
  if (held.SS !== undefined) return held.SS.toSorted().map((token) => ({ S: token }));
  if (held.NULL === true) return [];
  if (held.M === undefined) return [held];
  return Object.keys(held.M)
    .toSorted()
    .flatMap((name) => held.M?.[name] ?? []);
}

/** By the exact name (with its dots), else level by level; upper or lower case where the exact one is not there, as with columns. */
function attributeAt(item: TableItem, path: string): AttributeValue | undefined {
  const own = named(item, path);
  const dot = path.indexOf('.');
  if (own !== undefined || dot === -1) return own;
  const inner = named(item, path.slice(0, dot))?.M;
  return inner === undefined ? undefined : attributeAt(inner, path.slice(dot + 1));
}

function named(item: TableItem, name: string): AttributeValue | undefined {
  if (Object.hasOwn(item, name)) return item[name];
  const folded = name.toLowerCase();
  const [only, more] = Object.keys(item).filter((one) => one.toLowerCase() === folded);
  return only === undefined || more !== undefined ? undefined : item[only];
}

function textOf(value: AttributeValue | undefined): string {
  if (value === undefined || value.NULL === true) return '';
  return value.S ?? value.N ?? JSON.stringify(value);
}
