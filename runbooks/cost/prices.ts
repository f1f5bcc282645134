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
    /** What a GiB costs that is copied to another region. Absent: not known. */
    gibToRegion?: number | undefined;
  };
  /** Of instances by their type, an hour, with Linux. Absent, as a type that is not in it: not known. */
  ec2?: Readonly<Record<string, number>> | undefined;
  /** Of an instance's disk (gp3). Absent: not known, and left out. */
  diskGibMonth?: number | undefined;
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
  // As many projects of 2026 have them in their own tables (docs/facts.md#aws-prices).
  ec2: {
    'c6g.2xlarge': 0.272,
    'c6i.large': 0.085,
    'c6i.xlarge': 0.17,
    'c6i.2xlarge': 0.34,
    'c6i.4xlarge': 0.68,
    'c7g.large': 0.0725,
    'c7g.xlarge': 0.145,
    'c7g.2xlarge': 0.29,
    'c7g.4xlarge': 0.58,
    'c7i.large': 0.08925,
    'c7i.xlarge': 0.1785,
    'c7i.2xlarge': 0.357,
    'c7i.4xlarge': 0.714,
  },
  diskGibMonth: 0.08,
  secretMonth: 0.4,
  alarmMonth: 0.1,
};

/** Why a region has no price, and how it gets one. */
export const NO_PRICES = (region: string): string =>
  `there are no prices of ${region} in this version, only of ${US_EAST_1.region}: write a table of your own (npm run size -- --show-prices > prices.json is one to start from)`;

/** The one rule of whoever says what something costs: a table of one's own, else that of the region; null: there is neither. */
export function pricesOf(region: string, own: Prices | null = null): Prices | null {
  return own ?? (region === US_EAST_1.region ? US_EAST_1 : null);
}
