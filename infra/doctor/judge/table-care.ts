import { about, listed, unasked } from './line.ts';
import type { Asked, Failure, Line } from './line.ts';

type OfEach<T> = readonly { name: string; asked: Asked<T | null> }[];

/** By table; null: there is no such table. */
export interface FoundCare {
  backups: OfEach<boolean>;
  /** The attribute by which items go; null: nothing goes by itself. */
  ttl: OfEach<{ attribute: string | null }>;
}

/** A record that somebody deletes by hand can be put back to a second before. */
export function judgeBackups(asked: FoundCare['backups']): Line {
  const [id, title] = ['tables.backups', 'Point-in-time recovery of the tables'];
  const line = about(id, title);
  const needed = 'on for every table';
  const failure = failureOf(asked);
  if (failure !== null) return unasked(id, title, needed, failure);
  const off = asked.filter((one) => one.asked.ok && one.asked.value === false).map(({ name }) => name);
  if (off.length === 0) return line.ok({ found: 'on', needed });
  return line.wrong({
    found: `off for ${listed(off)}`,
    needed,
    fix: off
      .map(
        (name) =>
          `aws dynamodb update-continuous-backups --table-name ${name} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`,
      )
      .join(' && '),
  });
}

/** `wanted`: by table, the attribute by which its items may go. Anywhere else a table that forgets would send again, or lose the record. */
export function judgeTtl(asked: FoundCare['ttl'], wanted: Readonly<Record<string, string | null>>): Line {
  const [id, title] = ['tables.ttl', 'What tables let go by themselves'];
  const line = about(id, title);
  const words = (attribute: string | null): string => attribute ?? 'nothing';
  const needed = Object.entries(wanted)
    .map(([name, attribute]) => `${name}: ${words(attribute)}`)
    .join(', ');
  const failure = failureOf(asked);
  if (failure !== null) return unasked(id, title, needed, failure);
  const other = asked.flatMap(({ name, asked: one }) =>
    one.ok && one.value !== null && one.value.attribute !== (wanted[name] ?? null)
      ? [{ name, found: one.value.attribute, to: wanted[name] ?? null }]
      : [],
  );
  if (other.length === 0) return line.ok({ found: 'as needed', needed });
  return line.wrong({
    found: other.map(({ name, found }) => `${name}: ${words(found)}`).join(', '),
    needed,
    fix: other
      .flatMap(({ name, found, to }) => [
        ...(found === null ? [] : [set(name, found, false)]),
        ...(to === null ? [] : [set(name, to, true)]),
      ])
      .join(' && '),
  });
}

const set = (name: string, attribute: string, isOn: boolean): string =>
  `aws dynamodb update-time-to-live --table-name ${name} --time-to-live-specification Enabled=${isOn},AttributeName=${attribute}`;

function failureOf(asked: OfEach<unknown>): Failure | null {
  const failed = asked.find((one) => !one.asked.ok)?.asked;
  return failed === undefined || failed.ok ? null : failed.failure;
}
