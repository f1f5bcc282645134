import { z } from 'zod';
import { backupsAssigned } from './probes/backups-assigned.ts';
import { badTokens } from './probes/bad-tokens.ts';
import { clocks } from './probes/clocks.ts';
import { credentials } from './probes/credentials.ts';
import { doctor } from './probes/doctor.ts';
import { home } from './probes/home.ts';
import { payloadSize } from './probes/payload-size.ts';
import { peoplePresent } from './probes/people-present.ts';
import { primedShare } from './probes/primed-share.ts';
import { providers } from './probes/providers.ts';
import { quarterHours } from './probes/quarter-hours.ts';
import { queueEmpty } from './probes/queue-empty.ts';
import { rehearsed } from './probes/rehearsed.ts';
import { scaled } from './probes/scaled.ts';
import { surgeProbe } from './probes/surge.ts';
import { switchReach } from './probes/switch-reach.ts';
import { testSend } from './probes/test-send.ts';
import { versions } from './probes/versions.ts';
import { workersReady } from './probes/workers-ready.ts';

/** What a gate can measure: one file each. What measures them is `measure` in bot/conductor/gates/probes.ts; what needs no measurement is in runbooks/launch/rule-gates.ts. */
export const probe = z.discriminatedUnion('kind', [
  workersReady,
  primedShare,
  queueEmpty,
  credentials,
  payloadSize,
  testSend,
  scaled,
  switchReach,
  clocks,
  providers,
  versions,
  home,
  quarterHours,
  peoplePresent,
  backupsAssigned,
  surgeProbe,
  rehearsed,
  badTokens,
  doctor,
]);
