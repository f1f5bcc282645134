import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Person } from '../../../runbooks/playbook/schema.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import type { Context } from '../context.ts';

/**
 * Removals in Slack count at once, by its event (`bot/channel/listen.ts`). An event that came while no bot was there is lost:
 * so Slack is asked about everybody on the roster when a leader starts and every few minutes, one person after the other.
 */
export class RosterWatch {
  readonly #context: Context;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Rejects if Slack did not answer for everybody: then all are asked about again at the next look. */
  async look(launch: Launch): Promise<void> {
    const { slack, nowMs, timings } = this.#context;
    if (slack === null || nowMs() - this.#lookedAtMs < timings.rosterMs) return;
    const startedAtMs = nowMs();
    const failures: unknown[] = [];
    for (const person of launch.people) {
      try {
        const goneId = await this.#goneId(slack, person);
        if (goneId !== null) await this.#remove(launch, person, goneId);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'ROSTER_UNKNOWN: Slack did not answer for everybody');
    this.#lookedAtMs = startedAtMs;
  }

  async #goneId(slack: SlackPort, person: Person): Promise<string | null> {
    for (const slackId of person.slack) if (await slack.isDeactivated(slackId)) return slackId;
    return null;
  }

  async #remove(launch: Launch, { id: person }: Person, goneId: string): Promise<void> {
    // Slack may have taken its time: two people may have given the person another account since.
    const now = await this.#context.journal.launch(launch.id);
    if (now?.people.find(({ id }) => id === person)?.slack.includes(goneId) !== true) return;
    const { ok } = await this.#context.execute(launch.id, {
      kind: 'remove-person',
      person,
      reason: 'deactivated in Slack',
    });
    this.#context.log.warn({ person, ok }, 'a person on the roster was deactivated in Slack');
  }
}
