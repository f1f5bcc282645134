import type { Prices } from '../../runbooks/cost/prices.ts';

/** Where the stores are. `endpoint` null is production: region and credentials come from the SDK's own chain. A local one holds its access key: `http://KEY@127.0.0.1:4566`. */
export interface CloudConfig {
  endpoint: string | null;
  region: string;
  tablePrefix: string;
  bucket: string;
  /** The local stand-in of the table that two regions share. Absent: the region's own replica of it, at `endpoint`. */
  homes?: string | null;
  /** The local cloud of the other region. Absent: AWS. */
  otherRegion?: string | null;
  /** How the calls of every batch are made: see calls/calls.ts. Absent: direct. */
  calls?: 'direct' | 'sdk';
  /** A table of prices of one's own. Absent: that of this version, if it has the region. */
  prices?: Prices | null;
  /** Type of the instances that workers run on, one each. Absent: Fargate, or not known. */
  workerInstance?: string | null;
  /** What compiles an audience when somebody asks in the channel. Absent: nothing does. */
  audienceTask?: AudienceTaskPlace | null;
}

/** A task definition of one container that is called `audience`, and where in the network it is put. */
export interface AudienceTaskPlace {
  cluster: string;
  family: string;
  subnets: readonly string[];
  groups: readonly string[];
  /** Whether it gets an IPv4 address of its own: without one it needs another way out. */
  publicAddress: boolean;
}
