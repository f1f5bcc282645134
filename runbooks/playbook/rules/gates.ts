import { CLOCKS_GATE } from '../../launch/clocks-gate.ts';
import { COPY_GATE } from '../../launch/copy-doubts.ts';
import { HOME_GATE } from '../../launch/home-gate.ts';
import { PROVIDERS_GATE } from '../../launch/providers-gate.ts';
import { VERSIONS_GATE } from '../../launch/versions-gate.ts';
import { mustBeAmong } from './rule.ts';
import type { Rule } from './rule.ts';

/** Ids of gates that are made for a launch whatever its runbook says, and when. */
const RESERVED: Readonly<Record<string, string>> = {
  [CLOCKS_GATE.id]: 'for a launch without a probe of kind `clocks`',
  [PROVIDERS_GATE.id]: 'for a launch without a probe of kind `providers`',
  [VERSIONS_GATE.id]: 'for a launch without a probe of kind `versions`',
  [HOME_GATE.id]: 'for every launch with `regions`',
  [COPY_GATE.id]: 'for every launch whose text looks unfinished',
};

export const reservedGates: Rule = ({ gates }) =>
  gates.flatMap(({ id }, index) =>
    Object.hasOwn(RESERVED, id)
      ? [
          {
            path: ['gates', index, 'id'],
            found: JSON.stringify(id),
            expected: `another id: that gate is made ${RESERVED[id]}`,
          },
        ]
      : [],
  );

/** Whom a gate waits for must be somebody. */
export const knownPresent: Rule = ({ gates, people }) =>
  gates.flatMap(({ probe }, index) =>
    probe?.kind !== 'people-present'
      ? []
      : (probe.people ?? []).flatMap((person, at) =>
          mustBeAmong(
            ['gates', index, 'probe', 'people', at],
            person,
            people.map(({ id }) => id),
            'a person',
          ),
        ),
  );

/** Who has confirmed a granted quota must be somebody. */
export const knownConfirmer: Rule = ({ delivery: { android_event_quota: quota }, people }) =>
  quota?.confirmed_by === undefined
    ? []
    : mustBeAmong(
        ['delivery', 'android_event_quota', 'confirmed_by'],
        quota.confirmed_by,
        people.map(({ id }) => id),
        'a person',
      );

const OF_TICKS = ['after', 'holds_for', 'stale_after', 'evidence'] as const;

/** A person ticks, a probe measures: what is said of the one is wrong of the other. */
export const manualGates: Rule = ({ gates }) =>
  gates.flatMap(({ probe, hard, ...gate }, index) => [
    ...OF_TICKS.filter((name) => gate[name] !== undefined && probe !== undefined).map((name) => ({
      path: ['gates', index, name],
      found: 'on a measured gate',
      expected: 'a gate that a person ticks',
    })),
    ...(hard && probe === undefined
      ? [
          {
            path: ['gates', index, 'hard'],
            found: 'true on a manual gate',
            expected: 'a probe: only what is measured may block the press',
          },
        ]
      : []),
  ]);
