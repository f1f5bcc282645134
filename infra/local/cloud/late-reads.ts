import type { Lag } from './lag.ts';

/**
 * Reads of tables that may be behind: those without ConsistentRead, and all of an index (docs/facts.md#dynamodb-consistency). What
 * stood before a write is kept while the cloud is odd, and put in the place of what stands, before filter and projection. What was
 * deleted a moment ago comes back where it stood; of pages, indexes and the parts of a parallel scan it does not.
 */

type Item = Record<string, Record<string, unknown>>;
type Answer = Record<string, unknown>;
type Perform = (operation: string, data: Answer) => Promise<Answer>;
interface Projection {
  paths: unknown[];
}
interface Read {
  Keys?: Item[];
  AttributesToGet?: unknown[];
  ConsistentRead?: boolean;
  _projection?: Projection;
}
interface Search extends Read {
  _filter?: unknown;
  _keyCondition?: unknown;
  Limit?: number;
  ExclusiveStartKey?: Item;
  IndexName?: string;
  Segment?: number;
  ScanIndexForward?: boolean;
}
type Write = { PutRequest: { Item: Item } } | { DeleteRequest: { Key: Item } };

export interface LateReadsOptions {
  lag: Lag;
  perform: Perform;
  /** Names of its key, partition first. */
  keysOf: (table: string) => Promise<string[]>;
  /** As dynalite projects and filters. */
  mapPaths: (paths: unknown[], item: Item) => Item;
  matches: (item: Item, filter: unknown) => boolean;
}

export function lateReads({ lag, perform, keysOf, mapPaths, matches }: LateReadsOptions): Perform {
  const nameOf = (table: string, names: string[], item: Item) =>
    `${table} ${JSON.stringify(names.map((name) => item[name]))}`;

  async function writing(operation: string, data: Answer, parts: [table: string, Item][]): Promise<Answer> {
    const before = await Promise.all(
      parts.map(async ([table, item]) => {
        const names = await keysOf(table);
        const Key = Object.fromEntries(names.map((name) => [name, item[name] ?? {}]));
        const found = await perform('GetItem', { TableName: table, Key, ConsistentRead: true });
        return [nameOf(table, names, item), (found['Item'] ?? null) as Item | null] as const;
      }),
    );
    const answer = await perform(operation, data);
    for (const [name, item] of before) lag.wrote(name, item);
    return answer;
  }

  /** As it is seen, whole; null: it is not. */
  const seen = (name: string, item: Item | null): Item | null => {
    const behind = lag.behind<Item | null>(name);
    return behind === null ? item : behind.value;
  };

  const projected = (read: Read, item: Item): Item => {
    const paths = read._projection?.paths ?? read.AttributesToGet;
    return paths === undefined ? item : mapPaths(paths, item);
  };

  async function getting(data: Answer): Promise<Answer> {
    const { AttributesToGet: _a, _projection: _p, ...whole } = data as Read;
    const { Item: item, ...answer } = await perform('GetItem', whole);
    const table = String(data['TableName']);
    const found = seen(nameOf(table, await keysOf(table), data['Key'] as Item), (item ?? null) as Item | null);
    return found === null ? answer : { Item: projected(data as Read, found), ...answer };
  }

  /** Of a batch each table says for itself how it is read. */
  async function gettingMany(data: Answer): Promise<Answer> {
    const requests = data['RequestItems'] as Record<string, Read>;
    const whole = Object.entries(requests).map(([table, request]) => {
      if (request.ConsistentRead === true) return [table, request];
      const { AttributesToGet: _a, _projection: _p, ...rest } = request;
      return [table, rest];
    });
    const answer = await perform('BatchGetItem', { ...data, RequestItems: Object.fromEntries(whole) });
    const responses = answer['Responses'] as Record<string, Item[]>;
    for (const [table, request] of Object.entries(requests)) {
      if (request.ConsistentRead === true) continue;
      const names = await keysOf(table);
      const found = new Map((responses[table] ?? []).map((item) => [nameOf(table, names, item), item]));
      const left = (answer['UnprocessedKeys'] as Record<string, Read> | undefined)?.[table]?.Keys ?? [];
      const unread = new Set(left.map((key) => nameOf(table, names, key)));
      responses[table] = (request.Keys ?? []).flatMap((key) => {
        const name = nameOf(table, names, key);
        const item = unread.has(name) ? null : seen(name, found.get(name) ?? null);
        return item === null ? [] : [projected(request, item)];
      });
    }
    return answer;
  }

  async function searching(operation: string, data: Answer): Promise<Answer> {
    const { AttributesToGet: _a, _projection: _p, _filter: filter, ...whole } = data as Search;
    const answer = await perform(operation, whole);
    const table = String(data['TableName']);
    const names = await keysOf(table);
    const standing = ((answer['Items'] ?? []) as Item[]).map((item) => ({ item, name: nameOf(table, names, item) }));
    const items = [...standing, ...deleted(operation, data as Search, answer, standing)].flatMap(({ item, name }) => {
      const found = seen(name, item);
      return found === null || (filter !== undefined && !matches(found, filter)) ? [] : [found];
    });
    if (items.length > standing.length && operation === 'Query') sort(items, names[1], data as Search);
    const shown = items.map((item) => projected(data as Read, item));
    return { ...answer, Count: items.length, ...(answer['Items'] === undefined ? {} : { Items: shown }) };
  }

  /** What is gone by now and a search still finds. */
  function deleted(
    operation: string,
    { TableName: table, _keyCondition: condition, ...search }: Search & { TableName?: string },
    answer: Answer,
    standing: readonly { name: string }[],
  ): { item: Item; name: string }[] {
    const isPart = [
      search.Limit,
      search.ExclusiveStartKey,
      search.IndexName,
      search.Segment,
      answer['LastEvaluatedKey'],
    ];
    if (isPart.some((one) => one !== undefined)) return [];
    if (operation === 'Query' && condition === undefined) return [];
    const known = new Set(standing.map(({ name }) => name));
    return lag.allBehind<Item | null>(`${table} `).flatMap(({ key: name, value: item }) => {
      if (item === null || known.has(name)) return [];
      return operation === 'Query' && !matches(item, condition) ? [] : [{ item, name }];
    });
  }

  return (operation, data) => {
    if (!lag.isOn) return perform(operation, data);
    const table = String(data['TableName']);
    switch (operation) {
      case 'PutItem':
        return writing(operation, data, [[table, data['Item'] as Item]]);
      case 'UpdateItem':
      case 'DeleteItem':
        return writing(operation, data, [[table, data['Key'] as Item]]);
      case 'BatchWriteItem': {
        const requests = Object.entries(data['RequestItems'] as Record<string, Write[]>);
        const parts = requests.flatMap(([name, writes]) =>
          writes.map((write): [string, Item] => [
            name,
            'PutRequest' in write ? write.PutRequest.Item : write.DeleteRequest.Key,
          ]),
        );
        return writing(operation, data, parts);
      }
      case 'BatchGetItem':
        return gettingMany(data);
      case 'GetItem':
        return data['ConsistentRead'] === true ? perform(operation, data) : getting(data);
      case 'Query':
      case 'Scan':
        return data['ConsistentRead'] === true || data['Select'] === 'COUNT'
          ? perform(operation, data)
          : searching(operation, data);
      default:
        return perform(operation, data);
    }
  };
}

/** As a query gives them: by their sort key. */
function sort(items: Item[], key: string | undefined, { ScanIndexForward: isForward = true }: Search): void {
  const valueOf = (item: Item): string | number => {
    const { N: number, S: text } = item[key ?? ''] ?? {};
    return number === undefined ? String(text) : Number(number);
  };
  items.sort((one, other) => {
    const [a, b] = [valueOf(one), valueOf(other)];
    return (a === b ? 0 : a < b ? -1 : 1) * (isForward ? 1 : -1);
  });
}
