import { progressBar } from '../progress.ts';
import type { Output } from '../progress.ts';
import { sampleAudience } from '../sample.ts';
import type { MarkShares } from '../sample.ts';
import { readArguments, share, weightsOf, wholeNumber } from './arguments.ts';
import { count, table } from './words.ts';

export async function runSample(args: string[], out: Output): Promise<void> {
  const { option, flag } = readArguments(
    { name: 'sample', words: 0 },
    args,
    ['devices', 'seed', 'out', 'locales', 'markets', 'phones', 'unregistered', 'bad', 'errors', 'silent'],
    ['dirty'],
  );
  const devices = wholeNumber('devices', option.devices, 200_000, 1, 100_000_000);
  const marks: Partial<MarkShares> = {};
  for (const name of ['unregistered', 'bad', 'errors', 'silent'] as const) {
    const given = share(name, option[name]);
    if (given !== undefined) marks[name] = given;
  }
  const locales = weightsOf('locales', option.locales);
  const markets = weightsOf('markets', option.markets);
  const bar = progressBar(out);
  const startedAt = performance.now();
  const summary = await sampleAudience({
    devices,
    seed: option.seed ?? '1',
    out: option.out ?? 'devices.csv',
    marks,
    dirty: flag.has('dirty'),
    phones: wholeNumber('phones', option.phones, 4, 0, 1_000),
    ...(locales === undefined ? {} : { locales }),
    ...(markets === undefined ? {} : { markets }),
    progress: (done) => bar.update('writing', done, devices),
  }).finally(() => bar.stop());
  out.write(
    table([
      [
        'devices',
        `${count(summary.devices)} (${count(summary.platforms.ios)} iOS, ${count(summary.platforms.android)} Android)`,
      ],
      ['users', count(summary.users)],
      ...(summary.dirty === 0 ? [] : [['wrong rows', count(summary.dirty)] as const]),
      ['file', summary.path],
      ['took', `${((performance.now() - startedAt) / 1000).toFixed(1)} s`],
    ]),
  );
}
