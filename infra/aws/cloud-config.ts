/** Where the stores are. `endpoint` null is production: region and credentials come from the SDK's own chain. A local one holds its access key: `http://KEY@127.0.0.1:4566`. */
export interface CloudConfig {
  endpoint: string | null;
  region: string;
  tablePrefix: string;
  bucket: string;
  /** How the calls of every batch are made: see calls/calls.ts. Absent: direct. */
  calls?: 'direct' | 'sdk';
}
