import type { Effect } from '../../../runbooks/launch/effects.ts';
import { gateLines, orderGates } from '../../../runbooks/launch/gates.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { backupOf } from '../../../runbooks/launch/scale-late.ts';
import { isForbidden, slackErrorCode, slackFault } from '../../slack/slack-fault.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import { automationMessage } from '../../views/automation.ts';
import { context, message, section } from '../../views/blocks.ts';
import { boardMessage } from '../../views/board.ts';
import { entryMessage } from '../../views/entry-message.ts';
import { liveStatsMessage } from '../../views/live-stats.ts';
import type { Message } from '../../views/message.ts';
import { orderMessage } from '../../views/order.ts';
import { requestMessage } from '../../views/request-message.ts';
import { scaleProgressMessage } from '../../views/scale-progress.ts';
import { shotSegments } from '../../views/segments-text.ts';
import { standDownMessage } from '../../views/stand-down.ts';
import { summaryMessage } from '../../views/summary.ts';
import { safe } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import { chartAltText, deliveryChart } from '../figures/chart.ts';
import type { LiveShots } from '../figures/live-shots.ts';
import { keptMeasurements } from '../gates/gate-watch.ts';
import { isDeleted, postAnew } from '../room/post-anew.ts';
import { workerReports } from '../worker-reports.ts';
import { NO_MESSAGE } from './pending.ts';
import type { Attempt, Pending } from './pending.ts';
import { postedOf } from './posted-at.ts';
import { withWords } from './with-words.ts';

type EndedRequest = Extract<Effect, { kind: 'refresh-request' }>;

/** A picture that can't be drawn or uploaded must not hold up what comes after it, a GO button among it. */
const CHART_TRIES = 3;

/** Performs the effects that people see. Each gives the word for its mark: a post its ts. */
export class Posts {
  readonly #context: Context;
  readonly #slack: SlackPort;
  readonly #live: LiveShots;

  constructor(context: Context, slack: SlackPort, live: LiveShots) {
    this.#context = context;
    this.#slack = slack;
    this.#live = live;
  }

  /** Null: this entry needs no post. `launch` is the present state; what was true at the entry is in the pending effect. */
  prepare(pending: Pending, launch: Launch): ((pending: Pending) => Promise<string>) | null {
    const { effect } = pending;
    switch (effect.kind) {
      case 'post-entry': {
        const message = entryMessage(pending.after, pending.entry);
        return message === null
          ? null
          : async () => {
              const [entry = pending.entry] = await withWords(this.#context, launch.id, [pending.entry]);
              return this.post(pending, launch, entryMessage(pending.after, entry) ?? message);
            };
      }
      case 'post-board':
        return async () => {
          // Posted by an earlier try, and not pinned: looking for it would be one more call that may fail.
          const ts =
            (await fact(this.#context, launch.id, FACT.board)) ??
            (await this.#postAs(pending, launch, FACT.board, await this.#board(launch)));
          pending.isPosted = true;
          await this.#pin(launch, ts);
          return ts;
        };
      case 'post-order':
        return async () =>
          this.#postAs(pending, launch, FACT.order(effect.orderId), await this.#order(launch, effect.orderId));
      case 'refresh-order':
        return async () => this.#edit(launch, FACT.order(effect.orderId), await this.#order(launch, effect.orderId));
      case 'refresh-request':
        return () => this.#endRequest(launch, effect);
      case 'post-stand-down':
        return () => this.#postAs(pending, launch, FACT.standDown, standDownMessage(launch));
      case 'refresh-stand-down':
        return () => this.#edit(launch, FACT.standDown, standDownMessage(launch), 'leave');
      case 'post-scale': {
        const state = launch.scale[effect.target];
        if (state?.desired !== effect.desired) return null; // a newer order has its own message
        const progress = {
          state,
          observed: null,
          ready: null,
          backup: backupOf(launch, effect.target),
          nowMs: this.#context.nowMs(),
        };
        return () =>
          this.#postAs(
            pending,
            launch,
            FACT.scale(effect.target),
            scaleProgressMessage(launch, effect.target, progress),
          );
      }
      case 'finish-scale': {
        const state = launch.scale[effect.target];
        if (state?.state !== 'reached') return null;
        const stands = effect.stands ?? state.desired;
        const observed = { desired: stands, running: stands, pending: 0, say: null };
        const progress = { state, observed, ready: null, backup: '', nowMs: state.orderedAtMs + effect.tookMs };
        return () =>
          this.#edit(launch, FACT.scale(effect.target), scaleProgressMessage(launch, effect.target, progress), 'leave');
      }
      case 'post-automation':
        return () =>
          this.#postAs(
            pending,
            launch,
            FACT.automationMessage(effect.step),
            automationMessage(launch, effect.step, null),
          );
      case 'finish-automation':
        return () =>
          this.#edit(
            launch,
            FACT.automationMessage(effect.step),
            automationMessage(launch, effect.step, null),
            'leave',
          );
      case 'start-live':
        return async () =>
          this.#postAs(pending, launch, FACT.live(effect.shotId), await this.#liveMessage(launch, effect.shotId));
      case 'finish-live':
        return async () => {
          await this.#live.standStill(launch, shotOf(launch, effect.shotId));
          return this.#edit(launch, FACT.live(effect.shotId), await this.#liveMessage(launch, effect.shotId));
        };
      case 'post-summary':
        return async () => {
          const shot = shotOf(launch, effect.shotId);
          return this.post(pending, launch, summaryMessage(launch, shot, await this.#live.figures(launch, shot)));
        };
      case 'post-chart':
        return () => this.#chart(pending, launch, effect.shotId);
      default:
        throw new Error(`EFFECT_NOT_OF_SLACK: ${effect.id}`);
    }
  }

  /** Posts once. A post that may have come through before is looked for in the channel first. */
  async post(attempt: Attempt, launch: Launch, message: Message): Promise<string> {
    const mark = { launchId: launch.id, effectId: attempt.id };
    const standing = attempt.again ? await this.#lookedFor(() => this.#slack.findPosted(launch.channelId, mark)) : null;
    if (standing !== null) return standing;
    try {
      return await this.#slack.postMessage(launch.channelId, message, { mark });
    } catch (error) {
      if (slackFault(error) !== 'message') throw error;
      this.#context.log.error({ ...mark, err: error }, 'Slack refused the message; its text alone is posted');
      return this.#slack.postMessage(launch.channelId, { text: message.text, blocks: [] }, { mark });
    }
  }

  async #postAs(pending: Pending, launch: Launch, name: string, message: Message): Promise<string> {
    const ts = await this.post(pending, launch, message);
    await keepFact(this.#context, launch.id, name, ts);
    return ts;
  }

  /** As it ends: a message that stands for good. `ifDeleted`: a progress that somebody took away is told by what was posted meanwhile. */
  async #edit(launch: Launch, name: string, message: Message, ifDeleted: 'post' | 'leave' = 'post'): Promise<string> {
    const ts = await fact(this.#context, launch.id, name);
    if (ts === null) return NO_MESSAGE;
    try {
      await this.#slack.update(launch.channelId, ts, message);
      return ts;
    } catch (error) {
      const fault = slackFault(error);
      if (isPassing(error) || fault === 'room') throw error;
      if (fault !== 'gone' || (ifDeleted === 'leave' && isDeleted(error))) {
        this.#context.log.error({ name, err: error }, 'Slack refused the change of a message');
        return ts;
      }
      const anew = await postAnew(this.#context, this.#slack, launch, { name, goneTs: ts, message, error });
      if (anew?.mine !== true) throw new Error(`MESSAGE_MOVING: another instance posts ${name} anew`);
      return anew.ts;
    }
  }

  /** One that was never posted has no button to lose, and one that somebody deleted neither. */
  async #endRequest(launch: Launch, { changeId, askedSeq }: EndedRequest): Promise<string> {
    const message = requestMessage(launch, changeId);
    // Whatever the kind, a request is told by a post of its entry.
    const asked = [{ seq: askedSeq, kind: 'LiftRequested' as const }];
    const ts = (await postedOf(this.#context, launch.id, asked)).get(askedSeq);
    if (message === null || ts === undefined) return NO_MESSAGE;
    try {
      await this.#slack.update(launch.channelId, ts, message);
    } catch (error) {
      if (isPassing(error) || slackFault(error) === 'room') throw error;
      this.#context.log.error({ changeId, err: error }, 'Slack refused the change of a message');
    }
    return ts;
  }

  /** A board that can't be pinned is better than none. */
  async #pin(launch: Launch, ts: string): Promise<void> {
    try {
      await this.#slack.pin(launch.channelId, ts);
    } catch (error) {
      if (isPassing(error)) throw error;
      this.#context.log.error({ err: error }, 'the board could not be pinned');
    }
  }

  async #chart(pending: Pending, launch: Launch, shotId: string): Promise<string> {
    const shot = shotOf(launch, shotId);
    const filename = `delivery-${shotId}-${pending.effect.seq}.png`;
    if (pending.again && (await this.#lookedFor(() => this.#slack.findUpload(launch.channelId, filename))) === true)
      return filename;
    const figures = await this.#live.figures(launch, shot);
    try {
      const chart = await deliveryChart(launch, shot, figures);
      await this.#slack.upload(launch.channelId, {
        bytes: chart.png,
        filename,
        title: `Delivery curve, ${launch.name}, ${shotSegments(launch, shot)}`,
        altText: chart.altText,
        comment: chart.altText,
      });
    } catch (error) {
      const fault = slackFault(error);
      // The room has just taken the summary: what is forbidden is the upload, and that lasts.
      if (!isForbidden(error) && (fault === 'passing' || fault === 'room' || pending.tries + 1 < CHART_TRIES))
        throw error;
      this.#context.log.error({ launchId: launch.id, shotId, err: error }, 'the delivery curve is left out');
      const inWords = chartAltText(launch, shot, figures);
      await this.post(
        pending,
        launch,
        message(inWords, [
          section(`:chart_with_upwards_trend: ${safe(inWords, 1_000)}`),
          context('Slack takes no picture from the app, so these are its figures.'),
        ]),
      );
      return 'left out';
    }
    return filename;
  }

  /** Null if it isn't there, and if Slack lets us look for nothing. */
  async #lookedFor<T>(look: () => Promise<T | null>): Promise<T | null> {
    try {
      return await look();
    } catch (error) {
      if (isPassing(error)) throw error;
      this.#context.log.error({ err: error }, 'Slack does not let the bot look for its own posts');
      return null;
    }
  }

  async #board(launch: Launch): Promise<Message> {
    const nowMs = this.#context.nowMs();
    const [measured, reports] = await Promise.all([
      keptMeasurements(this.#context, launch),
      workerReports(this.#context, launch),
    ]);
    return boardMessage(launch, gateLines(launch, measured, nowMs, 'all'), reports, nowMs);
  }

  async #order(launch: Launch, orderId: string): Promise<Message> {
    return orderMessageNow(this.#context, launch, orderId);
  }

  async #liveMessage(launch: Launch, shotId: string): Promise<Message> {
    const shot = shotOf(launch, shotId);
    return liveStatsMessage(launch, shot, await this.#live.figures(launch, shot));
  }
}

/** The order's message with the gates of now, for the order's own segments. */
async function orderMessageNow(context: Context, launch: Launch, orderId: string): Promise<Message> {
  const order = launch.orders[orderId];
  if (order === undefined) throw new Error(`ORDER_UNKNOWN: ${orderId}`);
  const nowMs = context.nowMs();
  const measured = await keptMeasurements(context, launch);
  return orderMessage(launch, order, orderGates(launch, order, measured, nowMs), nowMs);
}

/** Not Slack's last word: the same may work later. */
const isPassing = (error: unknown): boolean => slackErrorCode(error) === null || slackFault(error) === 'passing';

function shotOf(launch: Launch, shotId: string) {
  const shot = launch.shots[shotId];
  if (shot === undefined) throw new Error(`SHOT_UNKNOWN: ${shotId}`);
  return shot;
}
