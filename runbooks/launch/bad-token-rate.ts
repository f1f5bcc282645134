import type { GateLine, Launch } from './launch.ts';
import { isListReplaced, lastSent } from './rehearsal-report.ts';
import { span } from './words.ts';

/** How many tokens of the audience will be refused, told from those that a rehearsal was refused. */

/** Without a single refusal among n answers the true share may still be 3/n, with 95 % certainty: fewer tell nothing about less. */
const RULE_OF_THREE = 3;

type Found = Pick<GateLine, 'status' | 'value' | 'say'> & Partial<Pick<GateLine, 'sinceMs'>>;

/** The figure is the share that is expected. */
export function badTokensGate(launch: Launch, { at_most: atMost }: { at_most: number }, nowMs: number): Found {
  const last = lastSent(launch);
  const unknown = (say: string): Found => ({ status: 'unknown', value: null, say });
  if (last === null) return unknown('nobody has rehearsed it: /go rehearse limited, or silent');
  const { report, id, endedAtMs } = last;
  const { audience } = launch;
  if (audience === null || report.audienceHash !== audience.hash)
    return unknown(`rehearsal ${id} went to another audience: rehearse this one`);
  // Of a device that failed for another cause nothing is known of its token.
  const answered = report.totals === null ? 0 : report.totals.accepted + report.refused;
  // A rehearsal that people see goes to all but one at most (rehearsal-launch.ts), so all others are as good as all.
  const wanted = Math.max(1, Math.min(audience.devices - 1, Math.ceil(RULE_OF_THREE / atMost)));
  if (answered < wanted)
    return unknown(
      `${figure(answered)} answers of rehearsal ${id} are too few to tell ${percent(atMost)}: ${figure(wanted)} are needed`,
    );
  // Tokens of other lists may be nobody's in this audience; those that were refused here are.
  const grown = (launch.skipList?.tokens ?? 0) - (report.skipTokens ?? launch.skipList?.tokens ?? 0);
  if (isListReplaced(launch, report))
    return unknown(
      `the skip list was replaced since rehearsal ${id}, which sent nothing to the tokens of that one: rehearse it anew`,
    );
  if (grown < 0)
    return unknown(
      `the skip list is shorter by ${figure(-grown)} than at rehearsal ${id}, which sent nothing to those tokens: rehearse it anew`,
    );
  const skipped = Math.min(report.refused, grown);
  const expected = Math.max(0, (report.refused / answered) * audience.devices - skipped);
  const share = Math.round((expected / Math.max(1, audience.devices - skipped)) * 10_000) / 10_000;
  const list = skipped === 0 ? '' : `; ${figure(skipped)} of them are on the skip list since`;
  return {
    status: share <= atMost ? 'green' : 'red',
    value: share,
    say: `${percent(share)} expected, ${figure(Math.round(expected))} tokens: ${figure(report.refused)} of ${figure(answered)} were refused in rehearsal ${id}, ${span(nowMs - endedAtMs)} ago${list}`,
    sinceMs: endedAtMs,
  };
}

const figure = (value: number): string => value.toLocaleString('en-US');
const percent = (share: number): string => `${(share * 100).toLocaleString('en-US', { maximumFractionDigits: 2 })} %`;
