import type { Launch } from '../../runbooks/launch/launch.ts';
import type { Context } from './context.ts';

/**
 * Removals in Slack count at once, by its event (`bot/channel/listen.ts`). An event that came while no bot was there is lost:
 * so Slack is asked about everybody on the roster when a leader starts and every few minutes, one person after the other.
 */
export class RosterWatch {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Rejects if Slack doesn't answer; who was removed until then stays removed. */
  async look(launch: Launch): Promise<void> {
    const { slack, log } = this.#context;
    if (slack === null) return;
    for (const person of launch.people) {
      for (const slackId of person.slack) {
        if (!(await slack.isDeactivated(slackId))) continue;
        const { ok } = await this.#context.act(launch.id, { kind: 'remove-person', person: person.id, reason: 'deactivated in Slack' });
        log.warn({ person: person.id, ok }, 'a person on the roster was deactivated in Slack');
        break;
      }
    }
  }
}
