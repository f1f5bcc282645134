import { z } from 'zod';
import { readNumber } from '../typed/number.ts';
import type { Prices } from './prices.ts';

/** A fraction is text when the file is read: no digit of it is lost. */
const number = (expected: string, most?: number) =>
  z.union([z.number(), z.string()], `expected ${expected}`).transform((found, context) => {
    const read = readNumber(String(found), { fractions: true, least: 0, ...(most === undefined ? {} : { most }) });
    if (read.ok) return read.value;
    context.addIssue({ code: 'custom', message: `expected ${expected}` });
    return z.NEVER;
  });
const usd = number('US dollars, 0 or more');
const cpu = z.strictObject({ vcpuHour: usd, gibHour: usd });

/** Prices as a file holds them: all of them but what says *absent* in `prices.ts`, so that nothing is taken from another region in silence. */
export const priceTable = z.strictObject({
  region: z.string('expected the region that they are of'),
  asOf: z.iso.date('expected the day that they are of, like 2026-11-29'),
  fargate: z.strictObject({
    x64: cpu,
    arm64: cpu,
    spotPart: number('a part, 0 to 1', 1),
  }),
  dynamo: z.strictObject({
    perMillionWrites: usd,
    perMillionReads: usd,
    warmWrite: usd,
    warmRead: usd,
    writeUnitHour: usd,
    readUnitHour: usd,
  }),
  sqs: z.strictObject({ perMillionStandard: usd, perMillionFifo: usd }),
  s3: z.strictObject({ perThousandPuts: usd, perThousandGets: usd, gibMonth: usd }),
  network: z.strictObject({
    gibOut: usd,
    publicIpv4Hour: usd,
    natHour: usd,
    natGib: usd,
    loadBalancerHour: usd,
    gibToRegion: usd.optional(),
  }),
  ec2: z.record(z.string(), usd).optional(),
  diskGibMonth: usd.optional(),
  secretMonth: usd,
  alarmMonth: usd,
}) satisfies z.ZodType<Prices>;

/** The same as one text of JSON, as a process gets it in its environment. */
export const pricesText = (expected: string) =>
  z.string().transform((text, context): Prices => {
    const wrong = (where: string) => {
      context.addIssue({ code: 'custom', message: `${expected}${where}` });
      return z.NEVER;
    };
    let found: unknown;
    try {
      found = JSON.parse(text);
    } catch {
      return wrong('');
    }
    const parsed = priceTable.safeParse(found);
    const issue = parsed.error?.issues[0];
    return parsed.success ? parsed.data : wrong(` (${issue?.path.join('.')}: ${issue?.message})`);
  });
