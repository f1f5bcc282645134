import type { WebClient } from '@slack/web-api';
import pLimit from 'p-limit';
import type { FactStore } from '../../infra/aws/fact-store.ts';
import { slackErrorCode } from '../slack/slack-fault.ts';

/** The canvas of a launch's postmortem, by its id in Slack: there is one, which is written over. */
const CANVAS = 'canvas/postmortem';

/** What a change of a canvas may hold at most (docs/facts.md#slack-canvas). */
const CANVAS_BYTES = 1_048_576;

export interface CanvasText {
  launchId: string;
  channelId: string;
  title: string;
  markdown: Uint8Array;
}

/** Two who ask at the same moment would each find none, and make two. */
const oneAtATime = pLimit(1);

/** Puts it into the tab of the channel, in the place of what stood there. Null: it stands there; else why not, as a sentence for people. */
export const putCanvas = (client: WebClient, facts: FactStore, text: CanvasText): Promise<string | null> =>
  oneAtATime(() => putNow(client, facts, text));

async function putNow(
  client: WebClient,
  facts: FactStore,
  { launchId, channelId, title, markdown: bytes }: CanvasText,
): Promise<string | null> {
  if (bytes.byteLength > CANVAS_BYTES)
    return `It has ${bytes.byteLength.toLocaleString('en-US')} bytes, and Slack takes ${CANVAS_BYTES.toLocaleString('en-US')}.`;
  const content = { type: 'markdown' as const, markdown: new TextDecoder().decode(bytes) };
  try {
    const there = await facts.get(launchId, CANVAS);
    if (there !== null && (await replaced(client, there, content))) return null;
    const made = await client.canvases.create({ title, channel_id: channelId, document_content: content });
    if (made.canvas_id !== undefined) await facts.put(launchId, CANVAS, made.canvas_id);
    return null;
  } catch (error) {
    const code = slackErrorCode(error);
    if (code === null) return UNANSWERED;
    const detail = detailOf(error);
    return `${WHY[code] ?? `Slack says \`${code}\``}${detail === null ? '' : ` (${detail})`}.`;
  }
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

const GONE: ReadonlySet<string> = new Set(['canvas_not_found', 'canvas_deleted']);

const WHY: Record<string, string> = {
  canvas_disabled_user_team: 'Canvases are turned off in this workspace',
  canvas_creation_failed: 'Slack did not take the text',
  canvas_editing_failed: 'Slack did not take the text',
  free_team_canvas_tab_already_exists: 'This channel has a canvas already, and the plan of this workspace allows one',
  missing_scope:
    'The app may not write canvases: put infra/slack/manifest.yaml in anew, which asks for `canvases:write`',
  restricted_action: 'The workspace does not let apps make canvases',
};

/** What Slack adds to a refusal of a canvas. */
function detailOf(error: unknown): string | null {
  const data: unknown = error instanceof Error && 'data' in error ? error.data : null;
  return typeof data === 'object' && data !== null && 'detail' in data && typeof data.detail === 'string'
    ? data.detail.slice(0, 300)
    : null;
}
