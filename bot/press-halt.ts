import type { Logger } from 'pino';
import { isRecordBroken } from '../infra/aws/journal.ts';
import { waitAtMost } from '../infra/time-limit.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import type { Person } from '../runbooks/playbook/schema.ts';
import type { Conductor } from './conductor/conductor-port.ts';
import type { Acted } from './conductor/context.ts';

/** How long a halt waits to learn who pressed it. */
const ROSTER_WITHIN_MS = 800;

/** `cli`: whoever may use the cloud may halt, named or not; its launch ids are typed by hand. */
export interface HaltAsked {
  source: 'slack' | 'cli';
  /** Whoever is behind the account or the key, of this launch's roster. */
  who: (launch: Launch) => Person | null;
  /** How the reason names them where the roster can't be read; null: there is nothing to name them by. */
  alias: string | null;
  reason: string;
  pressedAtMs: number;
  /** How long to wait for the entry, which comes all the same. */
  recordedWithinMs: number;
}

/** No entry can come from this process, which can't go on with the record as it stands: `say` has why. */
type Unwritable = { ok: false; code: 'RECORD_BROKEN'; say: string };

/** `taken`: what the launch made of it; null: nothing in time. */
export type HaltAnswer =
  | { stands: false; code: 'NOT_ON_ROSTER' | 'NO_LAUNCH' }
  | { stands: false; code: 'LAUNCH_CLOSED'; launch: Launch }
  | { stands: true; epoch: number; taken: Promise<Acted | Unwritable | null> };

/** What of the bot, or of the command line, a halt goes through. */
export interface HaltDesk {
  journal: { peek(launchId: string): Launch | null; launch(launchId: string): Promise<Launch | null> };
  conductor: Pick<Conductor, 'halt'>;
  log: Logger;
}

/**
 * Halts at once, for the room and for the command line. The one thing that waits for nothing: if the roster can't be read in
 * time the halt goes ahead without a name, because a halt too many costs a minute and a halt too few can't be taken back.
 */
export async function pressHalt(
  { journal, conductor, log }: HaltDesk,
  launchId: string,
  { source, who, alias, reason, pressedAtMs, recordedWithinMs }: HaltAsked,
): Promise<HaltAnswer> {
  const known = journal.peek(launchId);
  const unwritable = Promise.withResolvers<Unwritable>();
  // What this process has read last may be old. It is good enough to halt by, never to refuse by.
  const read =
    known !== null && who(known) !== null
      ? { launch: known }
      : await waitAtMost(
          ROSTER_WITHIN_MS,
          journal.launch(launchId).then(
            (launch) => ({ launch }),
            (error: unknown) => {
              log.warn({ err: error, launchId }, 'halt: the roster could not be read');
              if (isRecordBroken(error)) unwritable.resolve({ ok: false, code: 'RECORD_BROKEN', say: error.message });
              return null;
            },
          ),
          null,
        );
  const launch = read?.launch ?? null;
  // A launch that has a channel is there, whatever has become of its record.
  if (read !== null && launch === null && source === 'cli') return { stands: false, code: 'NO_LAUNCH' };
  const person = launch === null ? null : who(launch);
  // Whatever their role: who sees that it goes wrong stops it.
  if (launch !== null && person === null && source === 'slack') return { stands: false, code: 'NOT_ON_ROSTER' };
  // A closed launch stays closed, however old the news.
  const closed = [launch, known].find((one) => one?.closed === true);
  if (closed != null) return { stands: false, code: 'LAUNCH_CLOSED', launch: closed };
  const halted = await conductor
    .halt(launchId, {
      by: person?.id ?? null,
      source,
      reason: launch === null && alias !== null ? `${reason} (${alias}; the roster could not be read)`.trim() : reason,
      pressedAtMs,
    })
    .catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'NO_LAUNCH') return null;
      throw error;
    });
  if (halted === null) return { stands: false, code: 'NO_LAUNCH' };
  const { epoch, recorded } = halted;
  const said = recorded.catch((error: unknown) => {
    log.error({ err: error, launchId, epoch }, 'the halt stands, its entry does not');
    return null;
  });
  return { stands: true, epoch, taken: waitAtMost(recordedWithinMs, Promise.race([said, unwritable.promise]), null) };
}
