/**
 * What AWS asks for what a launch uses, in US dollars without tax, as of a day. On demand, without free tiers, savings
 * plans or private discounts, so that a bill is lower rather than higher (docs/facts.md#aws-prices).
 */
export interface Prices {
  region: string;
  /** The day they were looked up: YYYY-MM-DD. */
  asOf: string;
  fargate: {
    x64: { vcpuHour: number; gibHour: number };
    arm64: { vcpuHour: number; gibHour: number };
    /** What Spot leaves of the price, at best: it moves with demand. */
    spotPart: number;
  };
  dynamo: {
    perMillionWrites: number;
    perMillionReads: number;
    /** Once, for each unit above what the table stands ready for already (warm throughput). */
    warmWrite: number;
    warmRead: number;
    /** Of a table with capacity of its own. */
    writeUnitHour: number;
    readUnitHour: number;
  };
  sqs: { perMillionStandard: number; perMillionFifo: number };
  s3: { perThousandPuts: number; perThousandGets: number; gibMonth: number };
  network: {
    /** To the internet. */
    gibOut: number;
    publicIpv4Hour: number;
    natHour: number;
    natGib: number;
    loadBalancerHour: number;
  };
  secretMonth: number;
  alarmMonth: number;
}

export const US_EAST_1: Prices = {
  region: 'us-east-1',
  asOf: '2026-11-29',
  fargate: {
    x64: { vcpuHour: 0.04048, gibHour: 0.004445 },
    arm64: { vcpuHour: 0.03238, gibHour: 0.00356 },
    spotPart: 0.3,
  },
  dynamo: {
    perMillionWrites: 0.625,
    perMillionReads: 0.125,
    warmWrite: 0.00065,
    warmRead: 0.00013,
    writeUnitHour: 0.00065,
    readUnitHour: 0.00013,
  },
  sqs: { perMillionStandard: 0.4, perMillionFifo: 0.5 },
  s3: { perThousandPuts: 0.005, perThousandGets: 0.0004, gibMonth: 0.023 },
  network: { gibOut: 0.09, publicIpv4Hour: 0.005, natHour: 0.045, natGib: 0.045, loadBalancerHour: 0.0225 },
  secretMonth: 0.4,
  alarmMonth: 0.1,
};

/** The table of a region; null: it is in none of ours. */
export function pricesOf(region: string): Prices | null {
  return region === US_EAST_1.region ? US_EAST_1 : null;
}
