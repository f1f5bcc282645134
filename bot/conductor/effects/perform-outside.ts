import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Step } from '../../../runbooks/playbook/schema.ts';
import type { Sent } from '../../outside/outside.ts';
import type { Context } from '../context.ts';

/** What is not taken by then is red: people must hear of it while they can still do something. */
export const GIVE_UP_MS = 5 * 60_000;

/** How a step that calls somebody has ended. */
export interface Called {
  say: string;
  refused: boolean;
}

/**
 * Calls whom a step names. With the same id at every try, by whichever bot, so that it counts once. Rejects if it has to be tried
 * again.
 */
export async function callOutside({ outside, nowMs }: Context, launch: Launch, step: Step): Promise<Called> {
  const sinceMs = launch.steps[step.id]?.atMs ?? nowMs();
  const id = `gobutton_${launch.id}_${step.id}`;
  const sent = await sentOf(id, sinceMs);
  if (sent.ok) return { say: sent.say, refused: false };
  if (!sent.again || nowMs() - sinceMs >= GIVE_UP_MS) return { say: sent.say, refused: true };
  throw new Error(`OUTSIDE_NOT_TAKEN ${step.id}: ${sent.say}`);

  async function sentOf(callId: string, atMs: number): Promise<Sent> {
    switch (step.do.kind) {
      case 'page': {
        const { say, severity, link = launch.runbook.playbook ?? null } = step.do;
        return outside.page({ id: callId, summary: `${launch.name}: ${say}`, source: launch.id, severity, link });
      }
      case 'webhook':
        return outside.webhook(step.do.to, {
          id: callId,
          atMs,
          data: {
            ...step.do.data,
            launch: { id: launch.id, name: launch.name, target_at: new Date(launch.targetAtMs).toISOString() },
            step: { id: step.id, title: step.title },
          },
        });
      default:
        throw new Error(`STEP_KIND_UNKNOWN ${step.id}`);
    }
  }
}
