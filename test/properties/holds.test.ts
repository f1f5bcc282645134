import { glob, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { check, holds, PROPERTY } from './holds.ts';
import type { Example } from './holds.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gobutton-examples-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const kept = async (name: string) => JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as Example[];
const daily = () => ({ soakSeed: null, folder });

/** Wrong for few numbers only: of the fixed seed's twenty none is among them. */
const notThere = () => fc.property(fc.nat(2_000_000), (number) => Math.floor(number / 1_000) % 100 !== 55);
const twenty = { seed: 1, runs: 20 };

describe('a property', () => {
  test('that breaks says seed, path and counterexample', async () => {
    const broken = check(
      'nat',
      fc.property(fc.nat(), (number) => number < 5),
      twenty,
      daily(),
    );
    await expect(broken).rejects.toThrow(
      /nat: Property failed after \d+ tests\n\{ seed: 1, path: "[\d:]+"[^]*Counterexample: \[5\]/,
    );
  });

  test('has the same values in every run', async () => {
    const runs = await Promise.all(
      [0, 1].map(async () => {
        const values: number[] = [];
        await check(
          'nat',
          fc.property(fc.nat(), (number) => void values.push(number)),
          twenty,
          daily(),
        );
        return values;
      }),
    );
    expect(runs[0]).toEqual(runs[1]);
  });

  test('that broke in a soak breaks from then on, at the example alone', async () => {
    await check('rare', notThere(), twenty, daily());
    await expect(check('rare', notThere(), { seed: 1, runs: 5_000 }, { soakSeed: 9, folder })).rejects.toThrow(
      /rare: /,
    );
    const [example] = await kept('rare');
    expect(example).toMatchObject({ values: [expect.any(Number)], why: expect.stringContaining('false') });
    await expect(check('rare', notThere(), twenty, daily())).rejects.toThrow(
      `Counterexample: [${example?.values?.join()}]`,
    );
    // Mended: the example holds, and stays.
    await check(
      'rare',
      fc.property(fc.nat(2_000_000), () => true),
      twenty,
      { soakSeed: 9, folder },
    );
    expect(await kept('rare')).toHaveLength(1);
  });

  test('is replayed by seed and path where JSON can not hold its values', async () => {
    const short = () => fc.property(fc.uint8Array({ minLength: 1, maxLength: 2 }), ([first]) => first !== 77);
    await expect(check('bytes', short(), { seed: 1, runs: 2_000 }, { soakSeed: 4, folder })).rejects.toThrow();
    expect(await kept('bytes')).toMatchObject([{ values: null }]);
    await expect(check('bytes', short(), { seed: 1, runs: 1 }, daily())).rejects.toThrow(/Uint8Array.from\(\[77/);
  });

  test('has other values in every round of a soak, and other ones than the next property', async () => {
    const first = async (seed: number, soakSeed: number | null) => {
      const values: number[] = [];
      await check(
        'nat',
        fc.property(fc.nat(), (number) => void values.push(number)),
        { seed, runs: 1 },
        { soakSeed, folder },
      );
      return values[0];
    };
    const values = [await first(1, null), await first(1, 5), await first(1, 6), await first(2, 5)];
    expect(new Set(values).size).toBe(4);
  });

  test('in a test that no soak finds is refused', async () => {
    await expect(holds('untagged', notThere(), twenty)).rejects.toThrow('PROPERTY_UNTAGGED');
  });

  test('in a test that is retried is refused', { ...PROPERTY, retry: 1 }, async () => {
    await expect(holds('retried', notThere(), twenty)).rejects.toThrow('PROPERTY_RETRIED');
  });
});

test('every example belongs to a property that is still there', async () => {
  const names = (await readdir(join(import.meta.dirname, 'examples')).catch(() => [])).map((file) =>
    file.replace('.json', ''),
  );
  let tests = '';
  for await (const file of glob('{bot,contract,h2,infra,runbooks,settle,test,workers}/**/*.test.ts'))
    tests += await readFile(file, 'utf8');
  const orphans = names.filter((name) => !new RegExp(`holds\\(\\s*'${name}'`).test(tests));
  expect(orphans).toEqual([]);
});
