import { claimKey } from '../contract/orders.ts';
import type { Launch, Shot } from '../runbooks/launch/launch.ts';
import { wordName, words } from './batch-words.ts';
import type { CloseDeps } from './close.ts';
import { correctClosed } from './correct.ts';

/**
 * A holder whose account comes after the close appends the correction itself. If it dies between the two, this finds what
 * it left: claims that were closed on somebody and accounted for since. The core takes one correction per batch, so it does
 * not matter who comes first, nor how often.
 */

interface Batch {
  segment: string;
  attempt: number;
  id: string;
  count: number;
  variant: string | null;
}

/** Batches by claim key that an account may still come for; null before the first look. */
export class LateMemo {
  waiting: ReadonlyMap<string, Batch> | null = null;
}

/** `waiting`: how many batches may still be accounted for. `refused`: corrections that the launch did not take, in words. The first look reads all claims of the segments with uncertain devices, later ones those alone. Errors: those of the stores. */
export async function correctLateAccounts(
  deps: CloseDeps,
  launch: Launch,
  shot: Shot,
  memo: LateMemo,
): Promise<{ waiting: number; refused: string[] }> {
  const batches = memo.waiting ?? (await uncertainBatches(deps, launch, shot));
  const claims = await deps.claims.read([...batches.keys()], true);
  const waiting = new Map<string, Batch>();
  const refused: string[] = [];
  for (const [key, batch] of batches) {
    const claim = claims.get(key);
    for (const { holder, hasHolder, account, closedAccount } of claim === undefined ? [] : words(claim)) {
      const { segment, attempt, id, count, variant } = batch;
      // Closed on its holder: only what somebody had claimed can still get an account.
      if (closedAccount === null || !hasHolder || shot.corrected.includes(wordName(id, holder))) continue;
      if (account === null) {
        waiting.set(key, batch);
        continue;
      }
      const late = {
        launchId: launch.id,
        shotId: shot.id,
        segment,
        attempt,
        batch: id,
        holder,
        count,
        variant,
        closed: closedAccount,
        account,
      };
      // The correction is made on the totals as last read there.
      await deps.journal.launch(launch.id);
      const submitted = await correctClosed(deps.journal, late);
      if (submitted !== null && !submitted.ok)
        refused.push(`batch ${id} of shot ${shot.id}: ${submitted.code}, ${submitted.say}`);
    }
  }
  memo.waiting = waiting;
  return { waiting: waiting.size, refused };
}

async function uncertainBatches({ manifestOf }: CloseDeps, launch: Launch, shot: Shot): Promise<Map<string, Batch>> {
  const uncertain = (shot.totals ?? []).filter(({ totals }) => totals.uncertain > 0);
  const { segments } = await manifestOf(shot.audience);
  return new Map(
    uncertain.flatMap(({ segment, attempt }) =>
      (segments.find(({ id }) => id === segment)?.batches ?? []).map(
        ({ id, count, variant = null }): [string, Batch] => [
          claimKey(launch.id, segment, attempt, id),
          { segment, attempt, id, count, variant },
        ],
      ),
    ),
  );
}
