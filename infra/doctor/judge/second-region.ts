import { about, listed, unasked } from './line.ts';
import type { Asked, Line } from './line.ts';

/** The two regions of a launch, as its runbook has them, and the one that is looked at. */
interface Regions {
  home: string;
  standby: string;
  here: string;
}

/** The table that both regions share, as DescribeTable tells of it; null: there is none. */
export interface FoundHomes {
  status: string;
  isStrong: boolean;
  /** Of its replicas besides the one that was asked. */
  replicas: readonly { region: string; status: string }[];
  witness: string | null;
}

const HOMES_ID = 'tables.homes';

/** Without it nobody can fire, and one that is not strong could give a launch to both regions (docs/decisions/second-region.md). */
export function judgeHomes(name: string, { home, standby, here }: Regions, asked: Asked<FoundHomes | null>): Line {
  const title = `Table ${name}, of two regions`;
  const line = about(HOMES_ID, title);
  const needed = `one table of ${home} and ${standby}, strongly consistent, with a witness in a third region`;
  if (!asked.ok) return unasked(HOMES_ID, title, needed, asked.failure);
  const { value: homes } = asked;
  const deploy = `npm run infra -- deploy --config launch.yaml, with the configuration of ${home}`;
  if (homes === null) return line.wrong({ found: `no such table in ${here}`, needed, fix: deploy });
  if (!homes.isStrong)
    return line.wrong({
      found: 'not strongly consistent: both regions could have the launch',
      needed,
      fix: `It is made so, and not changed: while no shot was ever fired, delete it, then ${deploy}`,
    });
  const other = here === home ? standby : home;
  const replica = homes.replicas.find(({ region }) => region === other);
  if (replica === undefined) return line.wrong({ found: `no replica in ${other}`, needed, fix: deploy });
  if (homes.witness === null) return line.wrong({ found: 'no witness', needed, fix: deploy });
  const waiting = [homes.status, replica.status].filter((status) => !/^(ACTIVE|UPDATING)$/.test(status));
  if (waiting.length > 0)
    return line.wrong({
      found: `status ${listed(waiting)}`,
      needed,
      fix: 'Wait until it is active; then run this again',
    });
  return line.ok({ found: `${home}, ${standby}, witness ${homes.witness}`, needed });
}

/** Of the bucket in this region. `rules` null: it copies nothing. */
export interface FoundCopies {
  isVersioned: boolean;
  rules: readonly { prefix: string; isOn: boolean; to: string }[] | null;
}

/** What the standby needs to send lies there already when it takes over: what begins with `prefixes`. In the standby itself: whether S3 can copy into its bucket. */
export function judgeCopies(
  bucket: string,
  { home, standby, here }: Regions,
  prefixes: readonly string[],
  asked: Asked<FoundCopies | null>,
): Line {
  const [id, title] = ['tables.copies', `Copies of audiences in ${standby}`];
  const line = about(id, title);
  const isHome = here === home;
  const needed = isHome
    ? `rules for ${prefixes.join(', ')} to the bucket of ${standby}`
    : `versions in ${bucket}, which what is copied into it needs`;
  if (!asked.ok) return unasked(id, title, needed, asked.failure);
  const { value: found } = asked;
  if (found === null) return line.unknown({ found: 'no such bucket', needed, fix: 'Create it first' });
  if (!found.isVersioned)
    return line.wrong({
      found: `${bucket} keeps no versions`,
      needed,
      fix: `aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled`,
    });
  if (!isHome) return line.ok({ found: 'versions are kept', needed });
  const missing = prefixes.filter((prefix) => !(found.rules ?? []).some((rule) => rule.isOn && rule.prefix === prefix));
  const fix = `npm run infra -- deploy --config launch.yaml, with the configuration of ${home}; then compile the audience again: only what is stored from then on is copied`;
  if (missing.length > 0) return line.wrong({ found: `no rule for ${listed(missing)}`, needed, fix });
  // By name alone: a bucket with the region in its name goes into the one that has the other region there.
  const other = bucket.endsWith(home) ? `${bucket.slice(0, -home.length)}${standby}` : null;
  const astray = (found.rules ?? []).filter(({ to }) => other !== null && to !== other).map(({ to }) => to);
  if (astray.length > 0) return line.wrong({ found: `copied to ${listed([...new Set(astray)])}`, needed, fix });
  return line.ok({ found: `to ${listed([...new Set((found.rules ?? []).map(({ to }) => to))])}`, needed });
}
