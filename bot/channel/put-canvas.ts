import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebClient } from '@slack/web-api';
import pLimit from 'p-limit';
import type { FactStore } from '../../infra/aws/fact-store.ts';
import type { LiveStore } from '../../infra/aws/live-store.ts';
import { slackErrorCode } from '../slack/slack-fault.ts';

/** The canvas of a launch's postmortem, by its id in Slack: there is one, which is written over. */
export const CANVAS = 'canvas/postmortem';
/** Who makes the one that is to stand in the place of another, or the first: claimed before Slack is asked, and its result is the id. */
const making = (gone: string | null): string => `${CANVAS}/after/${gone ?? 'none'}`;

/** What a change of a canvas may hold at most (docs/facts.md#slack-canvas). */
const CANVAS_BYTES = 1_048_576;

/** Longer than the calls between a claim and the end of the making take, with what is tried again: some 40 s. */
const CLAIM_MS = 60_000;
/** Another bot that makes it takes a second or two; whoever asks waits so long for it. */
const WAIT_MS = 10_000;
const LOOK_EVERY_MS = 250;

interface CanvasText {
  launchId: string;
  channelId: string;
  /** With the launch's id in it: a canvas whose maker was cut off is known again by its title. */
  title: string;
  markdown: Uint8Array;
}

interface CanvasTools {
  client: WebClient;
  /** Tries nothing again by itself: a creation whose answer is lost would be one more. */
  once: WebClient;
  cloud: { facts: FactStore; live: Pick<LiveStore, 'claimEffect' | 'finishEffect' | 'renewEffect'> };
  nowMs: () => number;
  /** How long whoever asks waits for another bot that makes it. Default 10,000. */
  waitMs?: number;
}

/** Whoever asks this process at the same moment waits, so a claim of ours that stands is one that has ended. */
const oneAtATime = pLimit(1);
const HOLDER = `canvas-${randomUUID()}`;

/**
 * Puts it into the tab of the channel, in the place of what stood there. Null: it stands there; else why not, as a sentence for people. Of any number of bots one
 * makes it, and one that was made by a bot that has ended in between is found by its title; a second one there is only if Slack does not list that one yet.
 * `holder`: default, this process.
 */
export const putCanvas = (tools: CanvasTools, text: CanvasText, holder = HOLDER): Promise<string | null> =>
  oneAtATime(() => putNow(tools, text, holder));

async function putNow(tools: CanvasTools, text: CanvasText, holder: string): Promise<string | null> {
  const { launchId, markdown: bytes } = text;
  if (bytes.byteLength > CANVAS_BYTES)
    return `It has ${bytes.byteLength.toLocaleString('en-US')} bytes, and Slack takes ${CANVAS_BYTES.toLocaleString('en-US')}.`;
  const content = { type: 'markdown' as const, markdown: new TextDecoder().decode(bytes) };
  const { facts, live } = tools.cloud;
  try {
    const gone = new Set<string>();
    for (let there = await facts.get(launchId, CANVAS); ;) {
      if (there !== null && gone.has(there)) return inCircles(launchId, there);
      if (there !== null && (await replaced(tools.client, there, content))) return null;
      if (there !== null) gone.add(there);
      const claim = await claimed(tools, launchId, there, holder);
      if (claim === null) return BUSY;
      const isOurs = claim.result === null;
      const found: string | null = isOurs ? await standing(tools, text, { again: claim.again, gone }) : claim.result;
      const id: string =
        found ?? (await made(tools, text, { content, gone }, () => letGo(tools, launchId, there, claim.token)));
      if (isOurs) await live.finishEffect(launchId, making(there), id);
      await facts.put(launchId, CANVAS, id);
      if (found === null) return null;
      there = id;
    }
  } catch (error) {
    const code = slackErrorCode(error);
    if (code === null) return UNANSWERED;
    const detail = detailOf(error);
    return `${WHY[code] ?? `Slack says \`${code}\``}${detail === null ? '' : ` (${detail})`}.`;
  }
}

/** `result` null: it is ours to make, `again` if somebody else was at it before; else the one that another has made meanwhile. Null: another is at it all the time. */
async function claimed(
  { cloud: { live }, nowMs, waitMs = WAIT_MS }: CanvasTools,
  launchId: string,
  gone: string | null,
  holder: string,
) {
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    const claim = await live.claimEffect(
      launchId,
      making(gone),
      holder,
      CLAIM_MS,
      nowMs(),
      (other) => other === holder,
    );
    if (claim.done || claim.mine) return claim;
    if (waitedMs >= waitMs) return null;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Nothing was made: the next one need not wait for the end of the claim. */
const letGo = ({ cloud: { live }, nowMs }: CanvasTools, launchId: string, gone: string | null, token: string) =>
  live.renewEffect(launchId, making(gone), token, -1, nowMs());

/** A canvas of ours with this title in the channel, and none of those that Slack lists still and has no more (docs/facts.md#slack-canvas-list); null: none. What Slack refuses to list is no reason not to make the first one; `again` it is. */
async function standing(
  { client }: CanvasTools,
  { channelId, title }: CanvasText,
  { again, gone }: { again: boolean; gone: ReadonlySet<string> },
): Promise<string | null> {
  try {
    const { user_id: user } = await client.auth.test();
    const { files = [] } = await client.files.list({ channel: channelId, types: 'canvas', count: 200 });
    return (
      files.find(({ id = '', ...file }) => file.title === title && file.user === user && !gone.has(id))?.id ?? null
    );
  } catch (error) {
    if (again || slackErrorCode(error) === null) throw error;
    return null;
  }
}

/** One whose answer is lost may stand there: it is looked for at once. */
async function made(
  tools: CanvasTools,
  text: CanvasText,
  { content, gone }: { content: { type: 'markdown'; markdown: string }; gone: ReadonlySet<string> },
  refused: () => Promise<unknown>,
): Promise<string> {
  const { title, channelId } = text;
  try {
    const answer = await tools.once.canvases.create({ title, channel_id: channelId, document_content: content });
    if (answer.canvas_id !== undefined) return answer.canvas_id;
  } catch (error) {
    if (slackErrorCode(error) !== null) {
      await refused();
      throw error;
    }
    const id = await standing(tools, text, { again: true, gone });
    if (id !== null) return id;
    throw error;
  }
  throw new Error('CANVAS_WITHOUT_ID: Slack has made a canvas and does not say which');
}

/** False: somebody has deleted it. */
async function replaced(
  client: WebClient,
  canvasId: string,
  content: { type: 'markdown'; markdown: string },
): Promise<boolean> {
  try {
    await client.canvases.edit({ canvas_id: canvasId, changes: [{ operation: 'replace', document_content: content }] });
    return true;
  } catch (error) {
    if (GONE.has(slackErrorCode(error) ?? '')) return false;
    throw error;
  }
}

/** Slack, or the store. */
const UNANSWERED = 'It did not get through, and may stand there or not: ask again in a minute.';
/** None of ours writes that. */
const inCircles = (launchId: string, id: string): string =>
  `The canvas ${id} is gone, and the marks in the table say that it stands in its own place: somebody has written there. Delete the items \`${CANVAS}…\` of ${launchId} from the facts and effects of table \`live\`, and ask again.`;
const BUSY = 'Another bot makes it at this moment: ask again in a minute.';

const GONE: ReadonlySet<string> = new Set(['canvas_not_found', 'canvas_deleted']);

const WHY: Record<string, string> = {
  canvas_disabled_user_team: 'Canvases are turned off in this workspace',
  canvas_creation_failed: 'Slack did not take the text',
  canvas_editing_failed: 'Slack did not take the text',
  free_team_canvas_tab_already_exists: 'This channel has a canvas already, and the plan of this workspace allows one',
  missing_scope:
    'The app may not write canvases, or not list files: put infra/slack/manifest.yaml in anew, which asks for `canvases:write` and `files:read`',
  restricted_action: 'The workspace does not let apps make canvases',
};

/** What Slack adds to a refusal of a canvas. */
function detailOf(error: unknown): string | null {
  const data: unknown = error instanceof Error && 'data' in error ? error.data : null;
  return typeof data === 'object' && data !== null && 'detail' in data && typeof data.detail === 'string'
    ? data.detail.slice(0, 300)
    : null;
}
